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
use http::Request;
use tower_service::Service;

use crate::{
    Verifier,
    scheme::{self, Outcome},
};

/// Made by [`AuthLayer`](crate::AuthLayer).
#[derive(Debug, Clone)]
pub struct AuthService<S> {
    inner: S,
    verifier: Verifier,
}

impl<S> AuthService<S> {
    pub(crate) const fn new(inner: S, verifier: Verifier) -> Self {
        Self { inner, verifier }
    }
}

impl<S> Service<Request<Body>> for AuthService<S>
where
    S: Service<Request<Body>, Response = Response>,
    S::Future: Unpin,
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
        match scheme::bearer(&self.verifier, &parts) {
            Outcome::Refused(problem) => {
                return AuthFuture::Refused(ready(Ok(problem.into_response())));
            }
            Outcome::Verified(principal) => drop(parts.extensions.insert(principal)),
            Outcome::NotAttempted => {}
        }
        AuthFuture::Inner(self.inner.call(Request::from_parts(parts, body)))
    }
}

/// The answer: that of the service inside, or a refusal that is already known.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthFuture<F, E> {
    /// Goes on inside.
    Inner(F),
    /// Is refused.
    Refused(Ready<Result<Response, E>>),
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
        }
    }
}
