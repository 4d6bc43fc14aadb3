//! The layer that finds out who is calling.

use tower_layer::Layer;

use crate::{AuthService, Verifier};

/// Verifies the bearer token of a request and puts its
/// [`Principal`](saas_core::Principal) into the request's extensions.
///
/// A request without a token goes
/// on without; one with a token that is not good is refused with 401.
#[derive(Debug, Clone)]
pub struct AuthLayer {
    verifier: Verifier,
}

impl AuthLayer {
    /// Makes the layer.
    #[must_use]
    pub const fn new(verifier: Verifier) -> Self {
        Self { verifier }
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService::new(inner, self.verifier.clone())
    }
}
