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
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::{EdgeConfig, body::Limited, coding};
use crate::{Code, Problem, health::Outage};

/// The bounds of one request, which its handler may widen before it reads the body.
///
/// A handler takes it as an argument; a route for uploads raises the size and lifts the deadline.
#[derive(Debug, Clone)]
pub struct Limits(Arc<Bounds>);

#[derive(Debug)]
struct Bounds {
    body: AtomicU64,
    /// Whether the handler has to be ready within the time of the layer.
    has_deadline: AtomicBool,
    /// Whether the body was read to its end.
    was_read: AtomicBool,
}

/// How many bytes of a body that nobody reads are taken in with its head, as a rule, so that the connection goes on.
const TAKEN_IN: u64 = 1 << 10;

/// A request that takes so long may be waiting for what is away.
const LOOK: Duration = Duration::from_millis(500);

/// Left in an answer while the rest of the request stands in the way of the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unread;

impl Limits {
    fn new(body: u64, has_deadline: bool) -> Self {
        Self(Arc::new(Bounds {
            body: AtomicU64::new(body),
            has_deadline: AtomicBool::new(has_deadline),
            was_read: AtomicBool::new(false),
        }))
    }

    #[cfg(test)]
    pub(super) fn unbounded() -> Self {
        Self::new(u64::MAX, false)
    }

    /// Lets the body have so many bytes.
    pub fn set_body(&self, bytes: u64) {
        self.0.body.store(bytes, Ordering::Relaxed);
    }

    /// Lets the handler take as long as the body keeps coming.
    pub fn lift_deadline(&self) {
        self.0.has_deadline.store(false, Ordering::Relaxed);
    }

    /// Gives how many bytes the body may have.
    #[must_use]
    pub fn body(&self) -> u64 {
        self.0.body.load(Ordering::Relaxed)
    }

    pub(super) fn set_read(&self) {
        self.0.was_read.store(true, Ordering::Relaxed);
    }

    fn is_read(&self) -> bool {
        self.0.was_read.load(Ordering::Relaxed)
    }

    fn has_deadline(&self) -> bool {
        self.0.has_deadline.load(Ordering::Relaxed)
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
    outage: Outage,
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
            outage: Outage::default(),
        }
    }

    /// Answers with 503 who waits longer than half a second during an outage, unless the handler has lifted its deadline.
    #[must_use]
    pub fn outage(mut self, outage: &Outage) -> Self {
        self.outage = outage.clone();
        self
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
        let limits = Limits::new(self.bounds.body, !self.bounds.handler.is_zero());
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
        let (patience, outage) = (self.bounds.handler, self.bounds.outage.clone());
        Box::pin(async move {
            let (begun, mut answer) = (Instant::now(), std::pin::pin!(answer));
            let response = loop {
                let rest = patience.saturating_sub(begun.elapsed());
                match tokio::time::timeout(rest.min(LOOK), answer.as_mut()).await {
                    Ok(response) => break response?,
                    Err(_) if !limits.has_deadline() => break answer.await?,
                    Err(_) if outage.is_on() => break late("what it waits for is away"),
                    Err(_) if begun.elapsed() < patience => {}
                    Err(_) => break late("the request took too long"),
                }
            };
            Ok(told(response, &limits))
        })
    }
}

fn late(why: &'static str) -> Response {
    tracing::warn!(why, "a handler was given up");
    let problem = Problem::new(Code::UNAVAILABLE).detail(why);
    problem.retry_after(1).into_response()
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use tower::{ServiceExt as _, service_fn};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_handler_has_its_time_and_with_none_as_much_as_it_likes() {
        let hour = Duration::from_secs(3600);
        for (time, status) in [(Duration::ZERO, 200), (hour * 2, 200), (hour / 2, 503)] {
            let config = EdgeConfig {
                handler_timeout: time.into(),
                ..EdgeConfig::default()
            };
            let slow = service_fn(move |_| async move {
                tokio::time::sleep(hour).await;
                Ok::<_, Infallible>(StatusCode::OK.into_response())
            });
            let service = LimitsLayer::new(&config).layer(slow);
            let answer = service.oneshot(Request::new(Body::empty())).await.unwrap();
            assert_eq!(answer.status(), status, "{time:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_what_is_away() {
        let outage = Outage::default();
        let layer = LimitsLayer::new(&EdgeConfig::default()).outage(&outage);
        let asked = async |lifts: bool| {
            let slow = service_fn(move |request: Request<Body>| async move {
                if lifts && let Some(limits) = request.extensions().get::<Limits>() {
                    limits.lift_deadline();
                }
                tokio::time::sleep(Duration::from_secs(3)).await;
                Ok::<_, Infallible>(StatusCode::OK.into_response())
            });
            let (begun, service) = (Instant::now(), layer.layer(slow));
            let answer = service.oneshot(Request::new(Body::empty())).await.unwrap();
            (answer.status().as_u16(), begun.elapsed())
        };
        assert_eq!(asked(false).await, (200, Duration::from_secs(3)));
        outage.begin();
        assert_eq!(asked(false).await, (503, LOOK));
        assert_eq!(asked(true).await, (200, Duration::from_secs(3)));
        outage.end();
        let away = async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            outage.begin();
        };
        let (answered, ()) = tokio::join!(asked(false), away);
        assert_eq!(answered, (503, LOOK * 2));
    }
}
