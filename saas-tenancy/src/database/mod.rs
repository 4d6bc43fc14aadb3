//! The connection to a database. Its pools are private to this crate: whoever wants to reach
//! tenant data has to come through a scope.
//!
//! One handle serves both dialects, chosen at run time by the URL. On SQLite there is one writer,
//! because SQLite has one anyway, and a pool of readers beside it (WAL). On PostgreSQL there is one
//! pool, and the role it connects as must neither own the tables nor be above row-level security;
//! [`verify`](crate::verify) checks that.

mod config;
mod connection;
mod pool;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "postgres")]
mod replica;
mod row;
mod session;
mod slow;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
mod state;

use std::{fmt, sync::Arc};

use saas_core::{Clock, KeyRing, bus::EventBus};

pub use config::DatabaseConfig;
pub(crate) use config::LocalSettings;
#[cfg(feature = "postgres")]
pub(crate) use replica::Replica;
pub use row::Row;
pub(crate) use session::{Access, After, Context, Ending, Session};
pub(crate) use state::Monitor;
pub use state::{ConnectionAudit, DatabaseState};

#[cfg(feature = "postgres")]
use crate::Shares;
use crate::{
    Error, Reason, Scope, SystemScope, TenantTx,
    error::Cause,
    scope::Actor,
    signal::{Carrier, Local},
    transaction::SystemTx,
};

/// Which SQL a database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite, embedded.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A handle on the database, cheap to clone.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let url = format!("sqlite://{}/app.db", folder.path().display());
/// use saas_core::{KeyRing, SystemClock};
/// use saas_tenancy::{Database, DatabaseConfig};
///
/// let config = DatabaseConfig::new(url);
/// let database = Database::connect(&config, KeyRing::generate()?, SystemClock::shared()).await?;
/// # let _ = database;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
    bus: Option<Arc<Carrier>>,
}

struct Inner {
    pools: Pools,
    #[cfg(feature = "postgres")]
    replica: Option<Replica>,
    keys: KeyRing,
    clock: Arc<dyn Clock>,
    monitor: Arc<Monitor>,
    local: Local,
    /// What each tenant may use of the connections.
    #[cfg(feature = "postgres")]
    shares: Shares,
}

pub(crate) enum Pools {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Pools),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Pool),
}

impl Database {
    /// Connects to the database that the URL names and checks that it answers.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the URL cannot be used, or names a database whose feature is not
    /// compiled in; [`Error::Unavailable`] when the database does not answer.
    pub async fn connect(
        config: &DatabaseConfig,
        keys: KeyRing,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let monitor = Arc::new(Monitor::new(config));
        let url = config.url.expose().as_str();
        let pools = match url.split_once(':') {
            #[cfg(feature = "sqlite")]
            Some(("sqlite", _)) => Pools::Sqlite(sqlite::open(url, config).await?),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => {
                Pools::Postgres(postgres::Pool::open(url, config).await?)
            }
            _ => {
                return Err(Error::Config(
                    "database.url must start with `sqlite://` or `postgres://`, and the feature of that database must be \
                     compiled in"
                        .to_owned(),
                ));
            }
        };
        Ok(Self {
            bus: None,
            inner: Arc::new(Inner {
                #[cfg(feature = "postgres")]
                replica: Replica::open(&pools, config).await?,
                pools,
                keys,
                clock,
                monitor,
                local: Local::default(),
                #[cfg(feature = "postgres")]
                shares: Shares::new(config.share(), usize::MAX, config.acquire_timeout.into()),
            }),
        })
    }

    /// Lets [signals](Self::signals) travel by another bus: where a pooler that shares connections between
    /// transactions stands in front of PostgreSQL, which cannot pass them on. They are sent after the commit then.
    ///
    /// It holds for this handle and its clones.
    #[must_use]
    pub fn with_bus(mut self, bus: Arc<dyn EventBus>) -> Self {
        self.bus = Some(Arc::new(Carrier::new(bus)));
        self
    }

    pub(crate) const fn bus(&self) -> Option<&Arc<Carrier>> {
        self.bus.as_ref()
    }

