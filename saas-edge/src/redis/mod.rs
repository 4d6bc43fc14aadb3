//! The Redis that the instances of a service share, and what happens without it.
//!
//! Nothing waits for Redis longer than [`RedisConfig::timeout`]. After the first answer that does not come, or is an
//! error, nobody asks it any more, until a task has found in the background that it takes what it is given: a
//! request does not pay for finding that out. So an outage costs the requests that were under way one timeout
//! each, and the later ones nothing. What each user of the connection does meanwhile stands with that user.

mod bus;
mod config;
mod health;

use std::{fmt, sync::Arc, time::Duration};

use ::redis::{AsyncConnectionConfig, Client, RedisError, RedisResult, aio::MultiplexedConnection};
use saas_core::config::ConfigError;
use tokio::{sync::watch, task::AbortHandle};

pub use bus::RedisBus;
pub use config::RedisConfig;

/// How many commands may be on their way at a time before callers wait for each other.
const PIPELINE: usize = 1024;

/// A connection to Redis that comes back by itself; cheap to clone.
///
/// It is one server, or one address that stands for it: not a cluster.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use saas_core::{Secret, SystemClock, config::ConfigError};
/// use saas_edge::{RedisBus, RedisConfig, RedisConnection, RedisLimiter};
/// use saas_tenancy::Database;
///
/// async fn shared(url: &str, database: Database) -> Result<(RedisLimiter, Database), ConfigError> {
///     let mut config = RedisConfig::default();
///     config.url = Some(Secret::new(url.to_owned()));
///     // There is none only where the configuration names none.
///     let redis = RedisConnection::open(&config).await?;
///     let redis = redis.ok_or_else(|| ConfigError::value("redis.url", "is missing"))?;
///     let limiter = RedisLimiter::new(redis.clone(), SystemClock::shared());
///     // Where a pooler stands in front of PostgreSQL.
///     Ok((limiter, database.with_bus(Arc::new(RedisBus::new(redis)))))
/// }
/// ```
#[derive(Clone)]
pub struct RedisConnection(Arc<Inner>);

struct Inner {
    client: Client,
    live: watch::Sender<Option<Live>>,
    prefix: String,
    timeout: Duration,
    /// How long a connection may take to be made.
    patience: Duration,
    task: AbortHandle,
}

/// A connection that works, as far as is known.
#[derive(Clone)]
struct Live {
    number: u64,
    connection: MultiplexedConnection,
    /// The name that the server gave itself when it was started; empty where it does not tell.
    server: Arc<str>,
}

impl RedisConnection {
    /// Connects, if the configuration names a Redis, and keeps connected for as long as this or a clone exists.
    ///
    /// A Redis that does not answer is no error: it is tried again.
    ///
    /// # Errors
    ///
    /// When `redis.url` is not the URL of a Redis. The URL is not repeated.
    pub async fn open(config: &RedisConfig) -> Result<Option<Self>, ConfigError> {
        let Some(url) = &config.url else {
            return Ok(None);
        };
        let client = Client::open(url.expose().as_str()).map_err(|_| {
            ConfigError::value(
                "redis.url",
                "is not the URL of a Redis, such as `redis://user:password@host:6379/0`, or `rediss://…` for TLS",
            )
        })?;
        let (timeout, patience) = (
            Duration::from(config.timeout),
            Duration::from(config.connect_timeout),
        );
        let live = watch::Sender::new(None);
        let keeper = Keeper {
            client: client.clone(),
            connection: AsyncConnectionConfig::new()
                .set_connection_timeout(Some(patience))
                .set_response_timeout(Some(timeout))
                .set_pipeline_buffer_size(PIPELINE),
            probe: format!("{}alive", config.prefix),
            pause: config.pause.into(),
            live: live.clone(),
        };
        let task = tokio::spawn(keeper.keep()).abort_handle();
        let connection = Self(Arc::new(Inner {
            client,
            patience,
            live,
            prefix: config.prefix.clone(),
            timeout,
            task,
        }));
        // So that the first requests find it. Whether it is there is told by the task.
        let _ = tokio::time::timeout(patience, connection.connected()).await;
        Ok(Some(connection))
    }

