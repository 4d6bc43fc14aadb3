//! The service that ends the transaction of a request.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, response::IntoResponse as _};
use http::{Request, Response, StatusCode};
use saas_core::{Code, Problem};
use tower_service::Service;

use super::{Slot, SlotState};
use crate::{
    Database, Error, Scope, TenantTx,
    database::{Access, Ending},
};

/// Made by [`TransactionLayer`](super::TransactionLayer).
#[derive(Debug, Clone)]
pub struct TransactionService<S> {
    inner: S,
    database: Database,
}

/// The one transaction of a request, which the extractor of [`TenantTx`] finds in its extensions; cheap to clone.
///
/// A layer between the [`TransactionLayer`](super::TransactionLayer) and a handler takes it out of the request, and
/// adds with [`resume`](Self::resume) to what the handler has done, so that both are committed together.
#[derive(Debug, Clone)]
pub struct RequestTransaction {
    pub(crate) database: Database,
    pub(crate) access: Access,
    pub(crate) slot: Arc<Slot>,
}

impl RequestTransaction {
    /// Gives the writing transaction that the handler has left in this tenant; none when it used none, or has ended
    /// it itself. When it is dropped, the answer decides how it ends, as before.
    #[must_use]
    pub fn resume(&self, scope: &Scope) -> Option<TenantTx> {
        let session = self.slot.resume(scope.tenant().id())?;
        let mut tx = TenantTx::resumed(self.database.clone(), scope.clone(), session);
        tx.slot = Some(Arc::clone(&self.slot));
        Some(tx)
    }
}

impl<S> TransactionService<S> {
    pub(super) const fn new(inner: S, database: Database) -> Self {
        Self { inner, database }
    }
}

impl<S> Service<Request<Body>> for TransactionService<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let slot = Arc::new(Slot::default());
        let access = if request.method().is_safe() {
            Access::Read
        } else {
            Access::Write
        };
        let database = self.database.clone();
        request.extensions_mut().insert(RequestTransaction {
            database,
            access,
            slot: Arc::clone(&slot),
        });
        let future = self.inner.call(request);
        Box::pin(async move {
            let response = future.await?;
            match end(&slot, response.status()).await {
                Ok(()) => Ok(response),
                Err(error) => Ok(Problem::from(error).into_response()),
            }
        })
    }
}

async fn end(slot: &Slot, status: StatusCode) -> Result<(), Error> {
    let success = status.is_success() || status.is_redirection();
    match slot.collect() {
        SlotState::Unused | SlotState::Empty => Ok(()),
        // Nobody needs to wait for its end.
        SlotState::Returned(session, _) if !success => {
            session.abandon();
            Ok(())
        }
        SlotState::Returned(session, _) => session.finish(Ending::Commit).await,
        SlotState::Taken if success => {
            tracing::error!(
                code = Code::INTERNAL.name(),
                "a handler answered while its transaction was still in use"
            );
            Err(Error::Misuse(
                "a handler must be done with its transaction when it answers",
            ))
        }
        SlotState::Taken => Ok(()),
    }
}
