//! The layer that ends the transaction of a request.

use tower_layer::Layer;

use super::TransactionService;
use crate::Database;

/// Gives each request one transaction.
///
/// It is begun when a handler first uses its
/// [`TenantTx`](crate::TenantTx), and ended before the first byte of the answer: committed when
/// the answer is a success or a redirect, rolled back otherwise. An answer whose commit failed is
/// replaced by 503.
///
/// `GET` and `HEAD` requests get a read-only transaction, so they cannot change anything.
#[derive(Debug, Clone)]
pub struct TransactionLayer {
    database: Database,
}

impl TransactionLayer {
    /// Makes the layer.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

impl<S> Layer<S> for TransactionLayer {
    type Service = TransactionService<S>;

    fn layer(&self, inner: S) -> TransactionService<S> {
        TransactionService::new(inner, self.database.clone())
    }
}
