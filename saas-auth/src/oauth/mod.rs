//! An authorization server (RFC 6749 as RFC 9700 wants it, and OpenID Connect Core).
//!
//! - [`Clients`] are the programs that ask: those of the configuration, and those that a tenant registers;
//! - people let them in at the authorization endpoint, with the consent that [`PendingConsent`] and [`Consents`]
//!   keep;
//! - at the token endpoint a client proves who it is and comes to tokens, by one of the ways of [`GrantType`].
//!
//! What a token may do is what its holder may do, and of that what its [`Scopes`] name. A client of our own that
//! asks for no permission in particular gets a token for everything; every other one gets what it asked for, as far
//! as it may have it. A client that may use refresh tokens gets one with every sign-in of a person.
//!
//! Errors of the endpoints that clients call have the form of RFC 6749, section 5.2, and are problems (RFC 9457) as
//! well. The endpoints read the tenant that the address names from the request's extensions, so they are mounted
//! inside the [`TenantLayer`](saas_tenancy::TenantLayer); see [`Identity`].

#[cfg(feature = "axum")]
mod authorize;
mod client;
mod code;
mod consent;
#[cfg(feature = "axum")]
mod cors;
mod device;
#[cfg(feature = "axum")]
mod envelope;
#[cfg(feature = "axum")]
mod error;
#[cfg(feature = "axum")]
mod exchange;
#[cfg(feature = "axum")]
mod form;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
#[cfg(feature = "axum")]
mod grant;
#[cfg(feature = "axum")]
mod introspect;
#[cfg(feature = "axum")]
mod logout;
#[cfg(feature = "axum")]
mod metadata;
#[cfg(feature = "axum")]
mod network;
#[cfg(all(feature = "axum", feature = "passkeys"))]
mod passkey;
#[cfg(feature = "axum")]
mod person;
#[cfg(feature = "axum")]
mod pkce;
#[cfg(feature = "axum")]
mod posted;
#[cfg(feature = "axum")]
mod program;
mod redirect_uri;
#[cfg(feature = "axum")]
mod revoke;
#[cfg(feature = "axum")]
mod routes;
mod scope;
#[cfg(feature = "axum")]
mod totp;
#[cfg(feature = "axum")]
mod userinfo;

#[cfg(feature = "axum")]
use axum::{
    Extension, Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};

#[cfg(feature = "axum")]
use http::Method;

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
pub use device::{DeviceRequest, Devices};
pub(crate) use device::{DeviceRow, TryRow};
#[cfg(feature = "pages")]
pub(crate) use form::{Form, MAX_FORM};
#[cfg(feature = "axum")]
pub(crate) use metadata::USERINFO;
#[cfg(feature = "axum")]
pub use network::TenantNetworks;
#[cfg(feature = "pages")]
pub(crate) use posted::is_form;
#[cfg(feature = "axum")]
pub use routes::{jwks, token};
pub use scope::{InvalidScope, ScopeInfo, Scopes};

#[cfg(feature = "axum")]
use crate::Identity;

/// The methods and paths of [`router`], for whoever keeps a table of routes.
#[cfg(feature = "axum")]
pub const ROUTES: &[(Method, &str)] = &[
    (Method::GET, AUTHORIZE),
    (Method::POST, AUTHORIZE),
    (Method::POST, metadata::PAR),
    (Method::POST, metadata::TOKEN),
    (Method::OPTIONS, metadata::TOKEN),
    (Method::POST, metadata::REVOKE),
    (Method::OPTIONS, metadata::REVOKE),
    (Method::POST, metadata::INTROSPECT),
    (Method::POST, metadata::DEVICE),
    #[cfg(feature = "passkeys")]
    (Method::POST, passkey::PATH),
    #[cfg(feature = "passkeys")]
    (Method::OPTIONS, passkey::PATH),
    (Method::POST, totp::PATH),
    (Method::OPTIONS, totp::PATH),
    (Method::GET, metadata::USERINFO),
    (Method::POST, metadata::USERINFO),
    (Method::OPTIONS, metadata::USERINFO),
    (Method::GET, metadata::LOGOUT),
    (Method::POST, metadata::LOGOUT),
    (Method::GET, metadata::JWKS),
    (Method::OPTIONS, metadata::JWKS),
    (Method::GET, metadata::DOCUMENTS[0]),
    (Method::OPTIONS, metadata::DOCUMENTS[0]),
    (Method::GET, metadata::DOCUMENTS[1]),
    (Method::OPTIONS, metadata::DOCUMENTS[1]),
];

/// Gives the routes of the authorization server.
#[cfg(feature = "axum")]
pub fn router(identity: &Identity) -> Router {
    // What a program in a browser asks for by itself.
    let shared = Router::new()
        .route(metadata::TOKEN, post(token))
        .route(metadata::REVOKE, post(revoke::revoke))
        .route(totp::PATH, post(routes::totp))
        .route(
            metadata::USERINFO,
            get(userinfo::userinfo).post(userinfo::userinfo),
        )
        .route(metadata::JWKS, get(jwks))
        .route(metadata::DOCUMENTS[0], get(metadata::metadata))
        .route(metadata::DOCUMENTS[1], get(metadata::metadata));
    #[cfg(feature = "passkeys")]
    let shared = shared.route(passkey::PATH, post(routes::passkey));
    let shared = shared.layer(from_fn_with_state(identity.clone(), cors::share));
    Router::new()
        .route(AUTHORIZE, get(authorize).post(authorize_by_form))
        .route(metadata::PAR, post(push))
        .route(metadata::INTROSPECT, post(introspect::introspect))
        .route(metadata::DEVICE, post(routes::device))
        .route(metadata::LOGOUT, get(logout::show).post(logout::answer))
        .merge(shared)
        .layer(Extension(identity.clone()))
}
