//! Our clock, as governor asks for the time.

use std::{fmt, sync::Arc, time::Duration};

use governor::{clock, nanos::Nanos};
use saas_core::{Clock, Timestamp};

#[derive(Clone)]
pub(super) struct Steady(Arc<dyn Clock>);

/// Microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(Timestamp);

impl Steady {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self(clock)
    }
}

impl clock::Clock for Steady {
    type Instant = Instant;

    fn now(&self) -> Instant {
        Instant(self.0.now())
    }
}

impl clock::Reference for Instant {
    // A clock that is set back counts as one that stands still.
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
