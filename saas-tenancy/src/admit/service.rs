//! The service.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{body::Body, response::IntoResponse as _};
use http::{Request, Response};
use saas_core::{Principal, Problem};
use tower_service::Service;

use super::{Admission, admit, verdict::Source};
use crate::{Registry, Scope, Tenant};

/// Made by [`AdmitLayer`](super::AdmitLayer).
#[derive(Debug, Clone)]
pub struct AdmitService<S> {
    inner: S,
    registry: Registry,
    source: Source,
}

impl<S> AdmitService<S> {
    pub(super) const fn new(inner: S, registry: Registry, source: Source) -> Self {
        Self {
            inner,
            registry,
            source,
        }
    }
}

impl<S> Service<Request<Body>> for AdmitService<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let (registry, source) = (self.registry.clone(), self.source);
        let named = request.extensions().get::<Tenant>().cloned();
        let principal = request.extensions().get::<Principal>().cloned();
        Box::pin(async move {
            match decide(&registry, source, named, principal).await {
                Ok(admission) => {
                    if let Admission::Admitted(scope) = &admission {
                        note(scope);
                    }
                    request.extensions_mut().insert(admission);
                    inner.call(request).await
                }
                Err(problem) => Ok(problem.into_response()),
            }
        })
    }
}

async fn decide(
    registry: &Registry,
    source: Source,
    named: Option<Tenant>,
    principal: Option<Principal>,
) -> Result<Admission, Problem> {
    let Some(principal) = principal else {
        return Ok(Admission::Anonymous);
    };
    let home = match &named {
        Some(named) if named.id() == principal.tenant() => Some(named.clone()),
        _ => registry.by_id(principal.tenant()).await?,
    };
    admit(source, named.as_ref(), principal, home).map(Admission::Admitted)
}

/// Writes tenant and caller into the span of the request.
fn note(scope: &Scope) {
    let span = tracing::Span::current();
    span.record("tenant", tracing::field::display(scope.tenant().id()));
    if let Some(principal) = scope.principal() {
        span.record("user", tracing::field::display(principal.subject()));
    }
}
