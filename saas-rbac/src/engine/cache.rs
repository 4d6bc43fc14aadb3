//! The snapshots of many tenants, read without a lock.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
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
    /// How many tenants one part holds.
    room: usize,
    lifetime: Duration,
}

#[derive(Debug, Default)]
struct Shard {
    kept: ArcSwap<HashMap<TenantId, Kept, ByItself>>,
    /// Counts changes of rules, so that those read before a change and arriving after it are not kept.
    changes: AtomicU64,
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
            room: tenants.div_ceil(SHARDS),
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

    /// Gives the state of a tenant's changes, to be asked for before its rules are read.
    pub(super) fn changes(&self, tenant: TenantId) -> u64 {
        let shard = self.shard(tenant);
        shard.map_or(0, |shard| shard.changes.load(Ordering::SeqCst))
    }

    /// Keeps a snapshot, unless something has changed since.
    pub(super) fn keep(
        &self,
        tenant: TenantId,
        read_at: Timestamp,
        changes: u64,
        snapshot: Arc<Snapshot>,
    ) {
        let Some(shard) = self.shard(tenant) else {
            return;
        };
        let until = read_at.saturating_add(self.lifetime);
        shard.change(|kept| {
            if shard.changes.load(Ordering::SeqCst) != changes {
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
            shard.changes.fetch_add(1, Ordering::SeqCst);
            shard.change(|kept| {
                kept.remove(&tenant);
            });
        }
    }

    /// Forgets all tenants.
    pub(super) fn forget_all(&self) {
        for shard in &self.shards {
            shard.changes.fetch_add(1, Ordering::SeqCst);
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
