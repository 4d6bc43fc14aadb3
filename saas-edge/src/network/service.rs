//! Requests are refused, or go on.

use std::task::{Context, Poll};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::Request;
use saas_core::edge::GateFuture;
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
    type Future = GateFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (parts, body) = request.into_parts();
        match self.layer.refusal(&parts) {
            None => GateFuture::open(self.inner.call(Request::from_parts(parts, body))),
            Some(problem) => GateFuture::answer(problem),
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
    type Future = GateFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let asked = TenantNetworkLayer::asked(&parts);
        let request = Request::from_parts(parts, body);
        let Some((scope, client)) = asked else {
            return GateFuture::open(self.inner.call(request));
        };
        match self.layer.known(&scope, client) {
            Some(None) => return GateFuture::open(self.inner.call(request)),
            Some(Some(problem)) => return GateFuture::answer(problem),
            None => {}
        }
        let layer = self.layer.clone();
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        GateFuture::ask(async move {
            match layer.refusal(&scope, client).await {
                Some(problem) => Ok(problem.into_response()),
                None => inner.call(request).await,
            }
        })
    }
}