    /// Waits until Redis answers.
    pub async fn connected(&self) {
        // The sender is ours, so it does not end.
        let _ = self.0.live.subscribe().wait_for(Option::is_some).await;
    }

    /// Tells whether Redis has answered, the last time that anybody asked it.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.0.live.borrow().is_some()
    }

    /// What every key begins with.
    pub(crate) fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// For connections of their own.
    fn client(&self) -> Client {
        self.0.client.clone()
    }

    fn patience(&self) -> Duration {
        self.0.patience
    }

    /// Asks Redis. Gives nothing when it cannot be asked, does not answer in time or answers with an error, and
    /// nobody asks again then until it works.
    pub(crate) async fn ask<T, F>(
        &self,
        command: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Option<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        self.ask_server(|connection, _| command(connection)).await
    }

    /// Does so with the name of the server. One that was started again, from what it had written down, or another one that
    /// takes its place, has another name.
    pub(crate) async fn ask_server<T, F>(
        &self,
        command: impl FnOnce(MultiplexedConnection, Arc<str>) -> F,
    ) -> Option<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let live = self.0.live.borrow().clone()?;
        let number = live.number;
        let command = command(live.connection, live.server);
        let reason = match tokio::time::timeout(self.0.timeout, command).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => reason(&error),
            Err(_) => "no answer in time".to_owned(),
        };
        // Of many who find out at once one says so, and nobody ends a connection that has been made since.
        self.0.live.send_if_modified(|live| {
            let ours = live.as_ref().is_some_and(|live| live.number == number);
            if ours {
                tracing::warn!(
                    reason,
                    "Redis does not answer: this instance goes on by itself"
                );
                *live = None;
            }
            ours
        });
        None
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for RedisConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConnection")
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}

/// The task that makes connections.
struct Keeper {
    client: Client,
    connection: AsyncConnectionConfig,
    /// A key that is written to find out whether that can be done.
    probe: String,
    pause: Duration,
    live: watch::Sender<Option<Live>>,
}

impl Keeper {
    async fn keep(self) {
        let (mut number, mut told) = (0, false);
        let mut lives = self.live.subscribe();
        loop {
            match self.connect().await {
                Ok((connection, server)) => {
                    if number > 0 || told {
                        tracing::info!("Redis answers");
                    }
                    (number, told) = (number + 1, false);
                    let live = Live {
                        number,
                        connection,
                        server,
                    };
                    self.live.send_replace(Some(live));
                    let _ = lives.wait_for(Option::is_none).await;
                }
                Err(error) if number == 0 && !told => {
                    told = true;
                    let reason = reason(&error);
                    tracing::warn!(
                        reason,
                        "Redis does not answer: this instance goes on by itself"
                    );
                }
                Err(_) => {}
            }
            tokio::time::sleep(self.pause).await;
        }
    }

    /// Connects, and writes: a replica, or a server that has no room, answers and is of no use.
    async fn connect(&self) -> RedisResult<(MultiplexedConnection, Arc<str>)> {
        let config = &self.connection;
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(config);
        let mut connection = made.await?;
        let mut write = ::redis::cmd("SET");
        write.arg(&self.probe).arg(1).arg("PX").arg(1000);
        write.exec_async(&mut connection).await?;
        let mut info = ::redis::cmd("INFO");
        info.arg("server");
        let told: Option<String> = match info.query_async(&mut connection).await {
            Ok(told) => Some(told),
            // Not everybody may ask for it.
            Err(error) if error.code().is_some() => None,
            Err(error) => return Err(error),
        };
        let mut lines = told.as_deref().unwrap_or_default().lines();
        let server = lines.find_map(|line| line.strip_prefix("run_id:"));
        Ok((connection, server.unwrap_or_default().trim().into()))
    }
}

/// What may be logged of an error: its kind, and none of its text, which may repeat what was sent.
fn reason(error: &RedisError) -> String {
    error.code().unwrap_or(error.category()).to_owned()
}
