//! Values of tenants, kept for a while.

mod config;
mod counts;
mod entry;
mod flight;
#[cfg_attr(not(feature = "redis"), path = "alone.rs")]
mod second;
mod watch;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::{StreamExt as _, stream};
use moka::sync::Cache;
use saas_core::{Clock, Code, Problem};
use saas_tenancy::{Database, Error, Scope, TenantTx};
use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    config::CacheConfig,
    counts::{CacheCounts, CacheMetrics},
};
use self::{
    counts::Counts,
    entry::{EntryKey, Kept},
    flight::{Flights, UnderWay},
    watch::Invalidation,
};
#[cfg(feature = "redis")]
use crate::RedisConnection;

/// How many values are loaded at a time before anybody asks for them.
const WARMED_AT_ONCE: usize = 8;

/// Keeps values of tenants, bounded in number and time; cheap to clone.
///
/// A value belongs to the tenant of the scope that it was stored with. Under the same key every other
/// tenant finds its own value, or none. Within a tenant everybody finds the same: what depends on who asks
/// needs him in its key.
///
/// A key is looked up by its JSON, so it has to be written alike each time: no `HashMap` in it.
///
/// What is loaded is loaded once, however many ask for it at a time in one process. With
/// [`with_redis`](Self::with_redis) the instances of a service share what they have loaded.
///
/// Whoever changes what is kept says so in the transaction of the change, with [`invalidate`](Self::invalidate). Other
/// instances forget it when they hear of it, for which each has [`watch`](Self::watch) running, as a rule within
/// milliseconds; what was read before a change and arrives after it is not kept. Without `watch`, and when an instance
/// dies between its commit and what it has to say, a value lasts as long as [`CacheConfig`] lets it.
///
/// # Examples
///
/// ```
/// use saas_core::Problem;
/// use saas_edge::{CacheConfig, TenantCache};
/// use saas_tenancy::{Database, Error, Scope, TenantTx};
///
/// #[derive(Debug, Clone)]
/// struct Reports {
///     database: Database,
///     cache: TenantCache<u32, String>,
/// }
///
/// impl Reports {
///     fn new(database: Database) -> Self {
///         let cache = TenantCache::new("reports", &CacheConfig::default(), &database);
///         Self { database, cache }
///     }
///
///     async fn of_year(&self, scope: &Scope, year: u32) -> Result<Option<String>, Problem> {
///         let (database, owned) = (self.database.clone(), scope.clone());
///         let load = async move {
///             // Not from a replica: what it has not heard of yet would be kept.
///             let tx = database.read_primary(&owned);
///             // … `tx.repo::<Report>()` …
///             # drop(tx);
///             Ok(Some(format!("{year} of {}", owned.tenant().name())))
///         };
///         self.cache.get_or_load(scope, &year, load).await
///     }
///
///     async fn correct(&self, tx: &mut TenantTx, year: u32) -> Result<(), Error> {
///         // … the change …
///         self.cache.invalidate(tx, &year).await
///     }
/// }
/// ```
pub struct TenantCache<K, V>(Arc<Inner<V>>, std::marker::PhantomData<fn(&K)>);

struct Inner<V> {
    name: &'static str,
    config: CacheConfig,
    database: Database,
    here: Cache<EntryKey, Kept<V>>,
    flights: Flights<V>,
    counts: Counts,
    /// Counts what was invalidated, so that a value that was read before and arrives after is not kept.
    invalidations: AtomicU64,
    #[cfg(feature = "redis")]
    second: Option<second::Second>,
}

