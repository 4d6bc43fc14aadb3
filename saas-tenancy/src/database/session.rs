//! One connection with one transaction on it, from the first statement to the end.
//!
//! Why not the transactions of sqlx: in version 0.9.0 a future that is dropped while `BEGIN` is in
//! flight gives a connection with an open transaction back to the pool (transact-rs/sqlx#4385), and
//! the next request, perhaps of another tenant, goes on inside it. Here the rule is: a session is
//! marked open *before* anything is sent, and only a confirmed end marks it closed. A session that
//! is dropped open, at whatever await, is rolled back by a task of its own before the pool sees the
//! connection again; if that takes too long the connection is closed.

use std::{fmt, sync::Arc};

use sqlx::pool::PoolConnection;
use uuid::Uuid;

use super::{Database, Monitor, Pools, Row, row::Inner};
use crate::{
    Error, Value,
    sql::{Statement, raw},
};

/// Whether a transaction may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// What the database is told about who asks. On PostgreSQL the policies read it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Context {
    Tenant(Uuid),
    System {
        reason: &'static str,
        user: Option<Uuid>,
    },
}

/// How to end a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Commit,
    Rollback,
}

/// A connection inside a transaction.
pub(crate) struct Session {
    // INVARIANT: `None` only after `finish` or `drop` took it.
    connection: Option<Connection>,
    access: Access,
    /// Whether the server was told to begin, and so has to be told to end.
    begun: bool,
    monitor: Arc<Monitor>,
    /// A statement failed or was cancelled; the transaction can only be rolled back. PostgreSQL
    /// answers COMMIT of a failed transaction with success and rolls back, so this has to be known here.
    failed: bool,
    after_commit: Vec<Box<dyn FnOnce() + Send>>,
}

enum Connection {
    #[cfg(feature = "sqlite")]
    Sqlite(PoolConnection<sqlx::Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(PoolConnection<sqlx::Postgres>),
}

impl Session {
    /// Takes a connection and begins.
    ///
    /// # Cancel safety
    ///
    /// Safe: a future that is dropped leaves nothing behind on the connection.
    pub(crate) async fn begin(
        database: &Database,
        access: Access,
        context: Context,
    ) -> Result<Self, Error> {
        let connection = match database.pools() {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(pools) => Connection::Sqlite(
                match access {
                    Access::Read => &pools.readers,
                    Access::Write => &pools.writer,
                }
                .acquire()
                .await?,
            ),
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => Connection::Postgres(pool.acquire().await?),
        };
        let monitor = Arc::clone(database.monitor());
        monitor.opened();
        // From here on the session counts as open, before BEGIN is even sent.
        let mut session = Self {
            connection: Some(connection),
            access,
            begun: false,
            monitor,
            failed: false,
            after_commit: Vec::new(),
        };
        if let Some(begin) = raw::begin(database.dialect(), access, context)? {
            session.begun = true;
            session.send(begin).await?;
        }
        Ok(session)
    }

    /// Goes on as somebody else inside the same transaction.
    pub(crate) async fn switch(&mut self, context: Context) -> Result<(), Error> {
        match self.connection()? {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => self.send(raw::switch(context)?).await,
        }
    }

    pub(crate) const fn access(&self) -> Access {
        self.access
    }

    pub(crate) fn after_commit(&mut self, hook: Box<dyn FnOnce() + Send>) {
        self.after_commit.push(hook);
    }

