//! Values of one tenant are none of another's.

use std::time::Duration;

use saas_edge::{CacheConfig, TenantCache};
use saas_testkit::TestDatabase;

#[tokio::test]
async fn a_value_belongs_to_the_tenant_that_stored_it() {
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
    let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
    let (acme, beta) = (db.scope(&acme), db.scope(&beta));
    let cache = TenantCache::new(&CacheConfig::default(), db.clock().clone());
    cache.insert(&acme, "key", 1);
    assert_eq!(cache.get(&beta, &"key"), None);
    cache.insert(&beta, "key", 2);
    assert_eq!(cache.get(&acme, &"key"), Some(1));
    cache.forget(&beta, &"key");
    assert_eq!(cache.get(&beta, &"key"), None);
    assert_eq!(cache.get(&acme, &"key"), Some(1));
    cache.insert(&beta, "key", 2);
    cache.forget_all(&acme);
    assert_eq!(cache.get(&acme, &"key"), None);
    assert_eq!(cache.get(&beta, &"key"), Some(2));
}

#[tokio::test]
async fn a_value_has_its_time() {
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
    let scope = db.scope(&db.tenant("acme").await);
    let cache = TenantCache::new(&CacheConfig::default(), db.clock().clone());
    cache.insert(&scope, 1, "value");
    db.clock().advance(Duration::from_secs(59));
    assert_eq!(cache.get(&scope, &1), Some("value"));
    db.clock().advance(Duration::from_secs(1));
    assert_eq!(cache.get(&scope, &1), None);
}
