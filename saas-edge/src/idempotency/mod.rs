//! Requests that are sent twice and done once: the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
//!
//! A client that does not know whether its request arrived sends it again with the same key. The first one that
//! arrives claims the key, in a transaction of its own. When it succeeds, its answer is kept in the transaction of
//! what it did, so there is neither an effect without the answer nor an answer without the effect; whoever sends the
//! key again is told that answer. When it fails, the key is free again.
//!
//! A key is one of its caller in its tenant, and is good for one request: the method, the address, the body and the headers
//! that say what it means are hashed. Answers are kept encrypted. One with `Cache-Control: no-store`, which a handler gives to what is shown once,
//! is not kept: whoever asks for it again is told that the request took place.
//!
//! ```
//! use http::Method;
//! use saas_edge::idempotency::{Idempotency, IdempotencyConfig, IdempotencyLayer};
//! use saas_tenancy::Database;
//!
//! fn layer(database: Database) -> IdempotencyLayer {
//!     IdempotencyLayer::new(Idempotency::new(database, IdempotencyConfig::default()))
//! }
//! ```
//!
//! The layer stands inside of `TransactionLayer` and of whatever decides whether the request may be made, so that an
//! answer is told to nobody who might not ask for it now.
//!
//! A handler that does not use the transaction of its request has its answer kept right after it. When the process
//! ends in between, or the client goes away, the request is done again.

mod answer;
mod claim;
mod key;
mod layer;
mod row;
mod service;

use std::time::Duration;

use saas_core::config::{Period, positive};
use saas_tenancy::{Database, EntityTable, Error, Migration, Module, Scope};
use serde::{Deserialize, Serialize};

use self::row::{KeyRow, KeyRows as _};
pub use self::{layer::IdempotencyLayer, service::IdempotencyService};

/// The table of keys.
pub const MODULE: Module = Module::new("saas_edge")
    .migrations(&[
        Migration::new(
            1,
            "idempotency",
            include_str!("../../migrations/sqlite/0001_idempotency.sql"),
            include_str!("../../migrations/postgres/0001_idempotency.sql"),
        ),
        Migration::postgres(
            2,
            "guards",
            include_str!("../../migrations/postgres/0002_guards.sql"),
        ),
    ])
    .entities(&[EntityTable::new::<KeyRow>()]);

/// Bounds of what is kept.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct IdempotencyConfig {
    /// For how long an answer is told again.
    #[serde(deserialize_with = "positive")]
    pub keep: Period,
    /// How long a request may take before its key can be claimed anew; longer than any handler takes. An upload that takes
    /// longer can be begun a second time beside the first.
    #[serde(deserialize_with = "positive")]
    pub lease: Period,
    /// How many bytes of a body are compared, besides its announced length. They are held in memory.
    pub compared: u64,
    /// The largest answer that is kept, in bytes. Whoever asks for a larger one again is told that it was done.
    pub answer: u64,
}

impl Default for IdempotencyConfig {
    fn default() -> Self {
        Self {
            keep: Duration::from_secs(86_400).into(),
            lease: Duration::from_secs(60).into(),
            compared: 1 << 20,
            answer: 64 << 10,
        }
    }
}

/// Keeps which requests were made; cheap to clone.
#[derive(Debug, Clone)]
pub struct Idempotency {
    database: Database,
    config: IdempotencyConfig,
}

impl Idempotency {
    /// Keeps them in a database that has [`MODULE`].
    #[must_use]
    pub const fn new(database: Database, config: IdempotencyConfig) -> Self {
        Self { database, config }
    }

    /// Forgets the keys of a tenant whose time is over. Gives how many.
    ///
    /// # Errors
    ///
    /// As the database answers.
    ///
    /// # Cancel safety
    ///
    /// Some of them are forgotten then, and the others next time.
    pub async fn sweep(&self, scope: &Scope) -> Result<u64, Error> {
        let (now, mut swept) = (self.database.clock().now(), 0);
        loop {
            let mut tx = self.database.write(scope);
            let part = tx.forget_keys(now, PART).await?;
            tx.commit().await?;
            swept += part;
            if part < PART.unsigned_abs() {
                return Ok(swept);
            }
        }
    }
}

/// So many keys are forgotten at once: others may want to write meanwhile.
const PART: i64 = 1000;