impl<K, V> TenantCache<K, V>
where
    K: Serialize,
    V: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    /// Makes an empty cache. Caches of one name in the instances of a service are one; two of one name in one service
    /// would take each other's values for theirs.
    #[must_use]
    pub fn new(name: &'static str, config: &CacheConfig, database: &Database) -> Self {
        let here = Cache::builder()
            .max_capacity(u64::from(config.entries))
            .support_invalidation_closures()
            .build();
        let inner = Inner {
            name,
            config: config.clone(),
            database: database.clone(),
            here,
            flights: Flights::default(),
            counts: Counts::default(),
            invalidations: AtomicU64::new(0),
            #[cfg(feature = "redis")]
            second: None,
        };
        Self(Arc::new(inner), std::marker::PhantomData)
    }

    /// Shares an empty cache with the other instances, in Redis. Each keeps what it has used in its process, too.
    ///
    /// Values are encrypted there with the keys of the database, and bound to their cache, tenant and key: who writes
    /// to that Redis can make none up, and none comes up as that of another tenant. He can put an old one back, for as
    /// long as its lifetime was.
    ///
    /// An instance that does not get an answer goes on without, and lets all instances begin anew with this cache when
    /// Redis is there again.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn with_redis(self, connection: RedisConnection) -> Self {
        let inner = &self.0;
        let second = second::Second::new(inner.name, connection, inner.database.keys().clone());
        let new = Self::new(inner.name, &inner.config, &inner.database);
        match Arc::try_unwrap(new.0) {
            Ok(mut inner) => {
                inner.second = Some(second);
                Self(Arc::new(inner), std::marker::PhantomData)
            }
            // Nobody else has it yet.
            Err(shared) => Self(shared, std::marker::PhantomData),
        }
    }

    /// Gives the value that the scope's tenant has under the key, or loads it and keeps it; nothing where there is
    /// none, which is kept too. [`warm`](Self::warm) has values before somebody asks for them.
    ///
    /// A load reads with a transaction of its own, because what the caller's has changed and not committed is nobody
    /// else's, and from the primary, because what a replica has not heard of would be kept for everybody.
    ///
    /// # Errors
    ///
    /// Those of `load`, for everybody who waits for it; nothing is kept then.
    ///
    /// # Cancel safety
    ///
    /// What was begun to be loaded is loaded and kept, also when the future is dropped.
    pub async fn get_or_load(
        &self,
        scope: &Scope,
        key: &K,
        load: impl Future<Output = Result<Option<V>, Problem>> + Send + 'static,
    ) -> Result<Option<V>, Problem> {
        let Ok(key) = EntryKey::of(scope, key) else {
            tracing::error!(cache = self.0.name, "a key cannot be written");
            return Err(Problem::new(Code::INTERNAL));
        };
        let now = self.now();
        if let Some(kept) = self.0.here.get(&key) {
            if now < kept.fresh_until {
                self.0.counts.here();
                return Ok(kept.value);
            }
            if now < kept.stale_until {
                self.0.counts.stale();
                drop(self.flight(key, load));
                return Ok(kept.value);
            }
        }
        self.flight(key, load).await
    }

    /// Loads what is not kept before anybody asks for it, such as after a start: a few at a time, each as
    /// [`get_or_load`](Self::get_or_load) does. Gives how many could not be loaded; those are left to whoever asks.
    ///
    /// # Cancel safety
    ///
    /// What was begun to be loaded is loaded and kept, also when the future is dropped.
    pub async fn warm<F>(
        &self,
        scope: &Scope,
        keys: impl IntoIterator<Item = K>,
        load: impl Fn(&K) -> F,
    ) -> usize
    where
        F: Future<Output = Result<Option<V>, Problem>> + Send + 'static,
    {
        let loads = keys.into_iter().map(|key| {
            let value = load(&key);
            async move { self.get_or_load(scope, &key, value).await.is_err() }
        });
        let loads = stream::iter(loads).buffer_unordered(WARMED_AT_ONCE);
        let failed = loads.filter(|failed| std::future::ready(*failed));
        failed.count().await
    }

    /// Gives what this process keeps under the key and is fresh: a value, or that there is none. Otherwise
    /// [`get_or_load`](Self::get_or_load) finds it out.
    pub(crate) fn known(&self, scope: &Scope, key: &K) -> Option<Option<V>> {
        let key = EntryKey::of(scope, key).ok()?;
        let kept = self.0.here.get(&key)?;
        if self.now() >= kept.fresh_until {
            return None;
        }
        self.0.counts.here();
        Some(kept.value)
    }

    /// Forgets what the transaction's tenant has under the key, everywhere, when the transaction is committed.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] when the key cannot be written; otherwise as the database answers.
    pub async fn invalidate(&self, tx: &mut TenantTx, key: &K) -> Result<(), Error> {
        let key = EntryKey::of(tx.scope(), key)
            .map_err(|error| Error::InvalidValue(saas_tenancy::Cause::new(error)))?;
        self.tell(tx, Invalidation::One(key)).await
    }

    /// Forgets everything that the transaction's tenant has, everywhere, when the transaction is committed.
    ///
    /// # Errors
    ///
    /// As the database answers.
    pub async fn invalidate_all(&self, tx: &mut TenantTx) -> Result<(), Error> {
        let tenant = tx.scope().tenant().id();
        self.tell(tx, Invalidation::All(tenant)).await
    }

    /// Tells how often what happened.
    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        self.0.counts.read(self.0.name, self.0.here.entry_count())
    }

    fn flight(
        &self,
        key: EntryKey,
        load: impl Future<Output = Result<Option<V>, Problem>> + Send + 'static,
    ) -> flight::Waiting<V> {
        let inner = Arc::clone(&self.0);
        let before = inner.invalidations.load(Ordering::SeqCst);
        self.0
            .flights
            .join(key, &self.0.counts, move |number| async move {
                let _under_way = UnderWay {
                    flights: &inner.flights,
                    key,
                    number,
                };
                inner.fetch(key, before, load).await
            })
    }

    fn now(&self) -> saas_core::Timestamp {
        self.0.clock().now()
    }
}

