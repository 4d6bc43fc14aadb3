//! The handlers. Mount them where the tenant of the address is already known.

use axum::{
    Json,
    body::Body,
    extract::Extension,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Request, header};
use saas_core::edge::{Limits, read_body};
use saas_tenancy::{Tenant, resolve::PathPrefix};

use super::{
    error::{OAuthError, Refusal},
    form::{Form, MAX_FORM},
    grant::TokenEndpoint,
};
use crate::{Device, Identity, JwkSet};

/// `POST /oauth/token` (RFC 6749, section 3.2), for the grants `password` and `refresh_token`.
///
/// It takes its [`Identity`] from the request's extensions.
pub async fn token(
    Extension(identity): Extension<Identity>,
    limits: Limits,
    tenant: Option<Extension<Tenant>>,
    request: Request<Body>,
) -> Response {
    limits.set_body(MAX_FORM);
    let tenant = tenant.map(|Extension(tenant)| tenant);
    match answer(TokenEndpoint(&identity), tenant.as_ref(), request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn answer(
    endpoint: TokenEndpoint<'_>,
    tenant: Option<&Tenant>,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    if !is_form(request.headers()) {
        return Err(OAuthError::invalid_request(
            "the body has to be `application/x-www-form-urlencoded`",
        )
        .into());
    }
    let device = Device::of(request.headers(), request.extensions());
    let prefix = request.extensions().get::<PathPrefix>().cloned();
    let body = read_body(request.into_body())
        .await
        .map_err(Refusal::Service)?;
    let tokens = endpoint
        .answer(&Form::parse(&body)?, tenant, prefix.as_ref(), &device)
        .await?;
    let mut response = Json(tokens).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
        .headers_mut()
        .insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Tells whether the body says to be a form. Its text is UTF-8, whatever a parameter claims (RFC
/// 6749, appendix B), so one that claims otherwise is refused and not misread.
fn is_form(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or("");
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
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
