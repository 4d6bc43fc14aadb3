//! The verified caller, as an argument of a handler.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use saas_core::{Code, Principal, Problem};

use crate::{Device, Session};

/// The caller of a request, verified by the [`AuthLayer`](crate::AuthLayer). A request without one
/// is refused: `unauthenticated`.
///
/// It says who is calling and gives no way to anybody's data; for that, take a
/// [`Scope`](saas_tenancy::Scope) or a [`TenantTx`](saas_tenancy::TenantTx).
///
/// # Examples
///
/// ```
/// use saas_auth::SignedIn;
///
/// async fn whoami(SignedIn(principal): SignedIn) -> String {
///     principal.subject().to_string()
/// }
/// # let _ = axum::Router::<()>::new().route("/whoami", axum::routing::get(whoami));
/// ```
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "handlers take it apart in their arguments"
)]
pub struct SignedIn(pub Principal);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let principal = parts.extensions.get::<Principal>().cloned();
        principal
            .map(Self)
            .ok_or_else(|| Problem::new(Code::UNAUTHENTICATED))
    }
}

/// The session of a browser, found by its cookie. A request without one is refused: `unauthenticated`.
///
/// It stands in for [`SignedIn`] on pages. What changes something has to check the
/// [`FormToken`](crate::FormToken) of the form first: until then anybody may have made the browser ask.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "handlers take it apart in their arguments"
)]
pub struct BrowserSession(pub Session);

impl<S: Sync> FromRequestParts<S> for BrowserSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let session = parts.extensions.get::<Self>().cloned();
        session.ok_or_else(|| Problem::new(Code::UNAUTHENTICATED))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for BrowserSession {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

/// Where the request comes from: its `User-Agent`, and the address that the
/// [`TenantLayer`](saas_tenancy::TenantLayer) has found, or without that layer the peer's.
impl<S: Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, &parts.extensions))
    }
}
