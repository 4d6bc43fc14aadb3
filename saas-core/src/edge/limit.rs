//! How much a request may send and how long it may take.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    extract::FromRequestParts,
    response::{IntoResponse as _, Response},
};
use http::{Request, header, request::Parts};
use http_body::Body as _;
use tower_layer::Layer;
use tower_service::Service;

use super::{EdgeConfig, body::Limited, coding};
use crate::{Code, Problem};

/// The bounds of one request, which its handler may widen before it reads the body.
///
/// A handler takes it as an argument; a route for uploads raises the size and lifts the deadline.
#[derive(Debug, Clone)]
pub struct Limits(Arc<Bounds>);

#[derive(Debug)]
struct Bounds {
    body: AtomicU64,
    /// In milliseconds; zero is none.
    deadline: AtomicU64,
    /// Whether the body was read to its end.
    was_read: AtomicBool,
}

/// How many bytes of a body that nobody reads are taken in with its head, as a rule, so that the connection goes on.
const TAKEN_IN: u64 = 1 << 10;

/// Left in an answer while the rest of the request stands in the way of the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unread;

impl Limits {
    fn new(body: u64, deadline: Duration) -> Self {
        let millis = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        Self(Arc::new(Bounds {
            body: AtomicU64::new(body),
            deadline: AtomicU64::new(millis),
            was_read: AtomicBool::new(false),
        }))
    }

    #[cfg(test)]
    pub(super) fn unbounded() -> Self {
        Self::new(u64::MAX, Duration::ZERO)
    }

    /// Lets the body have so many bytes.
    pub fn set_body(&self, bytes: u64) {
        self.0.body.store(bytes, Ordering::Relaxed);
    }

    /// Lets the handler take as long as the body keeps coming.
    pub fn lift_deadline(&self) {
        self.0.deadline.store(0, Ordering::Relaxed);
    }

    pub(super) fn body(&self) -> u64 {
        self.0.body.load(Ordering::Relaxed)
    }

    pub(super) fn set_read(&self) {
        self.0.was_read.store(true, Ordering::Relaxed);
    }

    fn is_read(&self) -> bool {
        self.0.was_read.load(Ordering::Relaxed)
    }

    fn has_deadline(&self) -> bool {
        self.0.deadline.load(Ordering::Relaxed) != 0
    }
}

impl<S: Sync> FromRequestParts<S> for Limits {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("a route that takes `Limits` needs the `LimitsLayer` around it");
            Problem::new(Code::INTERNAL)
        })
    }
}

/// Bounds the length of addresses, the size of bodies, the pause between their pieces, and the time of handlers. It refuses bodies
/// in a coding that nothing inside takes off.
#[derive(Debug, Clone)]
pub struct LimitsLayer {
    uri: usize,
    body: u64,
    handler: Duration,
    pause: Duration,
}

impl LimitsLayer {
    /// Makes the layer.
    #[must_use]
    pub fn new(config: &EdgeConfig) -> Self {
        Self {
            uri: config.uri_limit,
            body: config.body_limit,
            handler: config.handler_timeout.into(),
            pause: config.body_timeout.into(),
        }
    }
}

impl<S> Layer<S> for LimitsLayer {
    type Service = LimitsService<S>;

    fn layer(&self, inner: S) -> LimitsService<S> {
        LimitsService {
            inner,
            bounds: self.clone(),
        }
    }
}

/// Made by [`LimitsLayer`].
#[derive(Debug, Clone)]
pub struct LimitsService<S> {
    inner: S,
    bounds: LimitsLayer,
}

impl<S> Service<Request<Body>> for LimitsService<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let limits = Limits::new(self.bounds.body, self.bounds.handler);
        let (mut parts, body) = request.into_parts();
        let target = parts.uri.path_and_query();
        let refusal = match target.map_or(0, |target| target.as_str().len()) > self.bounds.uri {
            true => Some(Problem::new(Code::URI_TOO_LONG).into_response()),
            false => coding::refusal(&parts, !body.is_end_stream()),
        };
        let announced: Option<u64> = parts
            .headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        // What is waited with until it is asked for is not there, however little it is (RFC 9110, section 10.1.1).
        let waits = parts.headers.contains_key(header::EXPECT);
        let small = announced.is_some_and(|length| length <= TAKEN_IN) && !waits;
        if body.is_end_stream() {
            limits.set_read();
        }
        let told = move |mut response: Response, limits: &Limits| {
            if !limits.is_read() && !small {
                response.extensions_mut().insert(Unread);
            }
            response
        };
        if let Some(refusal) = refusal {
            return Box::pin(std::future::ready(Ok(told(refusal, &limits))));
        }
        parts.extensions.insert(limits.clone());
        let body = match limits.is_read() {
            true => body,
            false => {
                let pause = self.bounds.pause;
                Body::new(Limited::new(body, limits.clone(), announced, pause))
            }
        };
        let answer = self.inner.call(Request::from_parts(parts, body));
        let patience = self.bounds.handler;
        Box::pin(async move {
            let mut answer = std::pin::pin!(answer);
            let response = match tokio::time::timeout(patience, answer.as_mut()).await {
                Ok(response) => response?,
                Err(_) if !limits.has_deadline() => answer.await?,
                Err(_) => {
                    tracing::warn!("a handler took too long");
                    let problem =
                        Problem::new(Code::UNAVAILABLE).detail("the request took too long");
                    problem.retry_after(1).into_response()
                }
            };
            Ok(told(response, &limits))
        })
    }
}
