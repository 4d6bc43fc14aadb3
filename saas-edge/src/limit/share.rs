//! How many requests of one tenant are worked on at a time.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{Request, header};
use http_body::Body as _;
use saas_core::{Code, Problem, TenantId};
use saas_tenancy::{Admission, Shares, Tenant};
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

/// From how many bytes on a body is streamed.
const LARGE: u64 = 64 << 10;

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

    fn of(&self, request: &Request<Body>) -> Option<(Shares, TenantId)> {
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
        Some((shares.clone(), tenant))
    }
}

fn is_streamed(request: &Request<Body>) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH);
    match length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok()) {
        Some(length) => length > LARGE && !request.body().is_end_stream(),
        None => !request.method().is_safe() && !request.body().is_end_stream(),
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
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let of = self.layer.of(&request);
        Box::pin(async move {
            let share = match of {
                None => None,
                Some((shares, tenant)) => match shares.take(tenant).await {
                    Some(share) => Some(share),
                    None => {
                        tracing::info!("the tenant has too many requests under way");
                        return Ok(Problem::new(Code::OVERLOADED)
                            .retry_after(1)
                            .into_response());
                    }
                },
            };
            let response = inner.call(request).await;
            drop(share);
            response
        })
    }
}
