//! Which tenants send the most requests, in bounded memory.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError, TryLockError},
};

use saas_core::TenantId;

/// How many tenants are counted apart at a time.
const COUNTED: usize = 256;

/// Counts the tenants that send the most (Metwally, Agrawal and El Abbadi, "Space-Saving", 2005): who is not among those
/// counted takes the place of the one with the fewest, and begins with his number. So nobody is counted too low, and
/// whoever sends more than one in 256 of all requests is among them.
#[derive(Debug, Default)]
pub(super) struct Busiest(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    all: u64,
    tenants: HashMap<TenantId, u64>,
}

impl Busiest {
    /// Counts a request, unless another one is just being counted: nobody waits for this.
    pub(super) fn count(&self, tenant: TenantId) {
        let mut counted = match self.0.try_lock() {
            Ok(counted) => counted,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        counted.all += 1;
        if let Some(requests) = counted.tenants.get_mut(&tenant) {
            *requests += 1;
            return;
        }
        let mut begins = 0;
        if counted.tenants.len() >= COUNTED {
            let fewest = counted
                .tenants
                .iter()
                .min_by_key(|(_, requests)| **requests);
            if let Some((fewest, requests)) = fewest.map(|(tenant, requests)| (*tenant, *requests))
            {
                counted.tenants.remove(&fewest);
                begins = requests;
            }
        }
        counted.tenants.insert(tenant, begins + 1);
    }

    /// Gives those with the most, the first with the most of all, and how many requests there were beside theirs.
    pub(super) fn first(&self, number: usize) -> (Vec<(TenantId, u64)>, u64) {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tenants: Vec<_> = counted
            .tenants
            .iter()
            .map(|(id, count)| (*id, *count))
            .collect();
        tenants.sort_by_key(|(id, requests)| (std::cmp::Reverse(*requests), id.as_uuid()));
        tenants.truncate(number);
        let named: u64 = tenants.iter().map(|(_, requests)| requests).sum();
        (tenants, counted.all.saturating_sub(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn htp_24_whoever_sends_much_is_found_among_very_many() {
        let busiest = Busiest::default();
        let floods: Vec<TenantId> = (0..5).map(|_| TenantId::generate()).collect();
        for round in 0..100_000 {
            busiest.count(TenantId::generate());
            if round % 4 == 0 {
                for flood in floods.iter().take(1 + round / 4 % 5) {
                    busiest.count(*flood);
                }
            }
        }
        let (found, rest) = busiest.first(5);
        let names: Vec<_> = found.iter().map(|(tenant, _)| *tenant).collect();
        assert_eq!(names, floods);
        assert!(found[0].1 >= 25_000, "{found:?}");
        assert!(rest <= 100_000 + 75_000, "{rest}");
        assert_eq!(busiest.first(usize::MAX).0.len(), COUNTED);
    }
}