    /// Tells whether a pooler that shares connections between transactions stands in front of the database, as the
    /// configuration says. [Signals](Self::signals) need [another bus](Self::with_bus) then.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.dialect() == Dialect::Postgres && !self.reads_alone()
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn shares(&self) -> &Shares {
        &self.inner.shares
    }

    /// Tells which SQL the database speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self.inner.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Pools::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Opens a read-only transaction in the scope's tenant. It begins with its first statement.
    ///
    /// Where [`DatabaseConfig::read_url`] names a replica it may run there, and then sees what the primary had
    /// up to [`DatabaseConfig::replica_lag`] ago. What the tenant has written through this instance it always
    /// sees. Where even more is needed, such as a check before something that cannot be undone, open
    /// [`Database::write`].
    #[must_use]
    pub fn read(&self, scope: &Scope) -> TenantTx {
        TenantTx::new(self.clone(), scope.clone(), Access::Read)
    }

    /// Opens a read-only transaction in the scope's tenant as [`Database::read`] does, but always on the primary:
    /// for what must not be taken for good after it has ended, such as a credential.
    #[must_use]
    pub fn read_primary(&self, scope: &Scope) -> TenantTx {
        TenantTx::new(self.clone(), scope.clone(), Access::Primary)
    }

    /// Opens a read-only transaction in the scope's tenant whose statements all see the same state, that of the
    /// primary at its first statement: for what has to be read together and may not be old.
    #[must_use]
    pub fn read_snapshot(&self, scope: &Scope) -> TenantTx {
        TenantTx::new(self.clone(), scope.clone(), Access::Snapshot)
    }

    /// Opens a transaction in the scope's tenant. It begins with its first statement, and has no
    /// effect unless it is committed.
    #[must_use = "a transaction that is not committed has no effect"]
    pub fn write(&self, scope: &Scope) -> TenantTx {
        TenantTx::new(self.clone(), scope.clone(), Access::Write)
    }

    /// Opens a read-only transaction over tables that belong to no tenant.
    #[must_use]
    pub fn system_read<R: Reason>(&self, scope: &SystemScope<R>) -> SystemTx {
        SystemTx::new(self.clone(), Actor::System(scope.reason()), Access::Read)
    }

    /// Opens a transaction over tables that belong to no tenant. It has no effect unless it is
    /// committed.
    #[must_use = "a transaction that is not committed has no effect"]
    pub fn system_write<R: Reason>(&self, scope: &SystemScope<R>) -> SystemTx {
        SystemTx::new(self.clone(), Actor::System(scope.reason()), Access::Write)
    }

    /// Gives the clock that the database layer stamps rows with.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Gives the keys that cursors are sealed with.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.inner.keys
    }

    /// Closes all connections once the transactions that use them have ended.
    pub async fn close(&self) {
        match &self.inner.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(pools) => pools.close().await,
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => {
                if let Some(replica) = &self.inner.replica {
                    replica.pool().close().await;
                }
                pool.close().await;
            }
        }
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.inner.pools
    }

    /// Tells whether a reading statement that carries its tenant by itself is cheaper than a
    /// transaction. Behind a pooler it would not even be safe: preparing and running a statement are two
    /// exchanges, which may go to two connections.
    pub(crate) fn reads_alone(&self) -> bool {
        match &self.inner.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => pool.settings().is_none(),
        }
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn replica(&self) -> Option<&Replica> {
        self.inner.replica.as_ref()
    }

    pub(crate) fn local(&self) -> &Local {
        &self.inner.local
    }

    pub(crate) fn monitor(&self) -> &Arc<Monitor> {
        &self.inner.monitor
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("dialect", &self.dialect())
            .finish_non_exhaustive()
    }
}

/// PostgreSQL cannot hold a NUL in text. SQLite can, but cuts the text there in some functions; the
/// two refuse alike.
fn without_nul(text: &str) -> Result<&str, Error> {
    if text.contains('\0') {
        Err(Error::InvalidValue(Cause::new("text with a NUL")))
    } else {
        Ok(text)
    }
}
