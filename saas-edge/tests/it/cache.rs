//! Values of one tenant are none of another's.

use std::{fmt::Debug, hash::Hash, time::Duration};

use saas_edge::{CacheConfig, TenantCache};
use saas_tenancy::Scope;
use saas_testkit::TestDatabase;

async fn load<K, V>(cache: &TenantCache<K, V>, scope: &Scope, key: K, value: V)
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + PartialEq + Debug + 'static,
{
    let loaded = async { Ok::<V, ()>(value.clone()) };
    let got = cache.get_or_load(scope, key, loaded).await;
    assert_eq!(got, Ok(value));
}

#[tokio::test]
async fn a_value_belongs_to_the_tenant_that_stored_it() {
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
    let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
    let (acme, beta) = (db.scope(&acme), db.scope(&beta));
    let cache = TenantCache::new(&CacheConfig::default(), db.clock().clone());
    load(&cache, &acme, "key", 1).await;
    assert_eq!(cache.get(&beta, &"key"), None);
    load(&cache, &beta, "key", 2).await;
    assert_eq!(cache.get(&acme, &"key"), Some(1));
    cache.invalidate(&beta, &"key");
    assert_eq!(cache.get(&beta, &"key"), None);
    assert_eq!(cache.get(&acme, &"key"), Some(1));
    load(&cache, &beta, "key", 2).await;
    cache.invalidate_all(&acme);
    assert_eq!(cache.get(&acme, &"key"), None);
    assert_eq!(cache.get(&beta, &"key"), Some(2));
}

#[tokio::test]
async fn a_value_has_its_time() {
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
    let scope = db.scope(&db.tenant("acme").await);
    let cache = TenantCache::new(&CacheConfig::default(), db.clock().clone());
    load(&cache, &scope, 1, "value").await;
    db.clock().advance(Duration::from_secs(59));
    assert_eq!(cache.get(&scope, &1), Some("value"));
    db.clock().advance(Duration::from_secs(1));
    assert_eq!(cache.get(&scope, &1), None);
}

#[tokio::test]
async fn what_was_read_before_a_change_and_arrives_after_it_is_not_kept() {
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
    let scope = db.scope(&db.tenant("acme").await);
    let cache = TenantCache::new(&CacheConfig::default(), db.clock().clone());
    let slow = async {
        cache.invalidate(&scope, &1);
        Ok::<_, ()>("old")
    };
    assert_eq!(cache.get_or_load(&scope, 1, slow).await, Ok("old"));
    assert_eq!(cache.get(&scope, &1), None);
    let failed: Result<&str, _> = cache.get_or_load(&scope, 1, async { Err("no") }).await;
    assert_eq!(failed, Err("no"));
    assert_eq!(cache.get(&scope, &1), None);
}
