//! The service.

use std::task::{Context, Poll};

use axum::{body::Body, response::IntoResponse as _};
use http::{Request, Response};
use saas_core::{Principal, Problem, edge::GateFuture};
use tower_service::Service;

use super::{Admission, admit, verdict::Source};
use crate::{
    Registry, Scope, Tenant,
    resolve::{AddressRequired, Name},
};

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
    type Future = GateFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let named = request.extensions().get::<Tenant>();
        let source = match request.extensions().get::<AddressRequired>() {
            Some(_) => Source::Address,
            None => self.source,
        };
        let Some(principal) = request.extensions().get::<Principal>() else {
            request.extensions_mut().insert(Admission::Anonymous);
            return GateFuture::open(self.inner.call(request));
        };
        let id = principal.tenant();
        let home = match named {
            Some(named) if named.id() == id => Some(Some(named.clone())),
            _ => self.registry.known(&Name::Id(id)),
        };
        let (named, principal) = (named.cloned(), principal.clone());
        if let Some(home) = home {
            return match admit(source, named.as_ref(), principal, home) {
                Ok(scope) => {
                    leave(&mut request, scope);
                    GateFuture::open(self.inner.call(request))
                }
                Err(problem) => GateFuture::answer(problem),
            };
        }
        let registry = self.registry.clone();
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        GateFuture::ask(async move {
            let home = registry.by_id(id).await.map_err(Problem::from);
            match home.and_then(|home| admit(source, named.as_ref(), principal, home)) {
                Ok(scope) => {
                    leave(&mut request, scope);
                    inner.call(request).await
                }
                Err(problem) => Ok(problem.into_response()),
            }
        })
    }
}

/// Leaves the scope in the request, and tenant and caller in its span.
fn leave(request: &mut Request<Body>, scope: Scope) {
    note(&scope);
    request.extensions_mut().insert(Admission::Admitted(scope));
}

/// Writes tenant and caller into the span of the request.
fn note(scope: &Scope) {
    let span = tracing::Span::current();
    span.record("tenant", tracing::field::display(scope.tenant().id()));
    if let Some(principal) = scope.principal() {
        span.record("user", tracing::field::display(principal.subject()));
    }
}
