//! What the connections are doing, for metrics and for tests that look for leaks.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use saas_core::{
    health::{Check, Health, Outage},
    metrics::{Kind, Metrics, MetricsText},
};
use serde::Serialize;

use super::{Database, DatabaseConfig, Pools, pool::Size};
use crate::Error;

/// Shows the state of the connections at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DatabaseState {
    /// Open connections.
    pub connections: u32,
    /// Open connections that nobody uses.
    pub idle: u32,
    /// How many may be open.
    pub max_connections: u32,
    /// Transactions that have begun and not ended, those being recovered included.
    pub open_transactions: i64,
    /// Transactions whose caller went away half way and that were rolled back since the start.
    pub recovered: u64,
    /// Connections that were closed since the start because they could not be recovered in time.
    pub discarded: u64,
    /// Statements since the start that took longer than
    /// [`slow_statement`](super::DatabaseConfig::slow_statement).
    pub slow: u64,
}

/// Shows what idle connections still carry. Everything should be zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConnectionAudit {
    /// Connections looked at.
    pub examined: u32,
    /// Connections that sit in a transaction.
    pub in_transaction: u32,
    /// Connections that still carry a tenant, a user or a system scope.
    pub with_tenant: u32,
    /// Session-level advisory locks held.
    pub advisory_locks: u32,
    /// Temporary tables left behind.
    pub temporary_tables: u32,
}

impl Metrics for DatabaseState {
    fn write(&self, text: &mut MetricsText) {
        let gauges: [(&str, &str, i64); 4] = [
            ("connections", "Open connections.", self.connections.into()),
            (
                "idle_connections",
                "Open connections that nobody uses.",
                self.idle.into(),
            ),
            (
                "max_connections",
                "How many connections may be open.",
                self.max_connections.into(),
            ),
            (
                "open_transactions",
                "Transactions that have begun and not ended.",
                self.open_transactions,
            ),
        ];
        for (name, help, value) in gauges {
            text.gauge(&format!("saas_db_{name}"), help, value);
        }
        let counters = [
            (
                "recovered_transactions",
                "Transactions rolled back after their caller went away.",
                self.recovered,
            ),
            (
                "discarded_connections",
                "Connections closed because they could not be recovered.",
                self.discarded,
            ),
            (
                "slow_statements",
                "Statements that took longer than `database.slow_statement`.",
                self.slow,
            ),
        ];
        for (name, help, value) in counters {
            text.family(&format!("saas_db_{name}_total"), help, Kind::Counter)
                .count(&[], value);
        }
    }
}

impl Metrics for ConnectionAudit {
    fn write(&self, text: &mut MetricsText) {
        for (name, help, value) in [
            (
                "in_transaction",
                "Idle connections that sit in a transaction.",
                self.in_transaction,
            ),
            (
                "with_tenant",
                "Idle connections that still carry a tenant.",
                self.with_tenant,
            ),
            (
                "advisory_locks",
                "Advisory locks held by idle connections.",
                self.advisory_locks,
            ),
            (
                "temporary_tables",
                "Temporary tables left on idle connections.",
                self.temporary_tables,
            ),
        ] {
            text.gauge(&format!("saas_db_idle_{name}"), help, value);
        }
    }
}

/// Whether it answers within [`Health::TIMEOUT`].
#[async_trait]
impl Check for Database {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn check(&self) -> Result<(), String> {
        match tokio::time::timeout(Health::TIMEOUT, self.ping()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err("does not answer".to_owned()),
            Err(_) => Err("answers too slowly".to_owned()),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Monitor {
    open: AtomicI64,
    recovered: AtomicU64,
    discarded: AtomicU64,
    slow: AtomicU64,
    recovery_timeout: Duration,
    slow_statement: Duration,
}

impl Monitor {
    pub(crate) fn new(config: &DatabaseConfig) -> Self {
        Self {
            recovery_timeout: config.recovery_timeout.into(),
            slow_statement: config.slow_statement.into(),
            ..Self::default()
        }
    }

    pub(crate) const fn recovery_timeout(&self) -> Duration {
        self.recovery_timeout
    }

    pub(super) const fn slow_statement(&self) -> Duration {
        self.slow_statement
    }

    pub(super) fn was_slow(&self) {
        self.slow.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ended(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn recovered(&self) {
        self.recovered.fetch_add(1, Ordering::Relaxed);
        self.ended();
    }

    pub(crate) fn discarded(&self) {
        self.discarded.fetch_add(1, Ordering::Relaxed);
        self.ended();
    }
}

impl Database {
    /// Shows what the connections are doing now. It costs nothing.
    #[must_use]
    pub fn state(&self) -> DatabaseState {
        let Size { open, idle, most } = match self.pools() {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(pools) => pools.size(),
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => pool.size(),
        };
        let monitor = self.monitor();
        DatabaseState {
            connections: open,
            idle,
            max_connections: most,
            open_transactions: monitor.open.load(Ordering::Relaxed),
            recovered: monitor.recovered.load(Ordering::Relaxed),
            discarded: monitor.discarded.load(Ordering::Relaxed),
            slow: monitor.slow.load(Ordering::Relaxed),
        }
    }

    /// Takes every idle connection out of the pool and looks at what its session still carries.
    ///
    /// It asks the server one question a connection, so it is for tests and for an operator, not
    /// for every request. SQLite has no session state to look at; there it gives zeros.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn audit_connections(&self) -> Result<ConnectionAudit, Error> {
        match self.pools() {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(_) => Ok(ConnectionAudit::default()),
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => super::postgres::audit(pool).await,
        }
    }

    /// Looks all the time whether PostgreSQL answers, on a connection of its own, and notes an outage within two
    /// seconds and a half: a server that is cut off or frozen says nothing, and whoever has asked would wait for as long as
    /// a handler may take. Run it beside the requests, and give the outage to
    /// [`edge::stack_with`](saas_core::edge::stack_with).
    ///
    /// It never returns. SQLite is never away, and behind a pooler a question may have to wait for others; there it does
    /// nothing.
    ///
    /// # Cancel safety
    ///
    /// The outage stays as it was noted last.
    pub async fn watch(&self, outage: &Outage) {
        let _ = outage;
        match self.pools() {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(_) => std::future::pending().await,
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) if pool.settings().is_none() => pool.watch(outage).await,
            #[cfg(feature = "postgres")]
            Pools::Postgres(_) => std::future::pending().await,
        }
    }

    /// Asks the database for an answer.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there is none.
    pub async fn ping(&self) -> Result<(), Error> {
        match self.pools() {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(pools) => pools.ping().await,
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => pool.ping().await,
        }
    }
}
