//! The id, the span and the headers of every answer.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use axum::{body::Body, response::Response};
use http::{HeaderValue, Method, Request, Version};
use tower_layer::Layer;
use tower_service::Service;
use tracing::Instrument as _;

use super::{EdgeConfig, RequestId, condition::Known, finish, trace_context};
use crate::Problem;

/// Names each request, opens its span, and finishes its answer: problems as documents, the headers
/// that protect a browser, the request id. It is the outermost layer.
///
/// Where the client of a `GET` has what was answered (`If-None-Match`), the answer is 304.
///
/// The span has the empty fields `tenant` and `user`, which inner layers record. It goes on with the trace that the
/// caller names (`traceparent`, W3C Trace Context), whose id is its field `trace_id`.
#[derive(Debug, Clone)]
pub struct RequestLayer {
    hsts: Option<HeaderValue>,
}

impl RequestLayer {
    /// Makes the layer.
    #[must_use]
    pub fn new(config: &EdgeConfig) -> Self {
        let seconds = std::time::Duration::from(config.hsts).as_secs();
        let below = match config.hsts_subdomains {
            true => "; includeSubDomains",
            false => "",
        };
        let hsts = (seconds > 0).then(|| format!("max-age={seconds}{below}"));
        Self {
            hsts: hsts.and_then(|value| HeaderValue::from_str(&value).ok()),
        }
    }
}

impl<S> Layer<S> for RequestLayer {
    type Service = RequestService<S>;

    fn layer(&self, inner: S) -> RequestService<S> {
        RequestService {
            inner,
            hsts: self.hsts.clone(),
        }
    }
}

/// Made by [`RequestLayer`].
#[derive(Debug, Clone)]
pub struct RequestService<S> {
    inner: S,
    hsts: Option<HeaderValue>,
}

impl<S, B> Service<Request<Body>> for RequestService<S>
where
    S: Service<Request<Body>, Response = http::Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let id = RequestId::of(request.headers());
        let span = tracing::info_span!(
            "request",
            request_id = id.as_str(),
            method = start_of(request.method().as_str(), METHOD),
            path = start_of(request.uri().path(), PATH),
            tenant = tracing::field::Empty,
            user = tracing::field::Empty,
            trace_id = tracing::field::Empty,
        );
        trace_context::join(&span, request.headers());
        let closes = request.version() <= Version::HTTP_11;
        let of_head = request.method() == Method::HEAD;
        let (started, hsts) = (Instant::now(), self.hsts.clone());
        let known = Known::of(request.method(), request.headers());
        request.extensions_mut().insert(id.clone());
        let answer = span.in_scope(|| self.inner.call(request));
        Box::pin(
            async move {
                let mut response = answer.await?.map(Body::new);
                if let Some(known) = known {
                    response = known.leave_out(response);
                }
                let mut response = finish::finish(response, &id, hsts, closes);
                if of_head {
                    finish::leave_body_out(&mut response);
                }
                let (status, micros) = (response.status().as_u16(), started.elapsed().as_micros());
                let micros = u64::try_from(micros).unwrap_or(u64::MAX);
                #[cfg(feature = "otlp")]
                trace_context::answered(&tracing::Span::current(), status);
                match response.extensions().get::<Problem>() {
                    Some(problem) => {
                        tracing::info!(status, micros, code = problem.code().name(), "answered")
                    }
                    None => tracing::info!(status, micros, "answered"),
                }
                Ok(response)
            }
            .instrument(span),
        )
    }
}

/// The most of a method and of a path that is logged, in bytes.
const METHOD: usize = 32;
const PATH: usize = 256;

fn start_of(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most))
        .unwrap_or_default()
}
