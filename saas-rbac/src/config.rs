//! Bounds of the engine.

use std::time::Duration;

use saas_core::config::Period;
use serde::{Deserialize, Serialize};

/// Configures how long and how many tenants' rules are kept.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RbacConfig {
    /// How long loaded rules may be used. A change made here is seen at once, one made by another instance
    /// as soon as [`Authorizer::watch`](crate::Authorizer::watch) hears of it, and after this time at last.
    pub cache_lifetime: Period,
    /// For how many tenants rules are kept.
    pub cache_tenants: u32,
    /// How many roles of its own a tenant may make.
    pub max_roles: u32,
    /// How many groups a tenant may make.
    pub max_groups: u32,
    /// How many lines the rules of a tenant may have: one for each permission of a role of its own, and one
    /// for each role that somebody holds. They are loaded together.
    pub max_rules: u32,
}

impl Default for RbacConfig {
    fn default() -> Self {
        Self {
            cache_lifetime: Period::from(Duration::from_secs(5)),
            cache_tenants: 10_000,
            max_roles: 200,
            max_groups: 1_000,
            max_rules: 50_000,
        }
    }
}
