//! The order of the edge, on one page.

use std::convert::Infallible;

use axum::{body::Body, response::Response};
use http::Request;
use tower::{
    Layer as _,
    util::{BoxCloneSyncService, MapResponse},
};
use tower_http::catch_panic::CatchPanicLayer;
use tower_service::Service;

use super::{EdgeConfig, LimitsLayer, RequestLayer, compress::compress, cors::OriginLayer, panic};
use crate::{config::ConfigError, health::Outage};

/// Puts the edge around a service.
///
/// # Errors
///
/// When a CORS origin is not an exact origin: `*` and `null` are refused, because the API answers
/// to credentials. When a bound is so small that nothing would be answered.
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
    stack_with(config, &Outage::default(), inner)
}

/// Does so for a service that waits for something which can be away, such as its database.
///
/// # Errors
///
/// As [`stack`].
pub fn stack_with<S>(
    config: &EdgeConfig,
    outage: &Outage,
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
    config.check()?;
    // From the inside out.
    // What is large and tells nothing by its length is made smaller.
    let service = compress(config.compress_from, inner);
    // A panic inside becomes a 500 and takes nothing else with it.
    let service = CatchPanicLayer::custom(panic::answer).layer(service);
    let service = MapResponse::new(service, |answer: http::Response<_>| answer.map(Body::new));
    // A body that is too large or too slow, and a handler that takes too long, end here.
    let service = LimitsLayer::new(config).outage(outage).layer(service);
    // A preflight is answered before anybody asks who is calling.
    let service = OriginLayer::new(config)?.layer(service);
    // The id and the span hold everything, and every answer leaves with the headers that protect it.
    let service = RequestLayer::new(config).layer(service);
    Ok(BoxCloneSyncService::new(service))
}
