//! Sign-ins are those of a tenant: programs that leave it out do not compile.
//!
//! ```compile_fail,E0061
//! # use saas_auth::RefreshTokens;
//! # async fn example(tokens: &RefreshTokens, user: saas_core::UserId) {
//! // surface: RefreshTokens::begin
//! tokens.begin(user, "web", &[]).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_auth::RefreshTokens;
//! # async fn example(tokens: &RefreshTokens, user: saas_core::UserId) {
//! // surface: RefreshTokens::end_all
//! tokens.end_all(user).await;
//! # }
//! ```
