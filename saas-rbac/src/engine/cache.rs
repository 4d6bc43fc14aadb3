//! The snapshots of many tenants, read without a lock.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use saas_core::{TenantId, Timestamp};

use super::{Snapshot, hash::ByItself};

/// Into how many parts the tenants are divided. To add a snapshot, one part is copied.
const SHARDS: usize = 256;

/// Snapshots by tenant, each for a time.
///
/// A reader sees a map that nobody changes any more; a writer puts another in its place.
#[derive(Debug)]
pub(super) struct Snapshots {
    shards: Box<[Shard]>,
    /// How many tenants one part holds at most.
    room: usize,
    lifetime: Duration,
}

#[derive(Debug, Default)]
struct Shard {
    kept: ArcSwap<HashMap<TenantId, Kept, ByItself>>,
    writing: Mutex<()>,
}

#[derive(Debug, Clone)]
struct Kept {
    until: Timestamp,
    snapshot: Arc<Snapshot>,
}

impl Snapshots {
    pub(super) fn new(tenants: u32, lifetime: Duration) -> Self {
        let tenants = usize::try_from(tenants).unwrap_or(usize::MAX);
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            // Chance does not spread the tenants evenly.
            room: match tenants.div_ceil(SHARDS) {
                0 => 0,
                mean => mean + mean / 2 + 8,
            },
            lifetime,
        }
    }

    /// Looks at the snapshot of a tenant, if there is one that may still be used.
    pub(super) fn look<T>(
        &self,
        tenant: TenantId,
        now: Timestamp,
        look: impl FnOnce(&Snapshot) -> T,
    ) -> Option<T> {
        let kept = self.shard(tenant)?.kept.load();
        let kept = kept.get(&tenant)?;
        (now < kept.until).then(|| look(&kept.snapshot))
    }

    /// Gives the snapshot of a tenant, if there is one that may still be used.
    pub(super) fn get(&self, tenant: TenantId, now: Timestamp) -> Option<Arc<Snapshot>> {
        let kept = self.shard(tenant)?.kept.load();
        let kept = kept.get(&tenant)?;
        (now < kept.until).then(|| Arc::clone(&kept.snapshot))
    }

    /// Keeps a snapshot of rules that were read at a time, if `still` they are as they were read.
    pub(super) fn keep(
        &self,
        tenant: TenantId,
        read_at: Timestamp,
        snapshot: Arc<Snapshot>,
        still: impl FnOnce() -> bool,
    ) {
        let Some(shard) = self.shard(tenant) else {
            return;
        };
        let until = read_at.saturating_add(self.lifetime);
        shard.change(|kept| {
            // Asked while nobody else forgets: who forgets later removes it again.
            if !still() {
                return;
            }
            kept.insert(tenant, Kept { until, snapshot });
            kept.retain(|_, kept| read_at < kept.until);
            while kept.len() > self.room {
                let oldest = kept.iter().min_by_key(|(_, kept)| kept.until);
                let Some(oldest) = oldest.map(|(tenant, _)| *tenant) else {
                    break;
                };
                kept.remove(&oldest);
            }
        });
    }

    /// Forgets a tenant.
    pub(super) fn forget(&self, tenant: TenantId) {
        if let Some(shard) = self.shard(tenant) {
            shard.change(|kept| {
                kept.remove(&tenant);
            });
        }
    }

    /// Forgets all tenants.
    pub(super) fn forget_all(&self) {
        for shard in &self.shards {
            shard.change(HashMap::clear);
        }
    }

    fn shard(&self, tenant: TenantId) -> Option<&Shard> {
        // The last byte of an id is random.
        let [.., last] = *tenant.as_uuid().as_bytes();
        self.shards.get(usize::from(last))
    }
}

impl Shard {
    fn change(&self, change: impl FnOnce(&mut HashMap<TenantId, Kept, ByItself>)) {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = HashMap::clone(&self.kept.load());
        change(&mut kept);
        self.kept.store(Arc::new(kept));
    }
}
