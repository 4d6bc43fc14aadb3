//! What stands around the handlers of a tenant.
//!
//! A [`TenantCache`] keeps values, a [`TenantLimiter`] bounds how often something happens. Both take the
//! [`Scope`](saas_tenancy::Scope) with every call, so a key without a tenant has no way to be written down,
//! and one tenant neither reads what another has stored nor uses up what another may do:
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//!
//! use saas_core::{Problem, limit::{ProcessLimiter, Quota}};
//! use saas_edge::{CacheConfig, TenantCache, TenantLimiter};
//! use saas_tenancy::{Database, Scope};
//!
//! struct Reports {
//!     cache: TenantCache<u32, String>,
//!     limiter: TenantLimiter,
//! }
//!
//! impl Reports {
//!     fn new(database: &Database) -> Self {
//!         let limiter = Arc::new(ProcessLimiter::new(database.clock().clone()));
//!         let quota = Quota::new(5, Duration::from_secs(1));
//!         Self {
//!             cache: TenantCache::new("reports", &CacheConfig::default(), database),
//!             limiter: TenantLimiter::new(limiter, "reports", quota),
//!         }
//!     }
//!
//!     async fn of_year(&self, scope: &Scope, year: u32) -> Result<Option<String>, Problem> {
//!         let (limiter, owned) = (self.limiter.clone(), scope.clone());
//!         let report = async move {
//!             limiter.take(&owned).await?;
//!             Ok(Some(format!("{year} of {}", owned.tenant().name())))
//!         };
//!         self.cache.get_or_load(scope, &year, report).await
//!     }
//! }
//! ```
//!
//! What a tenant sets for itself has a type and a default: [`settings`].
//!
//! With the feature `axum` there are three layers: an [`AddressLimitLayer`] before everything, a [`CallerLimitLayer`] where it
//! is known who is calling, and a [`FairShareLayer`], so that the flood of one tenant leaves the others alone.
//! The service, and each tenant, can let in certain [networks](network) only.
//!
//! With the feature `redis` the instances of a service count together: a [`RedisLimiter`] stands wherever a
//! [`RateLimiter`](saas_core::limit::RateLimiter) does. They share what they have loaded
//! ([`TenantCache::with_redis`]), and tell each other what has changed where the database cannot ([`RedisBus`]).
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cache;
#[cfg(feature = "axum")]
pub mod idempotency;
mod limit;
#[cfg(feature = "axum")]
pub mod network;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "axum")]
pub mod requests;
pub mod settings;

pub use cache::{CacheConfig, CacheCounts, CacheMetrics, TenantCache};
pub use limit::TenantLimiter;
#[cfg(feature = "axum")]
pub use limit::{
    AddressLimitLayer, AddressLimitService, CallerLimitLayer, CallerLimitService, FairShareConfig,
    FairShareLayer, FairShareService, LimitsConfig, TrafficWeight, Weigh,
};
#[cfg(feature = "redis")]
pub use {
    self::redis::{RedisBus, RedisConfig, RedisConnection},
    limit::RedisLimiter,
};
