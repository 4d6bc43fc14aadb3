//! Requests are refused, or go on.

use std::{
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use futures_util::future::Either;
use http::Request;
use tower_service::Service;

use super::{NetworkLayer, TenantNetworkLayer};

/// Made by [`NetworkLayer`].
#[derive(Debug, Clone)]
pub struct NetworkService<S> {
    pub(super) inner: S,
    pub(super) layer: NetworkLayer,
}

impl<S> Service<Request<Body>> for NetworkService<S>
where
    S: Service<Request<Body>, Response = Response>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (parts, body) = request.into_parts();
        match self.layer.refusal(&parts) {
            None => Either::Left(self.inner.call(Request::from_parts(parts, body))),
            Some(problem) => Either::Right(ready(Ok(problem.into_response()))),
        }
    }
}

/// Made by [`TenantNetworkLayer`].
#[derive(Debug, Clone)]
pub struct TenantNetworkService<S> {
    pub(super) inner: S,
    pub(super) layer: TenantNetworkLayer,
}

impl<S> Service<Request<Body>> for TenantNetworkService<S>
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
        let layer = self.layer.clone();
        let (parts, body) = request.into_parts();
        Box::pin(async move {
            if let Some((scope, client)) = TenantNetworkLayer::asked(&parts)
                && let Some(problem) = layer.refusal(&scope, client).await
            {
                return Ok(problem.into_response());
            }
            inner.call(Request::from_parts(parts, body)).await
        })
    }
}
