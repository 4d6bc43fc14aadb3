//! The connections.
//!
//! Why not the pool of sqlx: it starts a task whenever a connection comes back, and there waits for the thread of the
//! connection to answer, for each request.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use deadpool::managed::{Manager, Metrics, Object, RecycleError, RecycleResult};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::{
    Error,
    database::{DatabaseConfig, pool},
};

/// After about so many steps of its virtual machine SQLite asks whether a statement is to go on.
const STEPS: i32 = 4096;

/// A connection taken from the pool; it goes back when it is dropped.
pub(crate) type Pooled = Object<Connector>;

/// Connections that live as long as the pool: each is a thread and a file, and nothing gets better by a new one.
pub(crate) struct Pool {
    links: pool::Pool<Connector>,
}

/// One connection.
pub(crate) struct Link {
    // INVARIANT: `None` only in `drop`.
    connection: Option<SqliteConnection>,
    /// Whether the thread is to end what it is at.
    stopped: Arc<AtomicBool>,
    /// Something failed on it, so it is asked for a sign of life before it is used again.
    pub(crate) suspect: bool,
    /// What it has open is no good any more, and it is not used again.
    pub(crate) demoted: bool,
    alive: Option<TaskTrackerToken>,
}

/// Opens connections.
pub(crate) struct Connector {
    options: SqliteConnectOptions,
    alive: TaskTracker,
}

impl Pool {
    /// Opens a pool and its first connection.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        connections: u32,
        config: &DatabaseConfig,
    ) -> Result<Self, Error> {
        let connector = Connector {
            options,
            alive: TaskTracker::new(),
        };
        let links = pool::Pool::new(connector, connections, config)?;
        let pool = Self { links };
        drop(pool.acquire().await?);
        Ok(pool)
    }

    /// Takes a connection, or waits for one as long as the configuration says.
    pub(crate) async fn acquire(&self) -> Result<Pooled, Error> {
        self.links.acquire().await
    }

    pub(super) fn size(&self) -> pool::Size {
        self.links.size()
    }

    /// Closes the pool and waits until all connections are closed, those that are in use once they come back.
    pub(super) async fn close(&self) {
        self.links.close();
        let alive = &self.links.manager().alive;
        alive.close();
        alive.wait().await;
    }
}

impl Link {
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        self.connection.as_mut().ok_or(sqlx::Error::WorkerCrashed)
    }

    /// Stops what the thread is still doing for an exchange whose caller went away, and waits for its end.
    pub(crate) async fn settle(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(connection) = &mut self.connection {
            // It is answered after what was asked before.
            self.suspect |= connection.ping().await.is_err();
        }
        self.stopped.store(false, Ordering::Relaxed);
    }

    /// Notes what an error says about the connection. What SQLite refused by its own rules says nothing.
    pub(crate) fn failed(&mut self, error: &Error) {
        let (Error::Unavailable(cause) | Error::Database(cause)) = error else {
            return;
        };
        self.suspect = true;
        let code = cause
            .database()
            .and_then(|error| error.code()?.parse::<u32>().ok());
        // IOERR, CORRUPT, CANTOPEN, NOTADB: the file is another one, or was not there when it was opened.
        self.demoted |= code.is_some_and(|code| matches!(code & 0xff, 10 | 11 | 14 | 26));
    }
}

impl Drop for Link {
    /// The thread ends by itself. Whoever closes the pool waits for it: the last that has the file open puts what is in
    /// the log of writes (WAL) into it.
    fn drop(&mut self) {
        let (connection, alive) = (self.connection.take(), self.alive.take());
        if let (Some(connection), Ok(runtime)) = (connection, tokio::runtime::Handle::try_current())
        {
            runtime.spawn(async move {
                if let Err(error) = connection.close().await {
                    tracing::warn!(%error, "a connection could not be closed");
                }
                drop(alive);
            });
        }
    }
}

impl Manager for Connector {
    type Type = Link;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Link, sqlx::Error> {
        // First, so that who closes the pool waits for one that is being opened.
        let alive = Some(self.alive.token());
        // To connect takes a large future, and whoever waits for a connection would carry it.
        let mut connection = Box::pin(SqliteConnection::connect_with(&self.options)).await?;
        let stopped = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stopped);
        let mut handle = connection.lock_handle().await?;
        handle.set_progress_handler(STEPS, move || !asked.load(Ordering::Relaxed));
        drop(handle);
        Ok(Link {
            connection: Some(connection),
            stopped,
            suspect: false,
            demoted: false,
            alive,
        })
    }

    async fn recycle(&self, link: &mut Link, _: &Metrics) -> RecycleResult<sqlx::Error> {
        if link.demoted {
            return Err(RecycleError::message("what it has open is no good"));
        }
        if link.suspect {
            link.connection()?.ping().await?;
            link.suspect = false;
        }
        Ok(())
    }
}
