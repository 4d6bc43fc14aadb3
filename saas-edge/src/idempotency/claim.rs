//! The right to be the one who makes a request.

use std::time::Duration;

use axum::response::Response;
use saas_core::{Code, Id, Problem, Timestamp};
use saas_tenancy::{Error, Scope, TenantTx};

use super::{
    Idempotency, answer,
    row::{KeyRow, KeyRows as _, NewKeyRow},
};

/// How soon whoever is told that a request is being made should ask again, in seconds.
const SOON: u32 = 1;

/// A key that is being used. Dropping it frees the key, unless its answer was kept.
pub(super) struct Claim {
    store: Idempotency,
    scope: Scope,
    id: Id<KeyRow>,
    at: Timestamp,
    kept: bool,
}

/// What there is under a key.
pub(super) enum Found {
    /// Nothing: the request is to be made.
    Claimed(Claim),
    /// It was made, and this was the answer.
    Answer(Box<Response>),
}

impl Idempotency {
    pub(super) async fn claim(
        &self,
        scope: &Scope,
        key: &[u8; 32],
        fingerprint: &[u8; 32],
    ) -> Result<Found, Problem> {
        match self.try_claim(scope, key, fingerprint).await {
            // Somebody else was faster by a moment.
            Err(Stopped::Database(Error::Unique(_) | Error::Conflict(_))) => {
                Err(Problem::new(Code::IDEMPOTENCY_IN_FLIGHT).retry_after(SOON))
            }
            Err(Stopped::Database(error)) => Err(error.into()),
            Err(Stopped::Problem(problem)) => Err(problem),
            Ok(found) => Ok(found),
        }
    }

    async fn try_claim(
        &self,
        scope: &Scope,
        key: &[u8; 32],
        fingerprint: &[u8; 32],
    ) -> Result<Found, Stopped> {
        let database = &self.database;
        let now = database.clock().now();
        // Never before its lease is over.
        let keep = Duration::from(self.config.keep).max(self.config.lease.into());
        let until = now.saturating_add(keep);
        let mut tx = database.write(scope);
        let found = tx.key_row(key).await?;
        let id = match found {
            None => {
                let new = NewKeyRow {
                    key: key.to_vec(),
                    fingerprint: fingerprint.to_vec(),
                    status: None,
                    answer: None,
                    claimed_at: now,
                    expires_at: until,
                };
                tx.repo::<KeyRow>().insert(new).await?.id
            }
            Some(row) => {
                let lease = row.claimed_at.saturating_add(self.config.lease.into());
                let free = row.expires_at <= now || (row.status.is_none() && lease <= now);
                if !free {
                    tx.rollback().await?;
                    return self.told(scope, key, fingerprint, row);
                }
                let fresh = fingerprint.as_slice();
                let again = tx.claim_again(row.id, row.claimed_at, now, until, fresh);
                if again.await? != 1 {
                    return Err(Problem::new(Code::IDEMPOTENCY_IN_FLIGHT)
                        .retry_after(SOON)
                        .into());
                }
                row.id
            }
        };
        // From here on, so that a commit that got lost on the way leaves no key that nobody frees.
        let claim = Claim {
            store: self.clone(),
            scope: scope.clone(),
            id,
            at: now,
            kept: false,
        };
        tx.commit().await?;
        Ok(Found::Claimed(claim))
    }

    /// Tells what is known of a request that was made, or is being made.
    fn told(
        &self,
        scope: &Scope,
        key: &[u8; 32],
        fingerprint: &[u8; 32],
        row: KeyRow,
    ) -> Result<Found, Stopped> {
        if row.fingerprint != fingerprint {
            return Err(Problem::new(Code::IDEMPOTENCY_KEY_REUSED).into());
        }
        let Some(status) = row.status else {
            return Err(Problem::new(Code::IDEMPOTENCY_IN_FLIGHT)
                .retry_after(SOON)
                .into());
        };
        let context = answer::context(scope, key);
        let kept = row.answer.and_then(|answer| {
            let told = answer::again(self.database.keys(), &context, status, &answer);
            if told.is_none() {
                tracing::error!("a kept answer does not open with the configured master key");
            }
            told
        });
        let told = kept.ok_or_else(|| Problem::new(Code::IDEMPOTENCY_ANSWER_LOST))?;
        Ok(Found::Answer(Box::new(told)))
    }
}

impl Claim {
    /// Keeps the answer in a transaction. It stands with its commit, and the key is free again without.
    pub(super) async fn keep(
        self,
        tx: &mut TenantTx,
        status: u16,
        answer: Option<Vec<u8>>,
    ) -> Result<(), Problem> {
        let kept = tx
            .keep_answer(self.id, self.at, status.into(), answer)
            .await?;
        if kept != 1 {
            // It took longer than its lease, and somebody else makes the request.
            return Err(Problem::new(Code::IDEMPOTENCY_IN_FLIGHT).retry_after(SOON));
        }
        tx.after_commit(move || self.done()).await?;
        Ok(())
    }

    fn done(mut self) {
        self.kept = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (database, scope) = (self.store.database.clone(), self.scope.clone());
        let (id, at) = (self.id, self.at);
        runtime.spawn(async move {
            let mut tx = database.write(&scope);
            // When a commit got lost on the way, this waits for it, and finds an answer.
            let released = match tx.release_key(id, at).await {
                Ok(_) => tx.commit().await,
                Err(error) => Err(error),
            };
            if let Err(error) = released {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    error,
                    "an idempotency key stays claimed until its lease ends"
                );
            }
        });
    }
}

/// Why a key could not be claimed.
enum Stopped {
    Database(Error),
    Problem(Problem),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}
