//! How to connect.

use std::time::Duration;

use saas_core::{
    Secret,
    config::{Period, masked, positive},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// Says which database to use and what to bear from it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DatabaseConfig {
    /// `sqlite://path/to/file` or `postgres://user:password@host/database`. It holds a password, so
    /// it is a secret.
    #[serde(serialize_with = "masked")]
    pub url: Secret<String>,
    /// Whether a transaction pooler, such as PgBouncer, stands between the service and PostgreSQL.
    /// Every statement then goes inside a transaction, nothing is kept prepared, and the limits of
    /// time are set in each transaction, because such a pooler may give each to another connection.
    pub pooler: bool,
    /// The URL of a replica (PostgreSQL). Reading transactions go there, except those of a tenant that has just
    /// written.
    #[serde(serialize_with = "masked")]
    pub read_url: Option<Secret<String>>,
    /// How far the replica may be behind. For so long after a commit the tenant that wrote reads from the
    /// primary, through the instance that it wrote through.
    pub replica_lag: Period,
    /// The largest number of connections (on SQLite: of readers; there is always one writer).
    #[serde(deserialize_with = "positive")]
    pub max_connections: u32,
    /// How many of the connections the transactions of one tenant may use at a time (PostgreSQL). Left out, three
    /// quarters of them: a tenant that floods the service leaves a quarter to the others.
    #[serde(deserialize_with = "share")]
    pub tenant_connections: Option<u32>,
    /// How many bytes of the file each connection keeps in memory (SQLite): as much as all of them may come to hold, one after
    /// the other, while the file grows.
    pub page_cache: u64,
    /// How long a request waits for a free connection before it gets 503.
    #[serde(deserialize_with = "positive")]
    pub acquire_timeout: Period,
    /// How long one statement may run (PostgreSQL).
    pub statement_timeout: Period,
    /// How long a statement waits for a lock (PostgreSQL) or for the writer (SQLite).
    pub lock_timeout: Period,
    /// How long the server bears a transaction in which nothing happens (PostgreSQL).
    pub idle_in_transaction_timeout: Period,
    /// From which time on a statement is logged as slow, without its values; zero for none.
    pub slow_statement: Period,
    /// How long the end of a cancelled transaction may take before its connection is closed.
    pub recovery_timeout: Period,
}

fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match Option::deserialize(deserializer)? {
        Some(0) => Err(D::Error::custom("a tenant needs at least one")),
        share => Ok(share),
    }
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        let seconds = |seconds| Period::from(Duration::from_secs(seconds));
        Self {
            url: Secret::from("sqlite://data/app.db"),
            pooler: false,
            read_url: None,
            replica_lag: seconds(10),
            max_connections: 10,
            tenant_connections: None,
            page_cache: 2 << 20,
            acquire_timeout: seconds(3),
            statement_timeout: seconds(30),
            lock_timeout: seconds(5),
            idle_in_transaction_timeout: seconds(60),
            slow_statement: Period::from(Duration::from_millis(500)),
            recovery_timeout: seconds(5),
        }
    }
}

impl DatabaseConfig {
    /// How many connections one tenant may use at a time. Below four it is all of them, because a handler may need two.
    #[cfg(feature = "postgres")]
    pub(crate) fn share(&self) -> usize {
        let all = self.max_connections.max(1);
        let share = self.tenant_connections.unwrap_or(all - all / 4);
        usize::try_from(share).unwrap_or(usize::MAX)
    }

    /// Takes a URL, and the defaults for everything else.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url.into()),
            ..Self::default()
        }
    }
}

/// Limits that each transaction sets for itself where a connection cannot, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalSettings {
    pub(crate) statement_timeout: u64,
    pub(crate) lock_timeout: u64,
    pub(crate) idle_in_transaction_timeout: u64,
}

impl LocalSettings {
    pub(crate) fn new(config: &DatabaseConfig) -> Self {
        let millis =
            |period: Period| u64::try_from(Duration::from(period).as_millis()).unwrap_or(u64::MAX);
        Self {
            statement_timeout: millis(config.statement_timeout),
            lock_timeout: millis(config.lock_timeout),
            idle_in_transaction_timeout: millis(config.idle_in_transaction_timeout),
        }
    }
}
