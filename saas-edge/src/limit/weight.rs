//! How much more than others a tenant may do.

use async_trait::async_trait;
use saas_core::FieldError;
use saas_tenancy::Scope;
use serde::{Deserialize, Serialize};

use super::Weigh;
use crate::settings::{Settings, TenantSetting};

/// How many times as much traffic as the quotas a tenant may send, such as by its plan.
///
/// It is a [setting](TenantSetting) that the service sets, not the tenant: give it no route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TrafficWeight {
    /// From 1 to 1,000.
    pub times: u32,
}

impl Default for TrafficWeight {
    fn default() -> Self {
        Self { times: 1 }
    }
}

impl TrafficWeight {
    /// Lets a tenant send so many times as much.
    #[must_use]
    pub const fn new(times: u32) -> Self {
        Self { times }
    }
}

impl TenantSetting for TrafficWeight {
    const NAME: &'static str = "traffic-weight";

    fn check(&self) -> Result<(), FieldError> {
        match self.times {
            1..=1_000 => Ok(()),
            _ => Err(FieldError::new("times", "has to be from 1 to 1000")),
        }
    }
}

/// Weighs tenants by their [`TrafficWeight`].
#[async_trait]
impl Weigh for Settings {
    async fn weight(&self, scope: &Scope) -> u32 {
        // It cannot be read while the database is away.
        let weight = self.get::<TrafficWeight>(scope).await;
        weight.map_or(1, |weight| weight.times)
    }

    fn known(&self, scope: &Scope) -> Option<u32> {
        let weight = Self::known::<TrafficWeight>(self, scope)?;
        Some(weight.map_or(1, |weight| weight.times))
    }
}
