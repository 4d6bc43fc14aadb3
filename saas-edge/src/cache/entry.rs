//! What is kept, and under which name.

use std::time::Duration;

use saas_core::{TenantId, Timestamp};
use saas_tenancy::Scope;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::CacheConfig;

/// Whose value it is, and which. The tenant is a part of it, so no key is written down without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct EntryKey {
    pub(super) tenant: TenantId,
    /// Of what the caller names it by.
    pub(super) digest: [u8; 32],
}

impl EntryKey {
    pub(super) fn of<K: Serialize>(scope: &Scope, key: &K) -> Result<Self, serde_json::Error> {
        Ok(Self {
            tenant: scope.tenant().id(),
            digest: Sha256::digest(serde_json::to_vec(key)?).into(),
        })
    }
}

/// A value, or that there is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept<V> {
    pub(super) value: Option<V>,
    pub(super) fresh_until: Timestamp,
    pub(super) stale_until: Timestamp,
}

impl<V> Kept<V> {
    pub(super) fn new(value: Option<V>, key: EntryKey, now: Timestamp, of: &CacheConfig) -> Self {
        let lifetime = of.lasts(value.is_some());
        let fresh_until = now.saturating_add(shorter(lifetime, key, now));
        Self {
            value,
            fresh_until,
            stale_until: fresh_until.saturating_add(of.stale.into()),
        }
    }
}

impl<V> Kept<V> {
    /// Lets it last no longer than from now on, whatever time it was for whoever kept it first.
    pub(super) fn within(mut self, now: Timestamp, of: &CacheConfig) -> Self {
        let fresh_until = now.saturating_add(of.lasts(self.value.is_some()));
        self.fresh_until = self.fresh_until.min(fresh_until);
        let stale_until = fresh_until.saturating_add(of.stale.into());
        self.stale_until = self.stale_until.min(stale_until);
        self
    }
}

/// Takes up to a tenth off, another for each key and time.
fn shorter(lifetime: Duration, key: EntryKey, now: Timestamp) -> Duration {
    let mut hash = Sha256::new();
    hash.update(key.tenant.as_uuid());
    hash.update(key.digest);
    hash.update(now.as_micros().to_be_bytes());
    let [first, second, ..]: [u8; 32] = hash.finalize().into();
    let share = u32::from(u16::from_be_bytes([first, second]));
    lifetime.saturating_sub((lifetime / 10 / u32::from(u16::MAX)).saturating_mul(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rel_31_what_another_clock_says_makes_nothing_last_longer() {
        let of = CacheConfig::default();
        let now: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        for (value, lifetime) in [(Some(1), of.lifetime), (None, of.absent)] {
            let fresh = now.saturating_add(lifetime.into());
            let stale = fresh.saturating_add(of.stale.into());
            let day = Duration::from_secs(86_400);
            let late = Kept {
                value,
                fresh_until: fresh.saturating_add(day),
                stale_until: stale.saturating_add(day),
            };
            let kept = late.within(now, &of);
            assert_eq!((kept.fresh_until, kept.stale_until), (fresh, stale));
            // What ends sooner does.
            let soon = Kept {
                value,
                fresh_until: now,
                stale_until: now,
            };
            let kept = soon.within(now, &of);
            assert_eq!((kept.fresh_until, kept.stale_until), (now, now));
        }
    }
}
