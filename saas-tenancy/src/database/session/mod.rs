//! One connection with at most one transaction on it, from the first statement to the end.
//!
//! Why not the transactions of sqlx: in version 0.9.0 a future that is dropped while `BEGIN` is in
//! flight gives a connection with an open transaction back to the pool (transact-rs/sqlx#4385), and
//! the next request, perhaps of another tenant, goes on inside it. Here the rule is: a session is
//! marked open *before* anything is sent, and only a confirmed end marks it closed. A session that
//! is dropped open, at whatever await, is ended by a task of its own before the pool sees the
//! connection again: what the server is still doing for it is cancelled, and the transaction rolled
//! back. If that takes too long the connection is closed.

mod recovery;

use std::fmt;

#[cfg(feature = "postgres")]
use saas_core::TenantId;
use saas_core::failpoint::Failpoint;
use uuid::Uuid;

use super::{Database, Pools, Row, connection::Connection, slow::Timed};
#[cfg(feature = "postgres")]
use crate::Share;
use crate::{
    Dialect, Error, Value,
    error::Cause,
    sql::{Statement, raw},
};

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    /// Read on the primary.
    Primary,
    /// Read on the primary, all statements from the same state.
    Snapshot,
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

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Right after the commit.
    Commit,
    /// Also when the connection was lost with the commit on its way: it may have taken place.
    PossibleCommit,
}

const ENDED: Error = Error::Misuse("the transaction has ended");

/// A connection, and the transaction on it once there is one.
pub(crate) struct Session {
    database: Database,
    // INVARIANT: `None` only after `finish` or `drop` took it.
    connection: Option<Connection>,
    access: Access,
    context: Context,
    /// Whether the server was told to begin, and so has to be told to end.
    begun: bool,
    /// A statement failed or was cancelled; the transaction can only be rolled back. PostgreSQL
    /// answers COMMIT of a failed transaction with success and rolls back, so this has to be known here.
    failed: bool,
    /// Something was sent and its answer has not been read to the end.
    in_flight: bool,
    /// It is being brought to rest already; a task that is dropped then ends with its runtime.
    recovering: bool,
    /// The marks that were made and not left: how many hooks there were at each.
    marks: Vec<usize>,
    /// The process of the server that runs the transaction, where it is known.
    process: Option<i32>,
    /// Whether the connection is one to the replica.
    replicated: bool,
    after_commit: Vec<(After, Box<dyn FnOnce() + Send>)>,
    /// The place of the tenant among the connections.
    #[cfg(feature = "postgres")]
    share: Option<Share>,
}

impl Session {
    /// Takes a connection. Nothing is sent.
    ///
    /// # Cancel safety
    ///
    /// Safe: a future that is dropped leaves nothing behind on the connection.
    pub(crate) async fn open(
        database: &Database,
        access: Access,
        context: Context,
    ) -> Result<Self, Error> {
        #[cfg(feature = "postgres")]
        let share = match (database.pools(), context) {
            (Pools::Postgres(_), Context::Tenant(tenant)) => {
                let share = database.shares().take(TenantId::from_uuid(tenant)).await;
                Some(share.ok_or(Error::TenantBusy)?)
            }
            _ => None,
        };
        let (connection, process, replicated) = match database.pools() {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(pools) => {
                let pool = match access {
                    Access::Read | Access::Primary | Access::Snapshot => &pools.readers,
                    Access::Write => &pools.writer,
                };
                (Connection::Sqlite(pool.acquire().await?), None, false)
            }
            #[cfg(feature = "postgres")]
            Pools::Postgres(primary) => {
                let replica = database.replica();
                let pool = replica.and_then(|replica| replica.serves(access, context));
                let replicated = pool.is_some();
                let link = pool.unwrap_or(primary).acquire().await?;
                let process = link.process;
                (Connection::Postgres(link), process, replicated)
            }
        };
        database.monitor().opened();
        Ok(Self {
            database: database.clone(),
            connection: Some(connection),
            access,
            context,
            begun: false,
            failed: false,
            in_flight: false,
            recovering: false,
            marks: Vec::new(),
            process,
            replicated,
            after_commit: Vec::new(),
            #[cfg(feature = "postgres")]
            share,
        })
    }

    pub(crate) const fn access(&self) -> Access {
        self.access
    }

    /// Tells whether a transaction has begun.
    pub(crate) const fn begun(&self) -> bool {
        self.begun
    }

    pub(crate) fn after(&mut self, after: After, hook: Box<dyn FnOnce() + Send>) {
        self.after_commit.push((after, hook));
    }

    /// Goes on as somebody else inside the same transaction.
    pub(crate) async fn switch(&mut self, context: Context) -> Result<(), Error> {
        self.context = context;
        if self.begun && self.database.dialect() == Dialect::Postgres {
            self.send(raw::switch(context)?).await?;
        }
        Ok(())
    }

    /// Begins the transaction, unless that was done.
    ///
    /// # Cancel safety
    ///
    /// As the whole session: what was begun is rolled back.
    pub(crate) async fn begin(&mut self) -> Result<(), Error> {
        if self.begun {
            return Ok(());
        }
        let settings = match self.database.pools() {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(_) => None,
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => pool.settings(),
        };
        let dialect = self.database.dialect();
        let Some(begin) = raw::begin(dialect, self.access, self.context, settings)? else {
            return Ok(());
        };
        // Counts as begun before anything is sent.
        self.begun = true;
        match settings {
            // Behind a pooler the process is the transaction's own, and its answer tells which.
            Some(_) => {
                self.process = self
                    .guarded(async |connection| connection.ask(begin).await)
                    .await?;
            }
            None => self.send(begin).await?,
        }
        Ok(())
    }

