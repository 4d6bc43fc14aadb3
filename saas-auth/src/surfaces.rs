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
