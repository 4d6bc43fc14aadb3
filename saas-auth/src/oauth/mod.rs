//! The token endpoint and the key set.
//!
//! An authorization server in the small (RFC 6749): the grants `password`, for clients of our own,
//! and `refresh_token`. Errors have the form of section 5.2 and are problems (RFC 9457) as well.
//!
//! The endpoints read the tenant that the address names from the request's extensions, so they are
//! mounted inside the [`TenantLayer`](saas_tenancy::TenantLayer); see [`Identity`].

mod error;
mod form;
mod grant;
mod routes;

use axum::{
    Extension, Router,
    routing::{get, post},
};

pub use routes::{jwks, token};

use crate::Identity;

/// Gives the routes of the authorization server.
pub fn router(identity: &Identity) -> Router {
    Router::new()
        .route("/oauth/token", post(token))
        .route("/.well-known/jwks.json", get(jwks))
        .layer(Extension(identity.clone()))
}
