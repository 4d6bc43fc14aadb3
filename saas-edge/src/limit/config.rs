//! How much traffic is let through.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::Duration,
};

use saas_core::{
    config::{ConfigError, Period, positive},
    limit::Quota,
};
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

impl LimitsConfig {
    /// Looks for classes that no route has, and for names that could not stand in a header or a key, as
    /// [`CallerLimitLayer::new`](super::CallerLimitLayer::new) does.
    ///
    /// # Errors
    ///
    /// The first class that is wrong.
    pub fn check(&self, routes: impl IntoIterator<Item = &'static str>) -> Result<(), ConfigError> {
        let known: BTreeSet<_> = routes.into_iter().collect();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if let Some(class) = known.iter().find(|class| !class.bytes().all(fits)) {
            let key = format!("limits.classes.{class}");
            let message = "a class is named by letters, digits, `-` and `_`";
            return Err(ConfigError::value(&key, message));
        }
        let mut classes = self.classes.keys();
        match classes.find(|class| !known.contains(class.as_str())) {
            Some(class) => Err(ConfigError::value(
                &format!("limits.classes.{class}"),
                format!(
                    "is no class of routes; there are `{}`",
                    Vec::from_iter(known).join("`, `")
                ),
            )),
            None => Ok(()),
        }
    }
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
    /// How many requests of the members of one tenant are worked on at a time; 0 is as many as there are processors, and at
    /// least two. More of them would not be done sooner, and would stand in the way of others. Those who are not signed in
    /// have at least as many places as there are for [`streaming`](Self::streaming), because strangers would keep each other
    /// out.
    pub concurrent: usize,
    /// How many more whose answers take longer than [`slow_after`](Self::slow_after): they mostly wait for something else,
    /// such as another service, and do not take the places of the others. A machine that is busy makes requests slow as
    /// well, so it is a bound of what one tenant gets then; 0 moves nobody aside.
    pub slow: usize,
    /// From how long on a request is slow. When all places for those are taken, it looks again as often.
    #[serde(deserialize_with = "positive")]
    pub slow_after: Period,
    /// How many whose bodies are streamed: longer than 8 KiB, but for methods that send none as a rule. They mostly wait
    /// for their clients, and do not take the places of the others. One caller, or one network of
    /// those who are not signed in, has a quarter of them, and at least one.
    #[serde(deserialize_with = "positive")]
    pub streaming: usize,
    /// How many more of them wait until one of those is done.
    pub queue: usize,
    /// How long they wait before the answer is 503.
    pub wait: Period,
}

impl FairShareConfig {
    pub(super) fn places(&self) -> usize {
        match self.concurrent {
            0 => thread::available_parallelism().map_or(2, |cores| cores.get().max(2)),
            places => places,
        }
    }
}

impl Default for FairShareConfig {
    fn default() -> Self {
        Self {
            concurrent: 0,
            slow: 16,
            slow_after: Duration::from_millis(100).into(),
            streaming: 64,
            queue: 256,
            wait: Duration::from_secs(2).into(),
        }
    }
}
