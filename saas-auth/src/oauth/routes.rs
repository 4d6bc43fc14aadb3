//! The handlers. Mount them where the tenant of the address is already known.

use axum::{
    Json,
    body::Body,
    extract::Extension,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Request, header};
use saas_core::edge::Limits;

use super::{error::Refusal, grant::TokenEndpoint, posted::Posted};
use crate::{Identity, JwkSet};

/// `POST /oauth/token` (RFC 6749, section 3.2).
///
/// It takes its [`Identity`] from the request's extensions.
pub async fn token(
    Extension(identity): Extension<Identity>,
    limits: Limits,
    request: Request<Body>,
) -> Response {
    let answer = async {
        let posted = Posted::read(&identity, &limits, request).await?;
        TokenEndpoint(&identity).answer(&posted).await.map(Json)
    };
    private(answer.await)
}

/// `POST /oauth/device` (RFC 8628, section 3.1).
pub(super) async fn device(
    Extension(identity): Extension<Identity>,
    limits: Limits,
    request: Request<Body>,
) -> Response {
    let answer = async {
        let posted = Posted::read(&identity, &limits, request).await?;
        TokenEndpoint(&identity)
            .device_asks(&posted)
            .await
            .map(Json)
    };
    private(answer.await)
}

/// `POST /oauth/passkey`
#[cfg(feature = "passkeys")]
pub(super) async fn passkey(
    Extension(identity): Extension<Identity>,
    limits: Limits,
    request: Request<Body>,
) -> Response {
    let answer = async {
        let posted = Posted::read(&identity, &limits, request).await?;
        TokenEndpoint(&identity)
            .passkey_asks(&posted)
            .await
            .map(Json)
    };
    private(answer.await)
}

/// `POST /oauth/totp`
pub(super) async fn totp(
    Extension(identity): Extension<Identity>,
    limits: Limits,
    request: Request<Body>,
) -> Response {
    let answer = async {
        let posted = Posted::read(&identity, &limits, request).await?;
        TokenEndpoint(&identity).totp_asks(&posted).await.map(Json)
    };
    private(answer.await)
}

/// Answers with something that nobody may keep but the client (RFC 6749, section 5.1).
pub(super) fn private(answer: Result<impl IntoResponse, Refusal>) -> Response {
    let mut response = match answer {
        Ok(answer) => answer.into_response(),
        Err(refusal) => return refusal.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// `GET /.well-known/jwks.json` (RFC 7517): the public keys, the next one included.
pub async fn jwks(Extension(identity): Extension<Identity>) -> (HeaderMap, Json<JwkSet>) {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300"),
    );
    (headers, Json(identity.keys().public()))
}
