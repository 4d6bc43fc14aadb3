//! Values of tenants, kept for a while.

use std::{
    fmt,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::sync::Cache;
use saas_core::{Clock, TenantId, Timestamp, config::Period};
use saas_tenancy::Scope;
use serde::Deserialize;

/// Bounds of a cache.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CacheConfig {
    /// How many values are kept, of all tenants together.
    pub entries: u32,
    /// How long a value may be used.
    pub lifetime: Period,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            entries: 10_000,
            lifetime: Duration::from_secs(60).into(),
        }
    }
}

/// Keeps values of tenants in this process, bounded in number and time; cheap to clone.
///
/// A value belongs to the tenant of the scope that it was stored with. Under the same key every other
/// tenant finds its own value, or none. Within a tenant everybody finds the same: what depends on who asks
/// needs him in its key.
#[derive(Clone)]
pub struct TenantCache<K, V> {
    values: Cache<(TenantId, K), Kept<V>>,
    lifetime: Duration,
    clock: Arc<dyn Clock>,
    /// Counts what was invalidated, so that a value that was read before and arrives after is not kept.
    invalidations: Arc<AtomicU64>,
}

#[derive(Clone)]
struct Kept<V> {
    until: Timestamp,
    value: V,
}

impl<K, V> TenantCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Makes an empty cache.
    #[must_use]
    pub fn new(config: &CacheConfig, clock: Arc<dyn Clock>) -> Self {
        let values = Cache::builder()
            .max_capacity(u64::from(config.entries))
            .support_invalidation_closures()
            .build();
        Self {
            values,
            lifetime: config.lifetime.into(),
            clock,
            invalidations: Arc::default(),
        }
    }

    /// Gives what the scope's tenant has stored under the key.
    #[must_use]
    pub fn get(&self, scope: &Scope, key: &K) -> Option<V> {
        let key = (scope.tenant().id(), key.clone());
        let kept = self.values.get(&key)?;
        if kept.until <= self.clock.now() {
            self.values.invalidate(&key);
            return None;
        }
        Some(kept.value)
    }

    /// Gives what the scope's tenant has stored under the key, or loads it and stores that. When something is
    /// invalidated meanwhile, what was loaded is given and not stored, because it may be of before.
    ///
    /// # Errors
    ///
    /// Those of `load`; nothing is stored then.
    ///
    /// # Cancel safety
    ///
    /// A dropped future stores nothing.
    pub async fn get_or_load<E>(
        &self,
        scope: &Scope,
        key: K,
        load: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        if let Some(value) = self.get(scope, &key) {
            return Ok(value);
        }
        let before = self.invalidations.load(Ordering::SeqCst);
        let value = load.await?;
        let key = (scope.tenant().id(), key);
        let until = self.clock.now().saturating_add(self.lifetime);
        let kept = Kept {
            until,
            value: value.clone(),
        };
        self.values.insert(key.clone(), kept);
        if self.invalidations.load(Ordering::SeqCst) != before {
            self.values.invalidate(&key);
        }
        Ok(value)
    }

    /// Forgets what the scope's tenant has stored under the key. Call it after the commit of a change.
    pub fn invalidate(&self, scope: &Scope, key: &K) {
        self.invalidations.fetch_add(1, Ordering::SeqCst);
        self.values.invalidate(&(scope.tenant().id(), key.clone()));
    }

    /// Forgets everything that the scope's tenant has stored.
    pub fn invalidate_all(&self, scope: &Scope) {
        self.invalidations.fetch_add(1, Ordering::SeqCst);
        let tenant = scope.tenant().id();
        // It fails only for a cache that was built without closures.
        let _ = self
            .values
            .invalidate_entries_if(move |(owner, _), _| *owner == tenant);
    }
}

impl<K, V> fmt::Debug for TenantCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantCache")
            .field("entries", &self.values.entry_count())
            .finish_non_exhaustive()
    }
}
