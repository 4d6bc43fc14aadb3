//! The order of the edge, on one page.

use std::convert::Infallible;

use axum::{body::Body, response::Response};
use http::{HeaderName, HeaderValue, Method, Request, header};
use tower::{Layer as _, util::BoxCloneSyncService};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, CorsLayer},
};
use tower_service::Service;

use super::{EdgeConfig, LimitsLayer, RequestLayer, panic};
use crate::config::ConfigError;

/// Puts the edge around a service.
///
/// # Errors
///
/// When a CORS origin is not an exact origin: `*` and `null` are refused, because the API answers
/// to credentials.
pub fn stack<S>(
    config: &EdgeConfig,
    inner: S,
) -> Result<BoxCloneSyncService<Request<Body>, Response, Infallible>, ConfigError>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
{
    // From the inside out.
    // A body that is too large or too slow, and a handler that takes too long, end here.
    let service = LimitsLayer::new(config).layer(inner);
    // A panic inside becomes a 500 and takes nothing else with it.
    let service = CatchPanicLayer::custom(panic::answer).layer(service);
    // A preflight is answered before anybody asks who is calling.
    let service = cors(config)?.layer(service);
    // The id and the span hold everything, and every answer leaves with the headers that protect it.
    let service = RequestLayer::new(config).layer(service);
    Ok(BoxCloneSyncService::new(service))
}

fn cors(config: &EdgeConfig) -> Result<CorsLayer, ConfigError> {
    let wrong = |origin: &str| {
        ConfigError::value(
            "edge.cors.origins",
            format!("`{origin}` is not an exact origin, such as `https://app.example`"),
        )
    };
    let mut origins = Vec::new();
    for origin in &config.cors.origins {
        let authority = origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"));
        let plain = authority
            .is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', '*', '?', '#', '@', ' ']));
        match HeaderValue::from_str(origin) {
            Ok(value) if plain => origins.push(value),
            _ => return Err(wrong(origin)),
        }
    }
    if origins.is_empty() {
        return Ok(CorsLayer::new());
    }
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::IF_RANGE,
            header::RANGE,
            HeaderName::from_static("x-tenant"),
        ])
        .expose_headers([header::ETAG, header::LOCATION]))
}
