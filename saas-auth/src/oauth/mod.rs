//! The token endpoint and the key set.
//!
//! An authorization server in the small (RFC 6749): the grants `password`, for clients of our own,
//! and `refresh_token`. Errors have the form of section 5.2 and are problems (RFC 9457) as well.
//!
//! The endpoints read the tenant that the address names from the request's extensions, so they are
//! mounted inside the [`TenantLayer`](saas_tenancy::TenantLayer); see [`Identity`].

#[cfg(feature = "axum")]
mod authorize;
mod client;
mod code;
mod consent;
#[cfg(feature = "axum")]
mod envelope;
#[cfg(feature = "axum")]
mod error;
#[cfg(feature = "axum")]
mod form;
#[cfg(feature = "axum")]
mod grant;
#[cfg(feature = "axum")]
mod pkce;
#[cfg(feature = "axum")]
mod posted;
mod redirect_uri;
#[cfg(feature = "axum")]
mod routes;
mod scope;

#[cfg(feature = "axum")]
use axum::{
    Extension, Router,
    routing::{get, post},
};

#[cfg(feature = "axum")]
pub(crate) use authorize::PATH as AUTHORIZE;
#[cfg(feature = "axum")]
pub use authorize::{AskedScope, Destination, PendingConsent, authorize, authorize_by_form, push};
pub(crate) use client::ClientRow;
#[cfg(feature = "axum")]
pub(crate) use client::ENDPOINTS;
pub use client::{AuthMethod, Client, ClientPatch, Clients, GrantType, NewClient, Registered};
pub(crate) use code::UsedCodeRow;
pub(crate) use consent::ConsentRow;
pub use consent::{Consent, Consents};
#[cfg(feature = "axum")]
pub use routes::{jwks, token};
pub use scope::{InvalidScope, ScopeInfo, Scopes};

#[cfg(feature = "axum")]
use crate::Identity;

/// Gives the routes of the authorization server.
#[cfg(feature = "axum")]
pub fn router(identity: &Identity) -> Router {
    Router::new()
        .route(AUTHORIZE, get(authorize).post(authorize_by_form))
        .route("/oauth/par", post(push))
        .route("/oauth/token", post(token))
        .route("/.well-known/jwks.json", get(jwks))
        .layer(Extension(identity.clone()))
}
