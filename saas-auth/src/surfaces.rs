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
//! # use saas_auth::oauth::{Clients, NewClient};
//! # async fn example(it: &Clients, new: NewClient) {
//! // surface: Clients::create
//! it.create(new).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::oauth::{Clients};
//! # async fn example(it: &Clients) {
//! // surface: Clients::list
//! it.list().await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::oauth::{Client, Clients};
//! # async fn example(it: &Clients, id: saas_core::Id<Client>) {
//! // surface: Clients::get
//! it.get(id).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::oauth::{Client, ClientPatch, Clients};
//! # async fn example(it: &Clients, id: saas_core::Id<Client>, patch: ClientPatch) {
//! // surface: Clients::update
//! it.update(id, None, patch).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::oauth::{Client, Clients};
//! # async fn example(it: &Clients, id: saas_core::Id<Client>) {
//! // surface: Clients::rotate_secret
//! it.rotate_secret(id).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::oauth::{Client, Clients};
//! # async fn example(it: &Clients, id: saas_core::Id<Client>) {
//! // surface: Clients::delete
//! it.delete(id, None).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::oauth::{Consents};
//! # async fn example(it: &Consents, user: saas_core::UserId) {
//! // surface: Consents::list
//! it.list(user).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::oauth::{Consents};
//! # async fn example(it: &Consents, user: saas_core::UserId) {
//! // surface: Consents::withdraw
//! it.withdraw(user, "web").await;
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
