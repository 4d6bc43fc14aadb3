//! The connections.
//!
//! Why not the pool of sqlx: it starts a task whenever a connection comes back, and there waits for the thread of the
//! connection to answer, for each request.

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use deadpool::managed::{Manager, Metrics, Object, RecycleResult};

use crate::{
    Error,
    database::{DatabaseConfig, pool},
};

/// A connection taken from the pool; it goes back when it is dropped.
pub(crate) type Pooled = Object<Connector>;

/// Connections that live as long as the pool: each is a thread and a file, and nothing gets better by a new one.
pub(crate) struct Pool {
    links: deadpool::managed::Pool<Connector>,
}

/// One connection.
pub(crate) struct Link {
    pub(crate) connection: SqliteConnection,
    /// Something failed on it, so it is asked for a sign of life before it is used again.
    pub(crate) suspect: bool,
    _alive: TaskTrackerToken,
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
        let links = pool::build(connector, connections, config)?;
        let pool = Self { links };
        drop(pool.acquire().await?);
        Ok(pool)
    }

    /// Takes a connection, or waits for one as long as the configuration says.
    pub(crate) async fn acquire(&self) -> Result<Pooled, Error> {
        self.links.get().await.map_err(pool::unavailable)
    }

    /// Gives the number of open and of idle connections.
    pub(super) fn size(&self) -> (u32, u32) {
        pool::size(self.links.status())
    }

    /// Closes the pool and waits for the connections in use to end. The last one that closes puts what is in the log
    /// of writes into the file.
    pub(super) async fn close(&self) {
        let idle = self.links.retain(|_, _| false).removed;
        self.links.close();
        for link in idle {
            if let Err(error) = link.connection.close().await {
                tracing::warn!(%error, "a connection could not be closed");
            }
        }
        let alive = &self.links.manager().alive;
        alive.close();
        alive.wait().await;
    }
}

impl Manager for Connector {
    type Type = Link;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Link, sqlx::Error> {
        // To connect takes a large future, and whoever waits for a connection would carry it.
        let connection = Box::pin(SqliteConnection::connect_with(&self.options)).await?;
        Ok(Link {
            connection,
            suspect: false,
            _alive: self.alive.token(),
        })
    }

    async fn recycle(&self, link: &mut Link, _: &Metrics) -> RecycleResult<sqlx::Error> {
        if link.suspect {
            link.connection.ping().await?;
            link.suspect = false;
        }
        Ok(())
    }
}
