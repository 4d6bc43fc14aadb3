//! A copy of the database that is read from.

use moka::sync::Cache;
use uuid::Uuid;

use super::{Access, Context, DatabaseConfig, Pools, postgres::Pool};
use crate::Error;

/// How many tenants may write within the lag. Of more, some would read old rows; so all read new ones then.
const MAX_WRITERS: u64 = 100_000;

/// A replica, and who may not read from it yet.
pub(crate) struct Replica {
    pool: Pool,
    /// The tenants that have written within the lag.
    writers: Cache<Uuid, ()>,
}

impl Replica {
    /// Connects to the replica that the configuration names, if it names one.
    pub(super) async fn open(
        pools: &Pools,
        config: &DatabaseConfig,
    ) -> Result<Option<Self>, Error> {
        let Some(url) = &config.read_url else {
            return Ok(None);
        };
        let url = url.expose();
        let postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        if !matches!(pools, Pools::Postgres(_)) || !postgres {
            return Err(Error::Config(
                "database.read_url is the URL of a replica of PostgreSQL".to_owned(),
            ));
        }
        let writers = Cache::builder()
            .max_capacity(MAX_WRITERS)
            .time_to_live(config.replica_lag.into())
            .build();
        Ok(Some(Self {
            pool: Pool::open(url, config).await?,
            writers,
        }))
    }

    pub(super) const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Gives the pool for a transaction that may run here.
    pub(super) fn serves(&self, access: Access, context: Context) -> Option<&Pool> {
        match (access, context) {
            (Access::Read, Context::Tenant(tenant))
                if !self.writers.contains_key(&tenant)
                    && self.writers.entry_count() < MAX_WRITERS =>
            {
                Some(&self.pool)
            }
            // The service itself reads what it decides by: accounts, keys, tenants.
            _ => None,
        }
    }

    /// Notes that a tenant is about to commit. From now on it reads from the primary.
    pub(super) fn written(&self, context: Context) {
        if let Context::Tenant(tenant) = context {
            self.writers.insert(tenant, ());
        }
    }
}
