//! The guard of a route that is open to everybody: it lets everybody in, as nobody.

use std::task::{Context, Poll};

use axum::body::Body;
use http::Request;
use saas_tenancy::{Admission, Scope};
use tower_layer::Layer;
use tower_service::Service;

/// Takes the scope of whoever is calling away, so that a public route has no way to the data of a tenant, also
/// when its caller happens to be signed in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublicLayer;

#[derive(Debug, Clone)]
pub(crate) struct PublicService<S>(S);

impl<S> Layer<S> for PublicLayer {
    type Service = PublicService<S>;

    fn layer(&self, inner: S) -> PublicService<S> {
        PublicService(inner)
    }
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for PublicService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        let extensions = request.extensions_mut();
        extensions.remove::<Scope>();
        if extensions.remove::<Admission>().is_some() {
            extensions.insert(Admission::Anonymous);
        }
        self.0.call(request)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use super::*;

    struct Busy;

    impl Service<Request<Body>> for Busy {
        type Response = ();
        type Error = ();
        type Future = Ready<Result<(), ()>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
            Poll::Pending
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            ready(Ok(()))
        }
    }

    #[test]
    fn it_is_ready_when_the_service_inside_is() {
        let mut service = PublicLayer.layer(Busy);
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(service.poll_ready(&mut context).is_pending());
    }
}
