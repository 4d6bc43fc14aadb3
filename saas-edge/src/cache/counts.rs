//! How well a cache does.

use std::sync::atomic::{AtomicU64, Ordering};

use saas_core::metrics::{Kind, Metrics, MetricsText};

/// What a cache has done since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheCounts {
    /// Its name.
    pub name: &'static str,
    /// How many values this process has.
    pub entries: u64,
    /// Answers from this process.
    pub here: u64,
    /// Answers from what the instances share.
    pub shared: u64,
    /// Old answers, given while they were read anew.
    pub stale: u64,
    /// Values that were loaded.
    pub loads: u64,
    /// Callers who waited for what was being loaded already.
    pub waited: u64,
}

/// What all caches of a process have done, each with its counts: they share the names of their series.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever has the counts puts it together"
)]
pub struct CacheMetrics<'a>(pub &'a [CacheCounts]);

impl Metrics for CacheMetrics<'_> {
    fn write(&self, text: &mut MetricsText) {
        let help = "Look-ups in a cache, by where the value came from.";
        let mut lookups = text.family("saas_cache_lookups_total", help, Kind::Counter);
        for counts in self.0 {
            for (from, count) in [
                ("here", counts.here),
                ("shared", counts.shared),
                ("stale", counts.stale),
                ("loaded", counts.loads),
                ("waited", counts.waited),
            ] {
                lookups.count(&[("cache", counts.name), ("from", from)], count);
            }
        }
        let help = "Values in this process.";
        let mut entries = text.family("saas_cache_entries", help, Kind::Gauge);
        for counts in self.0 {
            entries.count(&[("cache", counts.name)], counts.entries);
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    here: AtomicU64,
    shared: AtomicU64,
    stale: AtomicU64,
    loads: AtomicU64,
    waited: AtomicU64,
}

impl Counts {
    pub(super) fn here(&self) {
        self.here.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn second(&self) {
        self.shared.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn stale(&self) {
        self.stale.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn load(&self) {
        self.loads.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn waited(&self) {
        self.waited.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, name: &'static str, entries: u64) -> CacheCounts {
        CacheCounts {
            name,
            entries,
            here: self.here.load(Ordering::Relaxed),
            shared: self.shared.load(Ordering::Relaxed),
            stale: self.stale.load(Ordering::Relaxed),
            loads: self.loads.load(Ordering::Relaxed),
            waited: self.waited.load(Ordering::Relaxed),
        }
    }
}
