//! The connections.
//!
//! Why not the pool of sqlx: it asks the server for a sign of life whenever a connection comes back,
//! a round trip for each request, and it cannot say which process of the server a connection talks
//! to, which has to be known to cancel what it is doing.

use std::{str::FromStr as _, time::Duration};

use deadpool::managed::{Manager, Metrics, Object, RecycleError, RecycleResult};
use sqlx::{
    Connection as _, PgConnection, Row as _,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::sync::Mutex;
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::{
    Error,
    database::{DatabaseConfig, LocalSettings, pool},
    sql::raw,
};

/// A connection that nobody used for so long is asked for a sign of life before it is used.
const STALE: Duration = Duration::from_secs(30);

/// A connection is replaced when it is so old, so that the server's memory for it is freed and a
/// server that was added behind a name is found.
const MAX_AGE: Duration = Duration::from_secs(30 * 60);

/// A connection taken from the pool; it goes back when it is dropped.
pub(crate) type Pooled = Object<Connector>;

pub(crate) struct Pool {
    links: pool::Pool<Connector>,
    /// Sends cancellations. It is opened when the first is needed.
    control: Mutex<Option<PgConnection>>,
    /// What each transaction sets for itself, where a connection cannot.
    settings: Option<LocalSettings>,
}

/// One connection.
pub(crate) struct Link {
    pub(crate) connection: PgConnection,
    /// The process of the server at its other end; unknown behind a pooler, where it changes from
    /// one transaction to the next.
    pub(crate) process: Option<i32>,
    /// Something failed on it, so it is asked for a sign of life before it is used again.
    pub(crate) suspect: bool,
    /// It leads to a server that takes no writes any more, and is not used again.
    pub(crate) demoted: bool,
    /// Whether a transaction pooler stands between. Prepared statements are then not kept.
    pub(crate) pooler: bool,
    _alive: TaskTrackerToken,
}

/// Opens connections.
pub(crate) struct Connector {
    options: PgConnectOptions,
    pooler: bool,
    alive: TaskTracker,
}

impl Pool {
    /// Opens a pool and its first connection.
    pub(crate) async fn open(url: &str, config: &DatabaseConfig) -> Result<Self, Error> {
        let connector = Connector {
            options: options(url, config)?,
            pooler: config.pooler,
            alive: TaskTracker::new(),
        };
        let links = pool::Pool::new(connector, config.max_connections, config)?;
        let pool = Self {
            links,
            control: Mutex::new(None),
            settings: config.pooler.then(|| LocalSettings::new(config)),
        };
        drop(pool.acquire().await?);
        Ok(pool)
    }

    /// Takes a connection, or waits for one as long as the configuration says.
    pub(crate) async fn acquire(&self) -> Result<Pooled, Error> {
        self.links.acquire().await
    }

    /// Takes an idle connection if there is one.
    pub(super) async fn idle(&self) -> Result<Option<Pooled>, Error> {
        if self.links.status().available == 0 {
            return Ok(None);
        }
        self.acquire().await.map(Some)
    }

    /// Opens a connection of its own that listens.
    pub(crate) async fn listener(&self) -> Result<PgListener, Error> {
        let options = self.links.manager().options.clone();
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options);
        Ok(PgListener::connect_with(&pool).await?)
    }

    /// How long whoever wants a connection waits for one.
    pub(super) fn patience(&self) -> Duration {
        self.links.patience()
    }

    /// Opens a connection beside the pool.
    pub(super) async fn open_one(&self) -> Result<PgConnection, sqlx::Error> {
        Box::pin(PgConnection::connect_with(&self.links.manager().options)).await
    }

    /// Asks the server for an answer.
    pub(crate) async fn ping(&self) -> Result<(), Error> {
        Ok(self.acquire().await?.connection.ping().await?)
    }

    /// Gives what each transaction has to set for itself; nothing where the connections have it set.
    pub(crate) const fn settings(&self) -> Option<LocalSettings> {
        self.settings
    }

    pub(crate) fn size(&self) -> pool::Size {
        self.links.size()
    }

    /// Asks the server to stop what one of its processes is doing, and waits until the request is
    /// delivered, so that it cannot meet a later statement.
    ///
    /// A cancellation that arrives between two statements has no effect: a process that waits for a
    /// command ignores it.
    pub(crate) async fn cancel(&self, process: i32) -> Result<(), Error> {
        let mut control = self.control.lock().await;
        let mut connection = match control.take() {
            Some(connection) => connection,
            None => self.open_one().await?,
        };
        // One message: behind a pooler, two could go to two servers.
        sqlx::raw_sql(raw::cancel(process).sql)
            .execute(&mut connection)
            .await?;
        *control = Some(connection);
        Ok(())
    }

    /// Closes the pool and waits for the connections in use to end.
    pub(crate) async fn close(&self) {
        self.links.close();
        drop(self.control.lock().await.take());
        let alive = &self.links.manager().alive;
        alive.close();
        alive.wait().await;
    }
}

impl Manager for Connector {
    type Type = Link;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Link, sqlx::Error> {
        // First, so that who closes the pool waits for one that is being opened.
        let alive = self.alive.token();
        // To connect takes a large future, and whoever waits for a connection would carry it.
        let mut connection = Box::pin(PgConnection::connect_with(&self.options)).await?;
        let process = if self.pooler {
            None
        } else {
            // One message, so one round trip more for each connection.
            let answer = sqlx::raw_sql("SELECT pg_backend_pid()");
            Some(answer.fetch_one(&mut connection).await?.try_get(0)?)
        };
        Ok(Link {
            connection,
            process,
            suspect: false,
            demoted: false,
            pooler: self.pooler,
            _alive: alive,
        })
    }

    async fn recycle(&self, link: &mut Link, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() > MAX_AGE {
            return Err(RecycleError::message("the connection is old"));
        }
        if link.demoted {
            return Err(RecycleError::message("the server takes no writes"));
        }
        if link.suspect || metrics.last_used() > STALE {
            link.connection.ping().await?;
            link.suspect = false;
        }
        Ok(())
    }
}

fn options(url: &str, config: &DatabaseConfig) -> Result<PgConnectOptions, Error> {
    let options = PgConnectOptions::from_str(url)
        // The text of the error may repeat the URL and with it the password.
        .map_err(|_| Error::Config("database.url is not a URL of PostgreSQL".to_owned()))?
        .application_name("saas");
    if config.pooler {
        // Poolers refuse settings at the start of a connection; each transaction makes its own.
        return Ok(options.statement_cache_capacity(0));
    }
    let limits = LocalSettings::new(config);
    Ok(options.options([
        ("statement_timeout", limits.statement_timeout.to_string()),
        ("lock_timeout", limits.lock_timeout.to_string()),
        (
            "idle_in_transaction_session_timeout",
            limits.idle_in_transaction_timeout.to_string(),
        ),
        ("timezone", "UTC".to_owned()),
    ]))
}
