//! What became of events, for metrics.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use saas_core::metrics::{Kind, Metrics, MetricsText};

use super::{Delivered, Outbox};

/// Counted in this process since its start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    delivered: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
    /// In milliseconds.
    late: AtomicU64,
}

impl Counts {
    pub(super) fn add(&self, round: &Delivered) {
        self.delivered.fetch_add(round.delivered, Ordering::Relaxed);
        self.failed.fetch_add(round.failed, Ordering::Relaxed);
        self.given_up.fetch_add(round.given_up, Ordering::Relaxed);
    }

    /// Notes for how long the event waits that waits for the longest.
    pub(super) fn set_late(&self, late: Duration) {
        let late = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
        self.late.store(late, Ordering::Relaxed);
    }
}

impl Metrics for Outbox {
    fn write(&self, text: &mut MetricsText) {
        let counts = self.counts();
        let help = "Deliveries of events, by what came of them.";
        let mut events = text.family("saas_outbox_events_total", help, Kind::Counter);
        for (outcome, count) in [
            ("delivered", &counts.delivered),
            ("failed", &counts.failed),
            ("given-up", &counts.given_up),
        ] {
            events.count(&[("outcome", outcome)], count.load(Ordering::Relaxed));
        }
        let help = "How long the oldest event that is due has waited, at the last look.";
        let late = Duration::from_millis(counts.late.load(Ordering::Relaxed));
        let mut family = text.family("saas_outbox_late_seconds", help, Kind::Gauge);
        family.seconds(&[], late);
    }
}
