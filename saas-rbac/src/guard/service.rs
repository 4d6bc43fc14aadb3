//! The service.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::Request;
use saas_core::Problem;
use saas_tenancy::{Admission, Scope};
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
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let (authorizer, access) = (self.authorizer.clone(), Arc::clone(&self.access));
        let scope = verdict::scope(request.extensions().get::<Admission>()).cloned();
        Box::pin(async move {
            match decide(&authorizer, scope, &access).await {
                Ok(()) => {
                    // For `Allowed`, which asks again for what it says, and refuses as the route does.
                    request
                        .extensions_mut()
                        .insert(Guarding { authorizer, access });
                    inner.call(request).await
                }
                Err(problem) => Ok(verdict::refuse(problem, &access).into_response()),
            }
        })
    }
}

async fn decide(
    authorizer: &Authorizer,
    scope: Result<Scope, Problem>,
    access: &Access,
) -> Result<(), Problem> {
    verdict::answer(authorizer.decide(&scope?, access).await?)
}
