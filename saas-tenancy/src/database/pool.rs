//! What the pools of both databases have in common.

use std::time::Duration;

use deadpool::{
    Runtime, Status,
    managed::{Manager, Pool, PoolError, QueueMode, Timeouts},
};

use super::DatabaseConfig;
use crate::{Error, error::Cause};

/// Makes a pool whose connections are waited for as long as the configuration says.
pub(super) fn build<M: Manager>(
    manager: M,
    connections: u32,
    config: &DatabaseConfig,
) -> Result<Pool<M>, Error> {
    let timeout = Some(Duration::from(config.acquire_timeout));
    Pool::builder(manager)
        .max_size(usize::try_from(connections.max(1)).unwrap_or(usize::MAX))
        .timeouts(Timeouts {
            wait: timeout,
            create: timeout,
            recycle: timeout,
        })
        // The one that was used last is the likeliest to be alive, and the others may age.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| Error::Config(format!("the pool cannot be made: {error}")))
}

/// Gives the number of open and of idle connections.
pub(super) fn size(status: Status) -> (u32, u32) {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (count(status.size), count(status.available.min(status.size)))
}

/// Says why there is no connection.
pub(super) fn unavailable(error: PoolError<sqlx::Error>) -> Error {
    match error {
        PoolError::Backend(error) => Error::from(error),
        other => Error::Unavailable(Cause::new(other.to_string())),
    }
}
