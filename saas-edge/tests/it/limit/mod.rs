//! What one tenant uses up is not missing to another, and both limiters keep the contract.

mod conformance;
#[cfg(feature = "redis")]
mod redis;

use std::{sync::Arc, time::Duration};

use saas_core::limit::{ProcessLimiter, Quota};
use saas_edge::TenantLimiter;
use saas_testkit::TestDatabase;

#[tokio::test]
async fn every_tenant_has_its_own_allowance() {
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
    let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
    let (acme, beta) = (db.scope(&acme), db.scope(&beta));
    let counter = Arc::new(ProcessLimiter::new(db.clock().clone()));
    let quota = Quota::new(5, Duration::from_millis(500));
    let limiter = TenantLimiter::new(counter.clone(), "reports", quota);
    for left in (0..5).rev() {
        assert_eq!(limiter.take(&acme).await.unwrap().remaining(), left);
    }
    let limited = limiter.take(&acme).await.unwrap_err();
    assert_eq!(limited.retry_after(), Duration::from_millis(500));
    limiter.take(&beta).await.unwrap();
    db.clock().advance(limited.retry_after());
    limiter.take(&acme).await.unwrap();
    limiter.take(&acme).await.unwrap_err();
    // What one gives back is its own.
    limiter.give_back(&beta).await;
    limiter.take(&acme).await.unwrap_err();
    limiter.give_back(&acme).await;
    limiter.take(&acme).await.unwrap();
    limiter.take(&acme).await.unwrap_err();
    // Another limit of the same tenant is another one.
    let other = TenantLimiter::new(counter, "exports", quota);
    other.take(&acme).await.unwrap();
}