impl<V> Inner<V>
where
    V: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    fn clock(&self) -> &Arc<dyn Clock> {
        self.database.clock()
    }

    /// Looks into the second level, and loads what is not there.
    async fn fetch(
        &self,
        key: EntryKey,
        before: u64,
        load: impl Future<Output = Result<Option<V>, Problem>>,
    ) -> Result<Option<V>, Problem> {
        let found = self.found(key).await;
        let known = found.as_ref().and_then(second::Found::kept);
        if let Some(kept) = known.filter(|kept: &Kept<V>| self.clock().now() < kept.fresh_until) {
            self.counts.second();
            let kept = kept.within(self.clock().now(), &self.config);
            self.keep_here(key, kept.clone(), before);
            return Ok(kept.value);
        }
        self.counts.load();
        let value = load.await?;
        self.keep(key, value.clone(), before, found).await;
        Ok(value)
    }

    async fn keep(
        &self,
        key: EntryKey,
        value: Option<V>,
        before: u64,
        found: Option<second::Found>,
    ) {
        let now = self.clock().now();
        let kept = Kept::new(value, key, now, &self.config);
        #[cfg(feature = "redis")]
        if let (Some(second), Some(found)) = (&self.second, found) {
            second
                .store(key, &kept, kept.stale_until.since(now), &found)
                .await;
        }
        #[cfg(not(feature = "redis"))]
        let _ = found;
        self.keep_here(key, kept, before);
    }

    fn keep_here(&self, key: EntryKey, kept: Kept<V>, before: u64) {
        if self.invalidations.load(Ordering::SeqCst) != before {
            return;
        }
        self.here.insert(key, kept);
        if self.invalidations.load(Ordering::SeqCst) != before {
            self.here.invalidate(&key);
        }
    }

    async fn found(&self, key: EntryKey) -> Option<second::Found> {
        #[cfg(feature = "redis")]
        if let Some(second) = &self.second {
            return second.find(key).await;
        }
        let _ = key;
        None
    }
}

impl<K, V> Clone for TenantCache<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), std::marker::PhantomData)
    }
}

impl<K, V> fmt::Debug for TenantCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantCache")
            .field("name", &self.0.name)
            .field("entries", &self.0.here.entry_count())
            .finish_non_exhaustive()
    }
}
