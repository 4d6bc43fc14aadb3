//! How many requests of one tenant are worked on at a time.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{Extensions, Request};
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
    members: Shares,
    visitors: Shares,
}

impl FairShareLayer {
    /// Makes the layer. Services that it is put around by clones of one layer count together.
    #[must_use]
    pub fn new(config: &FairShareConfig) -> Self {
        let FairShareConfig {
            concurrent,
            queue,
            wait,
        } = *config;
        let shares = || Shares::new(concurrent, queue, wait.into());
        Self {
            members: shares(),
            visitors: shares(),
        }
    }

    fn of(&self, extensions: &Extensions) -> Option<(Shares, TenantId)> {
        if let Some(Admission::Admitted(scope)) = extensions.get() {
            return Some((self.members.clone(), scope.tenant().id()));
        }
        let tenant = extensions.get::<Tenant>()?;
        Some((self.visitors.clone(), tenant.id()))
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
        let of = self.layer.of(request.extensions());
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
