//! The outer layer, which counts.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::RequestMetrics;
use crate::limit::RefusedBy;

/// Where the inner layer says which route a request has.
#[derive(Debug, Clone)]
pub(super) struct Place(Arc<AtomicUsize>);

impl Place {
    fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(usize::MAX)))
    }

    pub(super) fn set(&self, place: usize) {
        self.0.store(place, Ordering::Relaxed);
    }

    fn get(&self) -> Option<usize> {
        Some(self.0.load(Ordering::Relaxed)).filter(|place| *place != usize::MAX)
    }
}

/// Counts each request when it is answered, or when its client has gone. It stands outside of whatever may refuse one.
#[derive(Debug, Clone)]
pub struct RequestsLayer {
    metrics: RequestMetrics,
}

impl RequestsLayer {
    /// Makes the layer.
    #[must_use]
    pub const fn new(metrics: RequestMetrics) -> Self {
        Self { metrics }
    }
}

impl<S> Layer<S> for RequestsLayer {
    type Service = RequestsService<S>;

    fn layer(&self, inner: S) -> RequestsService<S> {
        RequestsService {
            inner,
            metrics: self.metrics.clone(),
        }
    }
}

/// Made by [`RequestsLayer`].
#[derive(Debug, Clone)]
pub struct RequestsService<S> {
    inner: S,
    metrics: RequestMetrics,
}

impl<S, A, B> Service<Request<A>> for RequestsService<S>
where
    S: Service<Request<A>, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Counted<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let place = Place::new();
        request.extensions_mut().insert(place.clone());
        let counting = Counting {
            metrics: self.metrics.clone(),
            place,
            started: Instant::now(),
            status: None,
        };
        Counted {
            inner: self.inner.call(request),
            counting,
        }
    }
}

pin_project! {
    /// The future of [`RequestsService`].
    #[derive(Debug)]
    pub struct Counted<F> {
        #[pin]
        inner: F,
        counting: Counting,
    }
}

impl<F, B> Future for Counted<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let answer = std::task::ready!(this.inner.poll(context));
        if let Ok(response) = &answer {
            this.counting.status = Some(response.status());
            if let Some(problem) = response.extensions().get() {
                this.counting.metrics.problem(problem);
            }
            if let Some(RefusedBy(limit)) = response.extensions().get() {
                this.counting.metrics.refused_by(limit);
            }
        }
        Poll::Ready(answer)
    }
}

/// Counts when it is dropped, so that a request counts once, also when its client has gone.
#[derive(Debug)]
struct Counting {
    metrics: RequestMetrics,
    place: Place,
    started: Instant,
    status: Option<StatusCode>,
}

impl Drop for Counting {
    fn drop(&mut self) {
        let time = self.started.elapsed();
        self.metrics.count(self.place.get(), self.status, time);
    }
}
