//! Values of tenants, kept for a while.

use std::{fmt, hash::Hash, sync::Arc, time::Duration};

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
/// tenant finds its own value, or none.
#[derive(Clone)]
pub struct TenantCache<K, V> {
    values: Cache<(TenantId, K), Kept<V>>,
    lifetime: Duration,
    clock: Arc<dyn Clock>,
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

    /// Stores a value of the scope's tenant.
    pub fn insert(&self, scope: &Scope, key: K, value: V) {
        let until = self.clock.now().saturating_add(self.lifetime);
        self.values
            .insert((scope.tenant().id(), key), Kept { until, value });
    }

    /// Forgets what the scope's tenant has stored under the key.
    pub fn forget(&self, scope: &Scope, key: &K) {
        self.values.invalidate(&(scope.tenant().id(), key.clone()));
    }

    /// Forgets everything that the scope's tenant has stored.
    pub fn forget_all(&self, scope: &Scope) {
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
