//! Which pages of other origins may ask from a browser (Fetch, section 3.2).
//!
//! A program that runs in a browser asks for its tokens from the origin that people are sent back to. So these
//! are the origins: those of the addresses that the clients of the tenant are registered with. Nobody asks for
//! permission to a page, so the pages are not behind this, and credentials of the browser are never sent along.

use axum::{
    body::Body,
    extract::State,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use saas_core::Problem;
use saas_tenancy::{Tenant, tenant_repository};
use url::Url;

use super::client::{Client, ClientRow, Clients};
use crate::{Error, Identity, session};

/// The longest origin that is looked for.
const MAX_ORIGIN: usize = 300;

/// The statement over addresses. These are separated by spaces and written as a browser writes them, so that one at
/// an origin is the origin alone, or the origin and a path.
#[tenant_repository(entity = ClientRow)]
trait Origins {
    #[sql(
        "SELECT * FROM saas_clients WHERE {tenant} AND ((' ' || redirect_uris || ' ') LIKE :alone OR (' ' || redirect_uris) LIKE :with_path) LIMIT 1"
    )]
    async fn client_at(&mut self, alone: String, with_path: String) -> Result<Option<ClientRow>>;
}

/// Answers what a browser asks ahead, and marks answers that a page of another origin may read.
pub(super) async fn share(
    State(identity): State<Identity>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let headers = request.headers();
    let origin = headers.get(header::ORIGIN).cloned();
    let asks_ahead = request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let allowed = match &origin {
        Some(origin) => {
            let tenant = request.extensions().get::<Tenant>();
            match is_known(identity.clients(), tenant, origin).await {
                Ok(known) => known,
                Err(error) => return Problem::from(error).into_response(),
            }
        }
        None => false,
    };
    let mut response = match asks_ahead {
        true => StatusCode::NO_CONTENT.into_response(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin.filter(|_| allowed) else {
        return response;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let more: &[(HeaderName, &str)] = match asks_ahead {
        true => &[
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "authorization, content-type, x-tenant",
            ),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ],
        false => &[(header::ACCESS_CONTROL_EXPOSE_HEADERS, "www-authenticate")],
    };
    for (name, value) in more {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Tells whether a client is at home at an origin. Where the address names no tenant, only those of the
/// configuration are known.
async fn is_known(
    clients: &Clients,
    tenant: Option<&Tenant>,
    origin: &HeaderValue,
) -> Result<bool, Error> {
    let Some(origin) = origin.to_str().ok().filter(|origin| is_exact(origin)) else {
        return Ok(false);
    };
    if clients.configured().any(|client| is_at(client, origin)) {
        return Ok(true);
    }
    let Some(tenant) = tenant else {
        return Ok(false);
    };
    let mut tx = clients.database().read(&session::entering(tenant));
    let (alone, with_path) = (format!("% {origin} %"), format!("% {origin}/%"));
    let found = tx.client_at(alone, with_path).await?;
    Ok(found.is_some_and(|row| is_at(&Client::from(row), origin)))
}

/// Tells whether a text is an origin as browsers write it, without a character that a pattern could mean or a letter
/// that only some databases tell from its small one.
fn is_exact(origin: &str) -> bool {
    let is_web = origin.starts_with("https://") || origin.starts_with("http://");
    is_web
        && origin.len() <= MAX_ORIGIN
        && origin
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9') || b":/.-[]".contains(&byte))
}

fn is_at(client: &Client, origin: &str) -> bool {
    client
        .redirect_uris
        .iter()
        .any(|uri| Url::parse(uri).is_ok_and(|uri| uri.origin().ascii_serialization() == origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oau_45_an_origin_is_scheme_host_and_port() {
        for good in [
            "https://app.example",
            "http://localhost:3000",
            "http://[::1]:8080",
        ] {
            assert!(is_exact(good), "{good}");
        }
        for wrong in [
            "null",
            "",
            "*",
            "https://%",
            "https://a_b.example",
            "file://",
            "app.example",
            "https://App.example",
        ] {
            assert!(!is_exact(wrong), "{wrong}");
        }
    }
}
