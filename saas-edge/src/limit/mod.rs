//! How often something may happen.

#[cfg(feature = "redis")]
mod redis;
mod tenant;

#[cfg(feature = "redis")]
pub use redis::RedisLimiter;
pub use tenant::TenantLimiter;
