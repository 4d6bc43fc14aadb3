//! The service.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::Request;
use saas_core::{Problem, edge::GateFuture};
use saas_tenancy::Admission;
use tower_service::Service;

use super::{Guarding, verdict};
use crate::{Access, Authorizer};

/// Made by [`GuardLayer`](super::GuardLayer).
#[derive(Debug, Clone)]
pub struct GuardService<S> {
    inner: S,
    authorizer: Authorizer,
    access: Arc<Access>,
}

impl<S> GuardService<S> {
    pub(super) const fn new(inner: S, authorizer: Authorizer, access: Arc<Access>) -> Self {
        Self {
            inner,
            authorizer,
            access,
        }
    }
}

impl<S> Service<Request<Body>> for GuardService<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = GateFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let (authorizer, access) = (self.authorizer.clone(), Arc::clone(&self.access));
        let scope = match verdict::scope(request.extensions().get::<Admission>()) {
            Ok(scope) => scope,
            Err(problem) => return GateFuture::answer(verdict::refuse(problem, &access)),
        };
        if let Some(decision) = authorizer.decide_now(scope, &access) {
            return match verdict::answer(decision) {
                Ok(()) => {
                    leave(&mut request, authorizer, access);
                    GateFuture::open(self.inner.call(request))
                }
                Err(problem) => GateFuture::answer(verdict::refuse(problem, &access)),
            };
        }
        let scope = scope.clone();
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        GateFuture::ask(async move {
            let decision = authorizer.decide(&scope, &access).await;
            match decision.map_err(Problem::from).and_then(verdict::answer) {
                Ok(()) => {
                    leave(&mut request, authorizer, access);
                    inner.call(request).await
                }
                Err(problem) => Ok(verdict::refuse(problem, &access).into_response()),
            }
        })
    }
}

/// For `Allowed`, which asks again for what it says, and refuses as the route does.
fn leave(request: &mut Request<Body>, authorizer: Authorizer, access: Arc<Access>) {
    let guarding = Guarding { authorizer, access };
    request.extensions_mut().insert(guarding);
}