    /// Runs a statement and gives all its rows.
    pub(crate) async fn fetch_all(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<Vec<Row>, Error> {
        self.prepare(&statement).await?;
        let _timed = Timed::begin(self.database.monitor(), &statement);
        self.guarded(async |connection| connection.fetch_all(statement, values).await)
            .await
    }

    /// Runs a statement and gives its row, if there is one.
    pub(crate) async fn fetch_optional(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<Option<Row>, Error> {
        self.prepare(&statement).await?;
        let _timed = Timed::begin(self.database.monitor(), &statement);
        self.guarded(async |connection| connection.fetch_optional(statement, values).await)
            .await
    }

    /// Runs a statement and gives the number of rows it changed.
    pub(crate) async fn execute(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<u64, Error> {
        self.prepare(&statement).await?;
        let _timed = Timed::begin(self.database.monitor(), &statement);
        self.guarded(async |connection| connection.execute(statement, values).await)
            .await
    }

    /// Marks a place to which the transaction can be rolled back without ending it. A transaction
    /// with a mark that was not [left](Session::leave) cannot be committed: its caller went away in
    /// between.
    pub(crate) async fn mark(&mut self) -> Result<(), Error> {
        self.begin().await?;
        self.marks.push(self.after_commit.len());
        self.send(raw::savepoint()).await
    }

    /// Gives up what happened since the last mark, or keeps it. What failed in between is mended by
    /// giving it up.
    pub(crate) async fn leave(&mut self, ending: Ending) -> Result<(), Error> {
        self.send(raw::leave_savepoint(ending)).await?;
        let hooks = self.marks.pop();
        if ending == Ending::Rollback {
            self.failed = false;
            // What is undone has no consequences either.
            self.after_commit.truncate(hooks.unwrap_or_default());
        }
        Ok(())
    }

    /// Tells whether a statement has failed, so that the transaction can only be rolled back.
    pub(crate) const fn failed(&self) -> bool {
        self.failed
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
            Ending::Commit if self.failed || !self.marks.is_empty() => {
                (Ending::Rollback, Err(Error::Aborted))
            }
            ending => (ending, Ok(())),
        };
        #[cfg(feature = "postgres")]
        if let (Ending::Commit, Access::Write, Some(replica)) =
            (ending, self.access, self.database.replica())
        {
            // Before the commit, so that there is no moment in which it is done and not noted.
            replica.written(self.context);
        }
        if self.in_flight {
            self.stop().await?;
        }
        if self.begun {
            let writes = ending == Ending::Commit && self.access == Access::Write;
            if writes {
                Failpoint::BeforeCommit.reach().await;
            }
            if let Err(error) = self.send(raw::end(ending)).await {
                if ending == Ending::Commit {
                    self.run_hooks(After::PossibleCommit);
                }
                return Err(error);
            }
            if writes {
                Failpoint::AfterCommit.reach().await;
            }
        }
        // The end is confirmed: the connection may go back as it is.
        drop(self.connection.take());
        self.database.monitor().ended();
        if ending == Ending::Commit {
            self.run_hooks(After::Commit);
        }
        result
    }

    /// Runs what comes after a commit, or what comes after one that may have taken place.
    fn run_hooks(&mut self, after: After) {
        for (wanted, hook) in self.after_commit.drain(..) {
            if after == After::Commit || wanted == after {
                hook();
            }
        }
    }

    /// Begins the transaction that a statement needs.
    async fn prepare(&mut self, statement: &Statement) -> Result<(), Error> {
        if self.begun && self.failed {
            // PostgreSQL refuses it by itself. SQLite may have rolled back by itself, and would run it for good.
            Err(Error::Aborted)
        } else if self.begun || statement.alone {
            Ok(())
        } else {
            self.begin().await
        }
    }

    /// Sends statements that carry no values and no input.
    async fn send(&mut self, statement: Statement) -> Result<(), Error> {
        self.guarded(async |connection| connection.send(statement).await)
            .await
    }

    /// Runs one exchange with the database. The session counts as failed until it succeeded, so
    /// that an exchange that was cancelled half way cannot be committed.
    async fn guarded<T>(
        &mut self,
        exchange: impl AsyncFnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let failed_before = std::mem::replace(&mut self.failed, true);
        self.in_flight = true;
        let connection = self.connection.as_mut().ok_or(ENDED)?;
        let mut result = exchange(connection).await;
        self.in_flight = false;
        // The server has become one that is only read, as when another has taken its place.
        if matches!(
            (&result, self.access),
            (Err(Error::ReadOnly), Access::Write)
        ) {
            connection.demote();
            let cause = "the server takes no writes";
            result = Err(Error::Unavailable(Cause::new(cause)));
        }
        match &result {
            Ok(_) => self.failed = failed_before,
            Err(error) => connection.suspect(error),
        }
        result
    }

    fn connection(&mut self) -> Result<&mut Connection, Error> {
        self.connection.as_mut().ok_or(ENDED)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("access", &self.access)
            .field("begun", &self.begun)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
