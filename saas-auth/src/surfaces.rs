//! Sign-ins are those of a tenant: programs that leave it out do not compile.
//!
//! ```compile_fail,E0061
//! # use saas_auth::SignIns;
//! # async fn example(doors: &SignIns, password: &saas_core::Secret<String>, device: &saas_auth::Device) {
//! // surface: SignIns::by_password
//! doors.by_password("ann@acme.test", password, device).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::{Sessions, SessionCookie};
//! # async fn example(sessions: &Sessions, secret: &saas_core::Secret<String>) {
//! // surface: Sessions::resume
//! sessions.resume(secret).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::Sessions;
//! # async fn example(sessions: &Sessions, user: saas_core::UserId) {
//! // surface: Sessions::end_all
//! sessions.end_all(user, None).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &PasswordChanges, secret: &saas_core::Secret<String>) {
//! // surface: PasswordChanges::change
//! of.change(secret, secret).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Addresses, user: saas_core::UserId) {
//! // surface: Addresses::ask_verification
//! of.ask_verification(user).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Addresses, secret: &saas_core::Secret<String>, email: &Email) {
//! // surface: Addresses::ask_change
//! of.ask_change(secret, email).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Closures, secret: &saas_core::Secret<String>) {
//! // surface: Closures::deactivate
//! of.deactivate(secret).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Closures, secret: &saas_core::Secret<String>, application: &impl Leave) {
//! // surface: Closures::delete
//! of.delete(secret, &Device::default(), application).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Members, user: saas_core::UserId) {
//! // surface: Members::disable
//! of.disable(user).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Members, user: saas_core::UserId) {
//! // surface: Members::enable
//! of.enable(user).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Members, user: saas_core::UserId) {
//! // surface: Members::remove
//! of.remove(user).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Invitations, email: &Email) {
//! // surface: Invitations::invite
//! of.invite(email, &[]).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Invitations) {
//! // surface: Invitations::list
//! of.list().await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Invitations, id: saas_core::Id<Invitation>) {
//! // surface: Invitations::find
//! of.find(id).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Invitations, id: saas_core::Id<Invitation>) {
//! // surface: Invitations::revoke
//! of.revoke(id).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Invitations, id: saas_core::Id<Invitation>) {
//! // surface: Invitations::resend
//! of.resend(id).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::*;
//! # async fn example(of: &Messages, event: &saas_tenancy::outbox::Event) {
//! // surface: Messages::handle
//! of.handle(event).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::Themes;
//! # async fn example(themes: &Themes) {
//! // surface: Themes::get
//! themes.get().await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::{Theme, Themes};
//! # async fn example(themes: &Themes, theme: &Theme) {
//! // surface: Themes::set
//! themes.set(theme).await;
//! # }
//! ```
