//! The service.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use futures_util::future::Either;
use http::Request;
use saas_core::{Problem, failpoint::Failpoint};
use saas_tenancy::{Admission, RequestTransaction, Scope};
use tower_service::Service;

use super::{
    Idempotency, answer,
    claim::{Claim, Found},
    key,
};

/// Made by [`IdempotencyLayer`](super::IdempotencyLayer).
#[derive(Debug, Clone)]
pub struct IdempotencyService<S> {
    inner: S,
    store: Idempotency,
}

impl<S> IdempotencyService<S> {
    pub(super) const fn new(inner: S, store: Idempotency) -> Self {
        Self { inner, store }
    }
}

impl<S> Service<Request<Body>> for IdempotencyService<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future =
        Either<S::Future, Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let scope = match request.extensions().get::<Admission>() {
            Some(Admission::Admitted(scope)) if request.headers().contains_key(key::HEADER) => {
                scope.clone()
            }
            _ => return Either::Left(self.inner.call(request)),
        };
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        let store = self.store.clone();
        Either::Right(Box::pin(async move {
            match claim(&store, &scope, request).await {
                Ok(Asked::First(first)) => first.make(inner, &store, &scope).await,
                Ok(Asked::Again(answer)) => Ok(*answer),
                Err(problem) => Ok(problem.into_response()),
            }
        }))
    }
}

enum Asked {
    First(Box<First>),
    Again(Box<Response>),
}

/// A request that is made for the first time.
struct First {
    request: Request<Body>,
    key: [u8; 32],
    claim: Claim,
}

async fn claim(
    store: &Idempotency,
    scope: &Scope,
    request: Request<Body>,
) -> Result<Asked, Problem> {
    let key = key::of(request.headers())?.unwrap_or_default();
    let key = key::hash(scope, key);
    let (parts, body) = request.into_parts();
    let (fingerprint, body) = key::fingerprint(&parts, body, store.config.compared).await?;
    Ok(match store.claim(scope, &key, &fingerprint).await? {
        Found::Answer(answer) => Asked::Again(answer),
        Found::Claimed(claim) => {
            Failpoint::RequestClaimed.reach().await;
            Asked::First(Box::new(First {
                request: Request::from_parts(parts, body),
                key,
                claim,
            }))
        }
    })
}

impl First {
    async fn make<S>(
        self: Box<Self>,
        mut inner: S,
        store: &Idempotency,
        scope: &Scope,
    ) -> Result<Response, S::Error>
    where
        S: Service<Request<Body>, Response = Response>,
    {
        let Self {
            request,
            key,
            claim,
        } = *self;
        let transaction = request.extensions().get::<RequestTransaction>().cloned();
        let response = inner.call(request).await?;
        let status = response.status();
        if !status.is_success() && !status.is_redirection() {
            // Nothing took place, and the key is free again.
            return Ok(response);
        }
        let kept = keep(store, scope, &key, claim, transaction, response).await;
        Ok(kept.unwrap_or_else(Problem::into_response))
    }
}

/// Keeps an answer: with what the handler has done, or right after it.
async fn keep(
    store: &Idempotency,
    scope: &Scope,
    key: &[u8; 32],
    claim: Claim,
    transaction: Option<RequestTransaction>,
    response: Response,
) -> Result<Response, Problem> {
    let (status, context) = (response.status().as_u16(), answer::context(scope, key));
    let keys = store.database.keys();
    let (response, kept) = answer::keep(keys, &context, response, store.config.answer).await?;
    match transaction.and_then(|transaction| transaction.resume(scope)) {
        Some(mut tx) => claim.keep(&mut tx, status, kept).await?,
        None => {
            let mut tx = store.database.write(scope);
            claim.keep(&mut tx, status, kept).await?;
            tx.commit().await?;
        }
    }
    Ok(response)
}
