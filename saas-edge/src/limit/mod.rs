//! How often something may happen, and how much at a time.

#[cfg(feature = "axum")]
mod address;
#[cfg(feature = "axum")]
mod caller;
#[cfg(feature = "axum")]
mod config;
#[cfg(feature = "axum")]
mod fields;
#[cfg(feature = "axum")]
mod places;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "axum")]
mod share;
#[cfg(feature = "axum")]
mod take;
mod tenant;
#[cfg(feature = "axum")]
mod weight;

#[cfg(feature = "redis")]
pub use redis::RedisLimiter;
#[cfg(feature = "axum")]
pub(crate) use take::RefusedBy;
pub use tenant::TenantLimiter;
#[cfg(feature = "axum")]
pub use {
    address::{AddressLimitLayer, AddressLimitService},
    caller::{CallerLimitLayer, CallerLimitService, Weigh},
    config::{FairShareConfig, LimitsConfig},
    share::{FairShareLayer, FairShareService},
    weight::TrafficWeight,
};
