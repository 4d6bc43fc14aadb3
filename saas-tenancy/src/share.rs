//! What one tenant, or whoever else, may use of something at a time, so that there is some left for the others.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use saas_core::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many places for each tenant, or for whoever else is named by a key; cheap to clone.
///
/// Who finds all places of their tenant taken waits in a queue with a bound, and no longer than was said. Tenants
/// that use nothing are not remembered, so there are never more of them than uses and waiters.
///
/// ```
/// use std::time::Duration;
///
/// use saas_core::TenantId;
/// use saas_tenancy::Shares;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let shares = Shares::new(2, 0, Duration::ZERO);
/// let (acme, beta) = (TenantId::generate(), TenantId::generate());
/// let (first, second) = (shares.take(acme).await, shares.take(acme).await);
/// assert!(first.is_some() && second.is_some());
/// assert!(shares.take(acme).await.is_none());
/// assert!(shares.take(beta).await.is_some());
/// drop(first);
/// assert!(shares.take(acme).await.is_some());
/// # }
/// ```
pub struct Shares<K: Eq + Hash = TenantId>(Arc<Inner<K>>);

struct Inner<K> {
    places: usize,
    queue: usize,
    wait: Duration,
    known: Mutex<HashMap<K, Known>>,
}

/// Somebody who has places.
struct Known {
    places: Arc<Semaphore>,
    /// How many have a place or wait for one.
    here: usize,
}

/// How many places are taken, of all tenants (or keys) together, and how many wait for one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uses {
    /// Those who have a place.
    pub taken: usize,
    /// Those who wait for one.
    pub waiting: usize,
}

/// A place of a tenant, or of whoever else has some. It is free again when this is dropped.
#[derive(Debug)]
#[must_use = "the place is free again when this is dropped"]
pub struct Share<K: Eq + Hash = TenantId> {
    // INVARIANT: before the visit, so that the place is free before the tenant is forgotten.
    _place: OwnedSemaphorePermit,
    _visit: Visit<K>,
}

/// Counts somebody who has a place or waits for one.
struct Visit<K: Eq + Hash> {
    shares: Shares<K>,
    of: K,
}

impl<K: Eq + Hash + Clone> Shares<K> {
    /// Gives each tenant so many places, at least one; lets so many wait for one, for so long.
    #[must_use]
    pub fn new(places: usize, queue: usize, wait: Duration) -> Self {
        Self(Arc::new(Inner {
            places: places.clamp(1, Semaphore::MAX_PERMITS),
            queue,
            wait,
            known: Mutex::default(),
        }))
    }

    /// Takes a place of the tenant, if one is free.
    #[must_use]
    pub fn try_take(&self, tenant: K) -> Option<Share<K>> {
        let mut all = self.known();
        let known = self.one(&mut all, &tenant);
        // Who gets none does not count as somebody who waits. A tenant of whom nobody is here has places.
        let place = Arc::clone(&known.places).try_acquire_owned().ok()?;
        Some(Share {
            _place: place,
            _visit: self.count(known, tenant),
        })
    }

    /// Takes a place of the tenant, or waits for one. Gives none when too many wait already, or it takes too long.
    ///
    /// # Cancel safety
    ///
    /// Safe: a dropped future has no place and does not wait.
    pub async fn take(&self, tenant: K) -> Option<Share<K>> {
        let (visit, places) = self.visit(tenant)?;
        let place = match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                let waited = tokio::time::timeout(self.0.wait, places.acquire_owned());
                waited.await.ok()?.ok()?
            }
        };
        Some(Share {
            _place: place,
            _visit: visit,
        })
    }

    fn visit(&self, tenant: K) -> Option<(Visit<K>, Arc<Semaphore>)> {
        let Inner { places, queue, .. } = *self.0;
        let mut all = self.known();
        let known = self.one(&mut all, &tenant);
        // One who has just been here has somebody, so nothing is left behind here.
        if known.here >= places.saturating_add(queue) {
            return None;
        }
        let visit = self.count(known, tenant);
        Some((visit, Arc::clone(&known.places)))
    }

    fn one<'k>(&self, all: &'k mut HashMap<K, Known>, tenant: &K) -> &'k mut Known {
        all.entry(tenant.clone()).or_insert_with(|| Known {
            places: Arc::new(Semaphore::new(self.0.places)),
            here: 0,
        })
    }

    fn count(&self, known: &mut Known, tenant: K) -> Visit<K> {
        known.here += 1;
        Visit {
            shares: self.clone(),
            of: tenant,
        }
    }
}

impl<K: Eq + Hash> Shares<K> {
    /// Counts what is in use.
    #[must_use]
    pub fn uses(&self) -> Uses {
        let all = self.known();
        let of_each = all.values().map(|known| {
            let taken = self
                .0
                .places
                .saturating_sub(known.places.available_permits());
            (taken, known.here.saturating_sub(taken))
        });
        of_each.fold(Uses::default(), |sum, (taken, waiting)| Uses {
            taken: sum.taken + taken,
            waiting: sum.waiting + waiting,
        })
    }

    // Held for a look-up, and never at an await.
    fn known(&self) -> MutexGuard<'_, HashMap<K, Known>> {
        let known = self.0.known.lock();
        known.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Eq + Hash> Drop for Visit<K> {
    fn drop(&mut self) {
        let mut all = self.shares.known();
        if let Some(known) = all.get_mut(&self.of) {
            known.here = known.here.saturating_sub(1);
            if known.here == 0 {
                all.remove(&self.of);
            }
        }
    }
}

impl<K: Eq + Hash> fmt::Debug for Shares<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shares")
            .field("places", &self.0.places)
            .field("known", &self.known().len())
            .finish_non_exhaustive()
    }
}

impl<K: Eq + Hash> fmt::Debug for Visit<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visit")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_the_place_that_is_left_or_gives_up() {
        let shares = Shares::new(1, 1, Duration::from_secs(1));
        let acme = TenantId::generate();
        let place = shares.take(acme).await.unwrap();
        let waiting = tokio::spawn({
            let shares = shares.clone();
            async move { shares.take(acme).await.is_some() }
        });
        tokio::task::yield_now().await;
        assert!(shares.take(acme).await.is_none(), "the queue is full");
        let uses = Uses {
            taken: 1,
            waiting: 1,
        };
        assert_eq!(shares.uses(), uses);
        drop(place);
        assert!(waiting.await.unwrap());
        let place = shares.take(acme).await.unwrap();
        assert!(shares.take(acme).await.is_none(), "it took too long");
        drop(place);
        // Nobody is remembered who uses nothing.
        assert_eq!(format!("{shares:?}"), "Shares { places: 1, known: 0, .. }");
    }
}
