//! How many requests of one tenant are worked on at a time.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{Method, Request, header};
use http_body::Body as _;
use pin_project_lite::pin_project;
use saas_core::{
    Code, Problem, TenantId,
    edge::{BodyFault, GateFuture, read_ahead},
};
use saas_tenancy::{Admission, Share, Shares, Tenant};
use tower_layer::Layer;
use tower_service::Service;

use super::FairShareConfig;

/// Works on so many requests of one tenant at a time, and answers `overloaded` to what does not fit into its queue,
/// for that tenant alone.
///
/// A place is held until the answer begins: what is streamed afterwards holds neither a thread nor a connection of
/// the database. How many of those a tenant may use is
/// [`tenant_connections`](saas_tenancy::DatabaseConfig::tenant_connections).
///
/// It stands inside of the admission. Those who are not signed in have places of their own in each tenant, so that
/// strangers do not take those of its members. Requests without a tenant are not counted.
#[derive(Debug, Clone)]
pub struct FairShareLayer {
    members: Places,
    visitors: Places,
}

/// The places of those who are alike.
#[derive(Debug, Clone)]
struct Places {
    working: Shares,
    streaming: Shares,
}

/// From how many bytes on a body is streamed. Less is taken in before the request takes a place, which whoever sends slowly
/// would hold.
const LARGE: usize = 8 << 10;

/// How a body comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// It is none, or nobody reads it.
    NotNow,
    /// It is small, or may be.
    Before,
    /// It is large.
    Streamed,
}

impl FairShareLayer {
    /// Makes the layer. Services that it is put around by clones of one layer count together.
    #[must_use]
    pub fn new(config: &FairShareConfig) -> Self {
        let shares = |places| Shares::new(places, config.queue, config.wait.into());
        let places = |working| Places {
            working: shares(working),
            streaming: shares(config.streaming),
        };
        Self {
            members: places(config.places()),
            // Anybody could hold few of them with bodies that come slowly.
            visitors: places(config.places().max(config.streaming)),
        }
    }

    /// Gives the places of those who ask so, and whose they are.
    fn of(&self, request: &Request<Body>) -> Option<(&Places, TenantId)> {
        let extensions = request.extensions();
        let (places, tenant) = match (extensions.get(), extensions.get::<Tenant>()) {
            (Some(Admission::Admitted(scope)), _) => (&self.members, scope.tenant().id()),
            (_, Some(tenant)) => (&self.visitors, tenant.id()),
            _ => return None,
        };
        Some((places, tenant))
    }
}

fn comes(request: &Request<Body>) -> Comes {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    // No handler takes any of what these send.
    let asks = [Method::GET, Method::HEAD, Method::OPTIONS];
    match length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok()) {
        _ if request.body().is_end_stream() => Comes::NotNow,
        _ if asks.contains(request.method()) => Comes::NotNow,
        Some(length) if length > LARGE => Comes::Streamed,
        _ => Comes::Before,
    }
}

/// Takes in a body that may be small. Tells whether it is not.
async fn taken_in(request: Request<Body>) -> Result<(Request<Body>, bool), Problem> {
    let (parts, body) = request.into_parts();
    let read = read_ahead(&parts, body, LARGE + 1).await;
    let (read, body) = read.map_err(BodyFault::problem)?;
    Ok((Request::from_parts(parts, body), read.len() > LARGE))
}

impl Places {
    const fn of(&self, is_streamed: bool) -> &Shares {
        match is_streamed {
            true => &self.streaming,
            false => &self.working,
        }
    }
}

impl<S> Layer<S> for FairShareLayer {
    type Service = FairShareService<S>;

    fn layer(&self, inner: S) -> FairShareService<S> {
        FairShareService {
            inner,
            layer: self.clone(),
        }
    }
}

/// Made by [`FairShareLayer`].
#[derive(Debug, Clone)]
pub struct FairShareService<S> {
    inner: S,
    layer: FairShareLayer,
}

impl<S> Service<Request<Body>> for FairShareService<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = GateFuture<Placed<S::Future>, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some((places, tenant)) = self.layer.of(&request) else {
            return GateFuture::open(Placed::new(self.inner.call(request), None));
        };
        let comes = comes(&request);
        let mut is_streamed = comes == Comes::Streamed;
        if comes != Comes::Before
            && let Some(share) = places.of(is_streamed).try_take(tenant)
        {
            return GateFuture::open(Placed::new(self.inner.call(request), Some(share)));
        }
        let places = places.clone();
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        GateFuture::ask(async move {
            let mut request = request;
            if comes == Comes::Before {
                match taken_in(request).await {
                    Ok((whole, is_large)) => (request, is_streamed) = (whole, is_large),
                    Err(problem) => return Ok(problem.into_response()),
                }
            }
            let Some(share) = places.of(is_streamed).take(tenant).await else {
                tracing::info!("the tenant has too many requests under way");
                let problem = Problem::new(Code::OVERLOADED).retry_after(1);
                return Ok(problem.into_response());
            };
            Placed::new(inner.call(request), Some(share)).await
        })
    }
}

pin_project! {
    /// A request that is worked on, and the place that it has until its answer begins.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Placed<F> {
        #[pin]
        inner: F,
        share: Option<Share>,
    }
}

impl<F> Placed<F> {
    const fn new(inner: F, share: Option<Share>) -> Self {
        Self { inner, share }
    }
}

impl<F: Future> Future for Placed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(context));
        *this.share = None;
        Poll::Ready(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_say_how_much_he_sends_takes_no_place_of_those_who_send_much() {
        for (method, headers, how) in [
            (
                "GET",
                &[("transfer-encoding", "chunked")][..],
                Comes::NotNow,
            ),
            ("GET", &[("content-length", "100000")], Comes::NotNow),
            ("POST", &[("transfer-encoding", "chunked")], Comes::Before),
            ("POST", &[("content-length", "1")], Comes::Before),
            ("DELETE", &[("content-length", "1")], Comes::Before),
            ("POST", &[("content-length", "8192")], Comes::Before),
            ("POST", &[("content-length", "8193")], Comes::Streamed),
            (
                "PUT",
                &[("content-length", "1"), ("expect", "100-continue")],
                Comes::Before,
            ),
            (
                "PUT",
                &[("content-length", "8193"), ("expect", "100-continue")],
                Comes::Streamed,
            ),
        ] {
            let mut request = Request::builder().method(method);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let never = futures_util::stream::pending::<Result<&str, String>>();
            let request = request.body(Body::from_stream(never)).unwrap();
            assert_eq!(comes(&request), how, "{method} {headers:?}");
        }
    }

    #[tokio::test]
    async fn what_is_small_is_worked_on_and_what_is_large_is_streamed() {
        for (length, is_large) in [
            (1, false),
            (LARGE, false),
            (LARGE + 1, true),
            (LARGE * 3, true),
        ] {
            let pieces = vec![vec![b'x'; length / 2], vec![b'x'; length - length / 2]];
            let pieces = pieces.into_iter().map(Ok::<_, String>);
            let body = Body::from_stream(futures_util::stream::iter(pieces));
            let (request, large) = taken_in(Request::new(body)).await.unwrap();
            let whole = axum::body::to_bytes(request.into_body(), usize::MAX).await;
            assert_eq!((whole.unwrap().len(), large), (length, is_large));
        }
    }
}
