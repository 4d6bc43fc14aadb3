//! The service that finds out who is calling.

use std::task::{Context, Poll};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{Request, request::Parts};
use saas_core::edge::GateFuture;
use tower_service::Service;

use crate::{
    Verifier,
    scheme::{self, Outcome, Stored},
};

/// Made by [`AuthLayer`](crate::AuthLayer).
#[derive(Debug, Clone)]
pub struct AuthService<S> {
    inner: S,
    verifier: Verifier,
    stored: Stored,
}

impl<S> AuthService<S> {
    pub(crate) const fn new(inner: S, verifier: Verifier, stored: Stored) -> Self {
        Self {
            inner,
            verifier,
            stored,
        }
    }
}

impl<S> Service<Request<Body>> for AuthService<S>
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

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        if self.stored.knows(&parts) {
            let stored = self.stored.clone();
            // The clone may not be ready; the service that was polled is the one to call.
            let clone = self.inner.clone();
            let mut inner = std::mem::replace(&mut self.inner, clone);
            return GateFuture::ask(async move {
                let outcome = stored.verify(&mut parts).await;
                match settle(outcome, &mut parts) {
                    Some(refusal) => Ok(refusal),
                    None => inner.call(Request::from_parts(parts, body)).await,
                }
            });
        }
        let outcome = scheme::bearer(&self.verifier, &parts);
        match settle(outcome, &mut parts) {
            Some(refusal) => GateFuture::answer(refusal),
            None => GateFuture::open(self.inner.call(Request::from_parts(parts, body))),
        }
    }
}

/// Leaves the caller in the extensions, or gives the answer to one who is refused.
fn settle(outcome: Outcome, parts: &mut Parts) -> Option<Response> {
    match outcome {
        Outcome::Refused(problem) => return Some(problem.into_response()),
        Outcome::Verified(principal) => drop(parts.extensions.insert(principal)),
        Outcome::NotAttempted => {}
    }
    None
}
