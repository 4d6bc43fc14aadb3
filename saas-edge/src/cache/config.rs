//! Bounds of a cache.

use std::time::Duration;

use saas_core::config::Period;
use serde::{Deserialize, Serialize};

/// Bounds of a cache.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CacheConfig {
    /// How many values this process keeps, of all tenants together.
    pub entries: u32,
    /// How long a value may be used. Each is given up to a tenth less, so that what was read together does not end
    /// together.
    pub lifetime: Period,
    /// How long it may be used that there is no value.
    pub absent: Period,
    /// How much longer an old value is given, while one caller's task reads it anew.
    pub stale: Period,
}

impl CacheConfig {
    /// How long a value may be used, or that there is none.
    pub(super) fn lasts(&self, is_there: bool) -> Duration {
        match is_there {
            true => self.lifetime.into(),
            false => self.absent.into(),
        }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            entries: 10_000,
            lifetime: Duration::from_secs(60).into(),
            absent: Duration::from_secs(10).into(),
            stale: Duration::ZERO.into(),
        }
    }
}
