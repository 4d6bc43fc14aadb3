//! What one tenant may use of something at a time, so that there is some left for the others.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use saas_core::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many places for each tenant; cheap to clone.
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
#[derive(Clone)]
pub struct Shares(Arc<Inner>);

struct Inner {
    places: usize,
    queue: usize,
    wait: Duration,
    tenants: Mutex<HashMap<TenantId, Tenant>>,
}

struct Tenant {
    places: Arc<Semaphore>,
    /// How many have a place or wait for one.
    here: usize,
}

/// A place of a tenant. It is free again when this is dropped.
#[derive(Debug)]
#[must_use = "the place is free again when this is dropped"]
pub struct Share {
    // INVARIANT: before the visit, so that the place is free before the tenant is forgotten.
    _place: OwnedSemaphorePermit,
    _visit: Visit,
}

/// Counts somebody who has a place or waits for one.
struct Visit {
    shares: Shares,
    tenant: TenantId,
}

impl Shares {
    /// Gives each tenant so many places, at least one; lets so many wait for one, for so long.
    #[must_use]
    pub fn new(places: usize, queue: usize, wait: Duration) -> Self {
        Self(Arc::new(Inner {
            places: places.clamp(1, Semaphore::MAX_PERMITS),
            queue,
            wait,
            tenants: Mutex::default(),
        }))
    }

    /// Takes a place of the tenant, if one is free.
    #[must_use]
    pub fn try_take(&self, tenant: TenantId) -> Option<Share> {
        let mut tenants = self.tenants();
        let known = self.known(&mut tenants, tenant);
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
    pub async fn take(&self, tenant: TenantId) -> Option<Share> {
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

    fn visit(&self, tenant: TenantId) -> Option<(Visit, Arc<Semaphore>)> {
        let Inner { places, queue, .. } = *self.0;
        let mut tenants = self.tenants();
        let known = self.known(&mut tenants, tenant);
        // One who has just been here has somebody, so nothing is left behind here.
        if known.here >= places.saturating_add(queue) {
            return None;
        }
        let visit = self.count(known, tenant);
        Some((visit, Arc::clone(&known.places)))
    }

    fn known<'t>(
        &self,
        tenants: &'t mut HashMap<TenantId, Tenant>,
        tenant: TenantId,
    ) -> &'t mut Tenant {
        tenants.entry(tenant).or_insert_with(|| Tenant {
            places: Arc::new(Semaphore::new(self.0.places)),
            here: 0,
        })
    }

    fn count(&self, known: &mut Tenant, tenant: TenantId) -> Visit {
        known.here += 1;
        Visit {
            shares: self.clone(),
            tenant,
        }
    }

    // Held for a look-up, and never at an await.
    fn tenants(&self) -> MutexGuard<'_, HashMap<TenantId, Tenant>> {
        let tenants = self.0.tenants.lock();
        tenants.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut tenants = self.shares.tenants();
        if let Some(known) = tenants.get_mut(&self.tenant) {
            known.here = known.here.saturating_sub(1);
            if known.here == 0 {
                tenants.remove(&self.tenant);
            }
        }
    }
}

impl fmt::Debug for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shares")
            .field("places", &self.0.places)
            .field("tenants", &self.tenants().len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Visit {
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
        drop(place);
        assert!(waiting.await.unwrap());
        let place = shares.take(acme).await.unwrap();
        assert!(shares.take(acme).await.is_none(), "it took too long");
        drop(place);
        // Nobody is remembered who uses nothing.
        assert_eq!(
            format!("{shares:?}"),
            "Shares { places: 1, tenants: 0, .. }"
        );
    }
}
