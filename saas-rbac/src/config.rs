//! Bounds of the engine.

use std::time::Duration;

use saas_core::config::Period;
use serde::Deserialize;

/// Configures how long and how many tenants' rules are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RbacConfig {
    /// How long loaded rules may be used. A change made by another instance is seen after this time;
    /// one made here is seen at once.
    pub cache_lifetime: Period,
    /// For how many tenants rules are kept.
    pub cache_tenants: u32,
    /// How many roles of its own a tenant may make. The rules of all of them are loaded together.
    pub max_roles: u32,
}

impl Default for RbacConfig {
    fn default() -> Self {
        Self {
            cache_lifetime: Period::from(Duration::from_secs(5)),
            cache_tenants: 10_000,
            max_roles: 200,
        }
    }
}
