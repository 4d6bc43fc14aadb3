//! Our clock, as governor asks for the time.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use governor::{clock, nanos::Nanos};
use saas_core::{Clock, Timestamp};

/// A clock that never goes back: one that is set back stands still until it has come to where it was.
#[derive(Clone)]
pub(super) struct Steady {
    clock: Arc<dyn Clock>,
    /// The latest time that was shown, in microseconds.
    latest: Arc<AtomicI64>,
}

/// Microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(Timestamp);

impl Steady {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let latest = Arc::new(AtomicI64::new(clock.now().as_micros()));
        Self { clock, latest }
    }
}

impl clock::Clock for Steady {
    type Instant = Instant;

    fn now(&self) -> Instant {
        let now = self.clock.now();
        let latest = self.latest.fetch_max(now.as_micros(), Ordering::Relaxed);
        Instant(Timestamp::from_micros(latest).map_or(now, |latest| latest.max(now)))
    }
}

impl clock::Reference for Instant {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.since(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(Duration::from(duration)))
    }
}

impl std::ops::Add<Nanos> for Instant {
    type Output = Self;

    fn add(self, by: Nanos) -> Self {
        Self(self.0.saturating_add(Duration::from(by)))
    }
}

impl fmt::Debug for Steady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Steady")
    }
}
