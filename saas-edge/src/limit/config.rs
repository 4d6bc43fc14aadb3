//! How much traffic is let through.

use std::{collections::BTreeMap, thread, time::Duration};

use saas_core::{config::Period, limit::Quota};
use serde::{Deserialize, Serialize};

/// Quotas of traffic, and what one tenant may use at a time. The defaults are beyond what people and their browsers
/// do, so that they stop floods and nothing else.
///
/// ```toml
/// [limits]
/// address = { burst = 2000, period = "5ms" }
///
/// [limits.classes]
/// export = { burst = 5, period = "1m" }
/// ```
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LimitsConfig {
    /// Of one address (IPv4) or network (IPv6, /64), before anything is read or looked up.
    pub address: Quota,
    /// Of one caller in one tenant. The API keys of a member are that member.
    pub principal: Quota,
    /// Of everybody who is signed in to one tenant.
    pub tenant: Quota,
    /// Of one caller on the routes of a class, by its name; of an address, where nobody is signed in.
    pub classes: BTreeMap<String, Quota>,
    /// How many requests of one tenant are worked on at a time.
    pub fair_share: FairShareConfig,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            address: Quota::new(5_000, Duration::from_millis(2)),
            principal: Quota::new(2_000, Duration::from_millis(5)),
            tenant: Quota::new(10_000, Duration::from_millis(1)),
            classes: BTreeMap::new(),
            fair_share: FairShareConfig::default(),
        }
    }
}

/// How much one tenant may use of a process at a time.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FairShareConfig {
    /// How many requests of one tenant are worked on at a time; 0 is twice as many as there are processors, and at least
    /// four. More of them would not be done sooner, and would stand in the way of others.
    pub concurrent: usize,
    /// How many whose bodies are streamed: longer than 8 KiB, or of no announced length. They mostly wait for their
    /// clients, and do not take the places of the others.
    pub streaming: usize,
    /// How many more of them wait until one of those is done.
    pub queue: usize,
    /// How long they wait before the answer is 503.
    pub wait: Period,
}

impl FairShareConfig {
    pub(super) fn places(&self) -> usize {
        match self.concurrent {
            0 => thread::available_parallelism().map_or(4, |cores| (2 * cores.get()).max(4)),
            places => places,
        }
    }
}

impl Default for FairShareConfig {
    fn default() -> Self {
        Self {
            concurrent: 0,
            streaming: 64,
            queue: 256,
            wait: Duration::from_secs(2).into(),
        }
    }
}
