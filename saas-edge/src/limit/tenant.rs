//! How often something may happen in a tenant.

use std::sync::Arc;

use saas_core::limit::{Left, LimitKey, Limited, Quota, RateLimiter};
use saas_tenancy::Scope;

/// Bounds how often something happens in each tenant; cheap to clone.
///
/// Every tenant has its own allowance: what one uses up is not missing to another. Where it is counted, in this
/// process or for all instances, the [`RateLimiter`] says.
#[derive(Debug, Clone)]
pub struct TenantLimiter {
    limiter: Arc<dyn RateLimiter>,
    name: &'static str,
    quota: Quota,
}

impl TenantLimiter {
    /// Makes a limit. The name tells what is counted, such as `reports`; limits of the same name are one.
    #[must_use]
    pub fn new(limiter: Arc<dyn RateLimiter>, name: &'static str, quota: Quota) -> Self {
        Self {
            limiter,
            name,
            quota,
        }
    }

    /// Counts once for the scope's tenant, if it may.
    ///
    /// # Errors
    ///
    /// [`Limited`] when it may not, and then nothing is counted.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has counted or has not.
    pub async fn take(&self, scope: &Scope) -> Result<Left, Limited> {
        self.limiter.take(&self.key(scope), self.quota).await
    }

    /// Gives the scope's tenant back what turned out not to count.
    pub async fn give_back(&self, scope: &Scope) {
        self.limiter.give_back(&self.key(scope), self.quota).await;
    }

    fn key(&self, scope: &Scope) -> LimitKey {
        LimitKey::new(self.name, &[scope.tenant().id().as_uuid().as_bytes()])
    }
}
