//! The service that holds callers against the rules of their tenant.

use std::task::{Context, Poll};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::Request;
use saas_core::{Principal, Problem, edge::GateFuture};
use tower_service::Service;

use super::SecondFactors;
use crate::{BrowserSession, Error};

/// Made by [`MfaLayer`](super::MfaLayer).
#[derive(Debug, Clone)]
pub struct MfaService<S> {
    inner: S,
    factors: SecondFactors,
}

impl<S> MfaService<S> {
    pub(super) const fn new(inner: S, factors: SecondFactors) -> Self {
        Self { inner, factors }
    }
}

impl<S> Service<Request<Body>> for MfaService<S>
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
        request.extensions_mut().insert(self.factors.clone());
        let caller = request.extensions().get::<Principal>();
        let asked = caller.filter(|caller| !self.factors.asks_nothing_of(caller));
        let Some(caller) = asked.cloned() else {
            return GateFuture::open(self.inner.call(request));
        };
        let factors = self.factors.clone();
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        GateFuture::ask(async move {
            match factors.still_enough(&caller).await {
                Ok(()) => inner.call(request).await,
                Err(Error::StepUp { .. } | Error::EnrolmentRequired(_))
                    if request.extensions().get::<BrowserSession>().is_some() =>
                {
                    let extensions = request.extensions_mut();
                    extensions.remove::<BrowserSession>();
                    extensions.remove::<Principal>();
                    inner.call(request).await
                }
                Err(error) => Ok(Problem::from(error).into_response()),
            }
        })
    }
}
