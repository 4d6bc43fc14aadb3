//! The service that finds out who is calling.

use std::{
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{Request, request::Parts};
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
    S::Future: Send + Unpin,
    S::Error: Unpin,
{
    type Response = Response;
    type Error = S::Error;
    type Future = AuthFuture<S::Future, S::Error>;

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
            return AuthFuture::Asking(Box::pin(async move {
                let outcome = stored.verify(&mut parts).await;
                match settle(outcome, &mut parts) {
                    Some(refusal) => Ok(refusal),
                    None => inner.call(Request::from_parts(parts, body)).await,
                }
            }));
        }
        let outcome = scheme::bearer(&self.verifier, &parts);
        match settle(outcome, &mut parts) {
            Some(refusal) => AuthFuture::Refused(ready(Ok(refusal))),
            None => AuthFuture::Inner(self.inner.call(Request::from_parts(parts, body))),
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

/// The answer: that of the service inside, or a refusal that is already known.
#[non_exhaustive]
pub enum AuthFuture<F, E> {
    /// Goes on inside.
    Inner(F),
    /// Is refused.
    Refused(Ready<Result<Response, E>>),
    /// Has to ask the database first.
    Asking(Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>),
}

impl<F, E> std::fmt::Debug for AuthFuture<F, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Inner(_) => "Inner(…)",
            Self::Refused(_) => "Refused(…)",
            Self::Asking(_) => "Asking(…)",
        })
    }
}

impl<F, E> Future for AuthFuture<F, E>
where
    F: Future<Output = Result<Response, E>> + Unpin,
    E: Unpin,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Inner(future) => Pin::new(future).poll(context),
            Self::Refused(answer) => Pin::new(answer).poll(context),
            Self::Asking(future) => future.as_mut().poll(context),
        }
    }
}
