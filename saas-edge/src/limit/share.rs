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
use http::{Request, header};
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

    fn of(&self, request: &Request<Body>) -> Option<(&Shares, TenantId)> {
        let extensions = request.extensions();
        let (places, tenant) = match (extensions.get(), extensions.get::<Tenant>()) {
            (Some(Admission::Admitted(scope)), _) => (&self.members, scope.tenant().id()),
            (_, Some(tenant)) => (&self.visitors, tenant.id()),
            _ => return None,
        };
        let shares = match is_streamed(request) {
            true => &places.streaming,
            false => &places.working,
        };
        Some((shares, tenant))
    }
}

fn is_streamed(request: &Request<Body>) -> bool {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    // What is waited with until it is asked for is not taken in (RFC 9110, section 10.1.1).
    let waits = headers.contains_key(header::EXPECT);
    match length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok()) {
        _ if request.body().is_end_stream() => false,
        Some(length) => length > LARGE || waits,
        None => true,
    }
}

/// Takes in a body that is not streamed.
async fn taken_in(request: Request<Body>) -> Result<Request<Body>, Problem> {
    let (parts, body) = request.into_parts();
    let read = read_ahead(&parts, body, LARGE).await;
    let (_, body) = read.map_err(BodyFault::problem)?;
    Ok(Request::from_parts(parts, body))
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
        let Some((shares, tenant)) = self.layer.of(&request) else {
            return GateFuture::open(Placed::new(self.inner.call(request), None));
        };
        let comes = !request.body().is_end_stream() && !is_streamed(&request);
        if !comes && let Some(share) = shares.try_take(tenant) {
            return GateFuture::open(Placed::new(self.inner.call(request), Some(share)));
        }
        let shares = shares.clone();
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        GateFuture::ask(async move {
            let request = match comes {
                true => match taken_in(request).await {
                    Ok(request) => request,
                    Err(problem) => return Ok(problem.into_response()),
                },
                false => request,
            };
            let Some(share) = shares.take(tenant).await else {
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
