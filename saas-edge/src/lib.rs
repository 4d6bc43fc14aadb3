//! What stands around the handlers of a tenant.
//!
//! A [`TenantCache`] keeps values, a [`TenantLimiter`] bounds how often something happens. Both take the
//! [`Scope`](saas_tenancy::Scope) with every call, so a key without a tenant has no way to be written down,
//! and one tenant neither reads what another has stored nor uses up what another may do:
//!
//! ```
//! use std::time::Duration;
//!
//! use saas_core::SystemClock;
//! use saas_edge::{CacheConfig, LimitConfig, TenantCache, TenantLimiter};
//! use saas_tenancy::Scope;
//!
//! struct Reports {
//!     cache: TenantCache<u32, String>,
//!     limiter: TenantLimiter,
//! }
//!
//! impl Reports {
//!     fn new() -> Self {
//!         let clock = SystemClock::shared();
//!         let mut limit = LimitConfig::default();
//!         (limit.per_second, limit.burst) = (1, 5);
//!         Self {
//!             cache: TenantCache::new(&CacheConfig::default(), clock.clone()),
//!             limiter: TenantLimiter::new(&limit, clock),
//!         }
//!     }
//!
//!     async fn of_year(&self, scope: &Scope, year: u32) -> Result<String, Duration> {
//!         let report = async {
//!             self.limiter.check(scope).map_err(|limited| limited.retry_after())?;
//!             Ok(format!("{year} of {}", scope.tenant().name()))
//!         };
//!         self.cache.get_or_load(scope, year, report).await
//!     }
//! }
//! ```

mod cache;
#[cfg(feature = "axum")]
pub mod idempotency;
mod limit;
#[cfg(feature = "axum")]
pub mod requests;

pub use cache::{CacheConfig, TenantCache};
pub use limit::{LimitConfig, Limited, TenantLimiter};
