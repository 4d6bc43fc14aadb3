//! What one tenant uses up is not missing to another.

use std::time::Duration;

use saas_edge::{LimitConfig, TenantLimiter};
use saas_testkit::TestDatabase;

#[tokio::test]
async fn every_tenant_has_its_own_allowance() {
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
    let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
    let (acme, beta) = (db.scope(&acme), db.scope(&beta));
    let mut config = LimitConfig::default();
    (config.per_second, config.burst) = (2, 5);
    let limiter = TenantLimiter::new(&config, db.clock().clone());
    for _ in 0..5 {
        limiter.check(&acme).unwrap();
    }
    let limited = limiter.check(&acme).unwrap_err();
    assert_eq!(limited.retry_after(), Duration::from_millis(500));
    limiter.check(&beta).unwrap();
    db.clock().advance(limited.retry_after());
    limiter.check(&acme).unwrap();
    limiter.check(&acme).unwrap_err();
    // A clock that is set back stands still.
    db.clock().set("2020-01-01T00:00:00Z".parse().unwrap());
    let limited = limiter.check(&acme).unwrap_err();
    assert!(limited.retry_after() <= Duration::from_millis(500));
    limiter.check(&beta).unwrap();
}
