//! Changes made by other instances.

#[cfg(feature = "postgres")]
use std::time::Duration;

#[cfg(feature = "postgres")]
use sqlx::postgres::PgListener;

#[cfg(feature = "postgres")]
use super::Change;
use super::Registry;
#[cfg(feature = "postgres")]
use crate::{Error, database::Pools, database::postgres::Pool};

/// How long to wait before a lost connection is tried again.
#[cfg(feature = "postgres")]
const PAUSE: Duration = Duration::from_secs(1);

impl Registry {
    /// Follows what other instances change, until the future is dropped: what they change is forgotten
    /// here as soon as they commit it, and everything is forgotten whenever the connection was lost, because
    /// a message may have been lost with it. Without it a change is seen after
    /// [`RegistryConfig::cache_lifetime`](super::RegistryConfig::cache_lifetime).
    ///
    /// It listens on a connection of its own (PostgreSQL, LISTEN). On SQLite, where there is one instance,
    /// and behind a transaction pooler, which cannot pass such messages on, it waits and does nothing.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped at any time.
    pub async fn watch(&self) {
        #[cfg(feature = "postgres")]
        if let Pools::Postgres(pool) = self.database.pools()
            && pool.settings().is_none()
        {
            self.watch_on(pool).await;
        }
        std::future::pending().await
    }

    #[cfg(feature = "postgres")]
    async fn watch_on(&self, pool: &Pool) {
        loop {
            let ended = match pool.listener().await {
                Ok(listener) => self.follow(listener).await,
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "changes of tenants are not followed at the moment"
                );
            }
            self.cache.forget_all();
            tokio::time::sleep(PAUSE).await;
        }
    }

    #[cfg(feature = "postgres")]
    async fn follow(&self, mut listener: PgListener) -> Result<(), Error> {
        listener.listen("saas_registry").await?;
        // What changed before the first message could arrive.
        self.cache.forget_all();
        while let Some(message) = listener.try_recv().await? {
            // Anybody who may connect can send here, so a message is a hint to look again and no more.
            match serde_json::from_str::<Change>(message.payload()) {
                Ok(change) => self.cache.forget(&change),
                Err(_) => self.cache.forget_all(),
            }
        }
        Ok(())
    }
}
