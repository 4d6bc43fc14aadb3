//! The inner layer, which knows the route.

use std::task::{Context, Poll};

use axum::extract::MatchedPath;
use http::Request;
use saas_tenancy::Admission;
use tower_layer::Layer;
use tower_service::Service;

use super::{RequestMetrics, layer::Place};

/// Says to [`RequestsLayer`](super::RequestsLayer) which route a request has. It is for `Router::layer`, which runs
/// after the route was chosen.
#[derive(Debug, Clone)]
pub struct RouteLayer {
    metrics: RequestMetrics,
}

impl RouteLayer {
    /// Makes the layer.
    #[must_use]
    pub const fn new(metrics: RequestMetrics) -> Self {
        Self { metrics }
    }
}

impl<S> Layer<S> for RouteLayer {
    type Service = RouteService<S>;

    fn layer(&self, inner: S) -> RouteService<S> {
        RouteService {
            inner,
            metrics: self.metrics.clone(),
        }
    }
}

/// Made by [`RouteLayer`].
#[derive(Debug, Clone)]
pub struct RouteService<S> {
    inner: S,
    metrics: RequestMetrics,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for RouteService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        let extensions = request.extensions();
        if let Some(Admission::Admitted(scope)) = extensions.get() {
            self.metrics.inner.busiest.count(scope.tenant().id());
        }
        if let (Some(place), Some(path)) =
            (extensions.get::<Place>(), extensions.get::<MatchedPath>())
            && let Some(found) = self.metrics.place(request.method().as_str(), path.as_str())
        {
            place.set(found);
        }
        self.inner.call(request)
    }
}
