//! What the pools of both databases have in common.

use std::time::Duration;

use deadpool::{
    Runtime, Status,
    managed::{Manager, Object, PoolError, QueueMode, Timeouts},
};

use super::DatabaseConfig;
use crate::{Error, error::Cause};

/// How many connections there are.
pub(crate) struct Size {
    pub(crate) open: u32,
    pub(crate) idle: u32,
    /// How many may be open.
    pub(crate) most: u32,
}

/// Connections of one kind.
pub(super) struct Pool<M: Manager> {
    links: deadpool::managed::Pool<M>,
    /// How long one is waited for, whether for one to come back or for a new one.
    patience: Duration,
}

impl<M: Manager<Error = sqlx::Error>> Pool<M> {
    pub(super) fn new(
        manager: M,
        connections: u32,
        config: &DatabaseConfig,
    ) -> Result<Self, Error> {
        let links = deadpool::managed::Pool::builder(manager)
            .max_size(usize::try_from(connections.max(1)).unwrap_or(usize::MAX))
            // One time for all of it is below.
            .timeouts(Timeouts::default())
            // The one that was used last is the likeliest to be alive, and the others may age.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Config(format!("the pool cannot be made: {error}")))?;
        Ok(Self {
            links,
            patience: config.acquire_timeout.into(),
        })
    }

    /// Takes a connection, or waits for one as long as the configuration says.
    pub(super) async fn acquire(&self) -> Result<Object<M>, Error> {
        let unavailable = |why: String| Error::Unavailable(Cause::new(why));
        match tokio::time::timeout(self.patience, self.links.get()).await {
            Ok(Ok(link)) => Ok(link),
            Ok(Err(PoolError::Backend(error))) => Err(Error::from(error)),
            Ok(Err(other)) => Err(unavailable(other.to_string())),
            Err(_) => Err(unavailable("no connection came free in time".to_owned())),
        }
    }

    pub(super) const fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) fn manager(&self) -> &M {
        self.links.manager()
    }

    pub(super) fn status(&self) -> Status {
        self.links.status()
    }

    pub(super) fn size(&self) -> Size {
        let status = self.status();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Size {
            open: count(status.size),
            idle: count(status.available.min(status.size)),
            most: count(status.max_size),
        }
    }

    /// Gives no connection out any more, and drops those that nobody uses.
    pub(super) fn close(&self) {
        self.links.close();
    }
}
