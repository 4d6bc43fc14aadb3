//! How to connect.

use std::time::Duration;

use saas_core::{Secret, config::Period};
use serde::Deserialize;

/// Says which database to use and what to bear from it.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DatabaseConfig {
    /// `sqlite://path/to/file` or `postgres://user:password@host/database`. It holds a password, so
    /// it is a secret.
    pub url: Secret<String>,
    /// The largest number of connections (on SQLite: of readers; there is always one writer).
    pub max_connections: u32,
    /// How long a request waits for a free connection before it gets 503.
    pub acquire_timeout: Period,
    /// How long one statement may run (PostgreSQL).
    pub statement_timeout: Period,
    /// How long a statement waits for a lock (PostgreSQL) or for the writer (SQLite).
    pub lock_timeout: Period,
    /// How long the server bears a transaction in which nothing happens (PostgreSQL).
    pub idle_in_transaction_timeout: Period,
    /// How long the end of a cancelled transaction may take before its connection is closed.
    pub recovery_timeout: Period,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        let seconds = |seconds| Period::from(Duration::from_secs(seconds));
        Self {
            url: Secret::from("sqlite://data/app.db"),
            max_connections: 10,
            acquire_timeout: seconds(3),
            statement_timeout: seconds(30),
            lock_timeout: seconds(5),
            idle_in_transaction_timeout: seconds(60),
            recovery_timeout: seconds(5),
        }
    }
}

impl DatabaseConfig {
    /// Takes a URL, and the defaults for everything else.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url.into()),
            ..Self::default()
        }
    }
}
