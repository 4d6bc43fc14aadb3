//! The service that ends the transaction of a request.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{body::Body, response::IntoResponse as _};
use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use saas_core::{Code, Problem};
use tower_service::Service;

use super::{Slot, SlotState};
use crate::{
    Database, Error, Scope, TenantTx,
    database::{Access, Ending, Session},
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
    type Future = TransactionFuture<S::Future>;

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
        TransactionFuture {
            inner: Some(self.inner.call(request)),
            slot,
            ending: None,
        }
    }
}

pin_project! {
    /// The future of a [`TransactionService`]: the answer of the service inside, and then the end of the transaction.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct TransactionFuture<F> {
        // None when it has answered: what it held of the transaction is given back before that ends.
        #[pin]
        inner: Option<F>,
        slot: Arc<Slot>,
        ending: Option<Pin<Box<dyn Future<Output = Response<Body>> + Send>>>,
    }
}

impl<F, E> Future for TransactionFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(inner) = this.inner.as_mut().as_pin_mut() {
            let answer = ready!(inner.poll(context));
            this.inner.set(None);
            let response = answer?;
            match end(this.slot, response.status()) {
                Ok(None) => return Poll::Ready(Ok(response)),
                Ok(Some(session)) => *this.ending = Some(Box::pin(commit(session, response))),
                Err(error) => return Poll::Ready(Ok(Problem::from(error).into_response())),
            }
        }
        match this.ending {
            Some(ending) => ending.as_mut().poll(context).map(Ok),
            None => Poll::Pending,
        }
    }
}

impl<F> fmt::Debug for TransactionFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionFuture").finish_non_exhaustive()
    }
}

/// Gives what has to be committed before the answer goes out.
fn end(slot: &Slot, status: StatusCode) -> Result<Option<Box<Session>>, Error> {
    let success = status.is_success() || status.is_redirection();
    match slot.collect() {
        SlotState::Unused | SlotState::Empty => Ok(None),
        // Nobody needs to wait for its end.
        SlotState::Returned(session, _) if !success => {
            session.abandon();
            Ok(None)
        }
        SlotState::Returned(session, _) => Ok(Some(session)),
        SlotState::Taken if success => {
            tracing::error!(
                code = Code::INTERNAL.name(),
                "a handler answered while its transaction was still in use"
            );
            Err(Error::Misuse(
                "a handler must be done with its transaction when it answers",
            ))
        }
        SlotState::Taken => Ok(None),
    }
}

async fn commit(session: Box<Session>, response: Response<Body>) -> Response<Body> {
    match session.finish(Ending::Commit).await {
        Ok(()) => response,
        Err(error) => Problem::from(error).into_response(),
    }
}
