//! How often something may happen in a tenant.

mod time;

use std::{
    fmt,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter, clock::Clock as _, middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};
use saas_core::{Clock, TenantId};
use saas_tenancy::Scope;
use serde::Deserialize;

use time::Steady;

/// How many tenants are remembered before those that have not been seen for long are dropped; and so again
/// whenever twice as many are remembered as were left.
const SWEEP: usize = 10_000;

/// How often something may happen.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LimitConfig {
    /// How often in a second, in the long run; 0 counts as 1.
    pub per_second: u32,
    /// How often at once, after a pause; 0 counts as 1.
    pub burst: u32,
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            per_second: 100,
            burst: 200,
        }
    }
}

/// Says that a tenant has used up what it may do for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limited {
    retry_after: Duration,
}

impl Limited {
    /// Tells after which time the next try succeeds, if nobody else tries meanwhile.
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        self.retry_after
    }
}

/// Bounds how often something happens in each tenant, by the generic cell rate algorithm (ITU-T I.371); cheap
/// to clone.
///
/// Every tenant has its own allowance: what one uses up is not missing to another. It counts in this
/// process only.
#[derive(Clone)]
pub struct TenantLimiter {
    limiter: Arc<Inner>,
    sweep: Arc<AtomicUsize>,
}

type Inner =
    RateLimiter<TenantId, DashMapStateStore<TenantId>, Steady, NoOpMiddleware<time::Instant>>;

impl TenantLimiter {
    /// Makes a limiter under which nothing has happened yet.
    #[must_use]
    pub fn new(config: &LimitConfig, clock: Arc<dyn Clock>) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(config.per_second))
            .allow_burst(at_least_one(config.burst));
        Self {
            limiter: Arc::new(RateLimiter::new(
                quota,
                DashMapStateStore::default(),
                Steady::new(clock),
            )),
            sweep: Arc::new(AtomicUsize::new(SWEEP)),
        }
    }

    /// Counts once for the scope's tenant, if it may.
    ///
    /// # Errors
    ///
    /// [`Limited`] when it may not, and then nothing is counted.
    pub fn check(&self, scope: &Scope) -> Result<(), Limited> {
        let sweep = self.sweep.load(Ordering::Relaxed);
        if self.limiter.len() > sweep {
            // What is full again is as good as forgotten. One caller does it for all.
            let next = self.sweep.swap(usize::MAX, Ordering::Relaxed);
            if next == usize::MAX {
                return self.count(scope);
            }
            self.limiter.retain_recent();
            let left = self.limiter.len().saturating_mul(2).max(SWEEP);
            self.sweep.store(left, Ordering::Relaxed);
        }
        self.count(scope)
    }

    fn count(&self, scope: &Scope) -> Result<(), Limited> {
        self.limiter
            .check_key(&scope.tenant().id())
            .map_err(|until| Limited {
                retry_after: until.wait_time_from(self.limiter.clock().now()),
            })
    }
}

impl fmt::Debug for TenantLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantLimiter")
            .field("tenants", &self.limiter.len())
            .finish_non_exhaustive()
    }
}