    pub(crate) async fn fetch_all(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<Vec<Row>, Error> {
        self.guarded(async |connection| match connection {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => {
                let arguments = super::sqlite::bind(values)?;
                let rows = sqlx::query_with(statement, arguments)
                    .fetch_all(&mut **connection)
                    .await?;
                Ok(rows
                    .into_iter()
                    .map(|row| Row(Inner::Sqlite(row)))
                    .collect())
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => {
                let arguments = super::postgres::bind(values)?;
                let rows = sqlx::query_with(statement, arguments)
                    .fetch_all(&mut **connection)
                    .await?;
                Ok(rows
                    .into_iter()
                    .map(|row| Row(Inner::Postgres(row)))
                    .collect())
            }
        })
        .await
    }

    pub(crate) async fn fetch_optional(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<Option<Row>, Error> {
        self.guarded(async |connection| match connection {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => {
                let arguments = super::sqlite::bind(values)?;
                let row = sqlx::query_with(statement, arguments)
                    .fetch_optional(&mut **connection)
                    .await?;
                Ok(row.map(|row| Row(Inner::Sqlite(row))))
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => {
                let arguments = super::postgres::bind(values)?;
                let row = sqlx::query_with(statement, arguments)
                    .fetch_optional(&mut **connection)
                    .await?;
                Ok(row.map(|row| Row(Inner::Postgres(row))))
            }
        })
        .await
    }

    /// Runs a statement and gives the number of rows it changed.
    pub(crate) async fn execute(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<u64, Error> {
        self.guarded(async |connection| match connection {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => {
                let arguments = super::sqlite::bind(values)?;
                Ok(sqlx::query_with(statement, arguments)
                    .execute(&mut **connection)
                    .await?
                    .rows_affected())
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => {
                let arguments = super::postgres::bind(values)?;
                Ok(sqlx::query_with(statement, arguments)
                    .execute(&mut **connection)
                    .await?
                    .rows_affected())
            }
        })
        .await
    }

    /// Ends the transaction and gives the connection back.
    ///
    /// # Errors
    ///
    /// When a commit is asked for and a statement had failed, the transaction is rolled back and the
    /// answer is [`Error::Aborted`].
    ///
    /// # Cancel safety
    ///
    /// Runs to its end in a task of its own: dropping the future does not stop a commit half way.
    pub(crate) async fn finish(self, ending: Ending) -> Result<(), Error> {
        match tokio::spawn(self.finish_here(ending)).await {
            Ok(result) => result,
            Err(_) => Err(Error::Misuse(
                "the runtime was shut down while a transaction ended",
            )),
        }
    }

    /// Ends the transaction without waiting for it.
    pub(crate) fn abandon(self) {
        drop(self);
    }

    async fn finish_here(mut self, ending: Ending) -> Result<(), Error> {
        let (ending, result) = match ending {
            Ending::Commit if self.failed => (Ending::Rollback, Err(Error::Aborted)),
            ending => (ending, Ok(())),
        };
        if self.begun {
            self.send(raw::end(ending)).await?;
        }
        // The end is confirmed: the connection may go back as it is.
        drop(self.connection.take());
        self.monitor.ended();
        if ending == Ending::Commit {
            for hook in self.after_commit.drain(..) {
                hook();
            }
        }
        result
    }

    /// Sends statements that carry no values and no input.
    async fn send(&mut self, statement: Statement) -> Result<(), Error> {
        self.guarded(async |connection| match connection {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => Ok(sqlx::raw_sql(statement)
                .execute(&mut **connection)
                .await
                .map(drop)?),
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => Ok(sqlx::raw_sql(statement)
                .execute(&mut **connection)
                .await
                .map(drop)?),
        })
        .await
    }

    /// Runs one exchange with the database. The session counts as failed until it succeeded, so
    /// that an exchange that was cancelled half way cannot be committed.
    async fn guarded<T>(
        &mut self,
        exchange: impl AsyncFnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let failed_before = std::mem::replace(&mut self.failed, true);
        let result = exchange(self.connection()?).await;
        if result.is_ok() {
            self.failed = failed_before;
        }
        result
    }

    fn connection(&mut self) -> Result<&mut Connection, Error> {
        self.connection
            .as_mut()
            .ok_or(Error::Misuse("the transaction has ended"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        let monitor = Arc::clone(&self.monitor);
        match tokio::runtime::Handle::try_current() {
            // Nothing was begun, so nothing stays open; the connection may go back as it is.
            Ok(_) if !self.begun => {
                drop(connection);
                monitor.ended();
            }
            Ok(runtime) => drop(runtime.spawn(recover(connection, self.failed, monitor))),
            // Without a runtime nothing can be sent. Closing the socket makes the server roll back.
            Err(_) => {
                connection.discard();
                monitor.discarded();
            }
        }
    }
}

/// Rolls back what a caller left open. `half_way` tells whether it went away during an exchange.
async fn recover(mut connection: Connection, half_way: bool, monitor: Arc<Monitor>) {
    match tokio::time::timeout(monitor.recovery_timeout(), connection.rollback()).await {
        Ok(Ok(())) => {
            // Returned first, so that whoever sees the count sees a connection that can be used.
            drop(connection);
            if half_way {
                monitor.recovered();
            } else {
                monitor.ended();
            }
        }
        Ok(Err(_)) | Err(_) => {
            tracing::warn!(
                "a cancelled transaction could not be rolled back; its connection is closed"
            );
            connection.discard();
            monitor.discarded();
        }
    }
}

impl Connection {
    async fn rollback(&mut self) -> Result<(), Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => {
                match sqlx::raw_sql(raw::end(Ending::Rollback))
                    .execute(&mut **connection)
                    .await
                {
                    Ok(_) => Ok(()),
                    // BEGIN never ran; there is nothing to roll back.
                    Err(sqlx::Error::Database(error))
                        if error.message().contains("no transaction is active") =>
                    {
                        Ok(())
                    }
                    Err(error) => Err(error.into()),
                }
            }
            // PostgreSQL answers ROLLBACK outside a transaction with a warning.
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => sqlx::raw_sql(raw::end(Ending::Rollback))
                .execute(&mut **connection)
                .await
                .map(drop)
                .map_err(Error::from),
        }
    }

    /// Takes the connection out of the pool and closes it.
    fn discard(self) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => drop(connection.detach()),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => drop(connection.detach()),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("access", &self.access)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
