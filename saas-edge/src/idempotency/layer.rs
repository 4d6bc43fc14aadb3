//! The layer.

use tower_layer::Layer;

use super::{Idempotency, IdempotencyService};

/// Makes requests with an `Idempotency-Key` once; see the [module](super) for where it stands. Requests without one,
/// and those of nobody, pass.
#[derive(Debug, Clone)]
pub struct IdempotencyLayer {
    store: Idempotency,
}

impl IdempotencyLayer {
    /// Makes the layer.
    #[must_use]
    pub const fn new(store: Idempotency) -> Self {
        Self { store }
    }
}

impl<S> Layer<S> for IdempotencyLayer {
    type Service = IdempotencyService<S>;

    fn layer(&self, inner: S) -> IdempotencyService<S> {
        IdempotencyService::new(inner, self.store.clone())
    }
}
