//! What is being loaded, once for all who wait for it.

use std::{
    collections::{HashMap, hash_map},
    future::Future,
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll},
};

use futures_util::{FutureExt as _, future::Shared};
use saas_core::{Code, Problem, TenantId};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::{EntryKey, counts::Counts};

type Outcome<V> = Result<Option<V>, Problem>;

/// The loads that are under way.
pub(super) struct Flights<V>(Mutex<Under<V>>);

struct Under<V> {
    number: u64,
    way: HashMap<EntryKey, (u64, Waiting<V>)>,
}

/// Waits for a load. It goes on when nobody waits any more.
pub(super) type Waiting<V> = Shared<Load<V>>;

/// A load in a task of its own.
pub(super) struct Load<V>(JoinHandle<Outcome<V>>);

impl<V: Clone + Send + Sync + 'static> Flights<V> {
    /// Waits for the load of a key, which begins now if there is none.
    pub(super) fn join<F>(
        &self,
        key: EntryKey,
        counts: &Counts,
        load: impl FnOnce(u64) -> F,
    ) -> Waiting<V>
    where
        F: Future<Output = Outcome<V>> + Send + 'static,
    {
        let mut under = self.under();
        under.number += 1;
        let number = under.number;
        match under.way.entry(key) {
            hash_map::Entry::Occupied(found) => {
                counts.waited();
                found.get().1.clone()
            }
            hash_map::Entry::Vacant(none) => {
                // What fails is logged with the request that began it.
                let waiting = Load(tokio::spawn(load(number).in_current_span())).shared();
                none.insert((number, waiting.clone()));
                waiting
            }
        }
    }

    /// Lets nobody else wait for what has begun before a change.
    pub(super) fn forget(&self, key: &EntryKey) {
        self.under().way.remove(key);
    }

    pub(super) fn forget_tenant(&self, tenant: TenantId) {
        self.under().way.retain(|key, _| key.tenant != tenant);
    }

    pub(super) fn forget_all(&self) {
        self.under().way.clear();
    }
}

impl<V> Flights<V> {
    fn under(&self) -> std::sync::MutexGuard<'_, Under<V>> {
        // Nothing panics while it is held.
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Ends with a load, also one that panics.
pub(super) struct UnderWay<'a, V> {
    pub(super) flights: &'a Flights<V>,
    pub(super) key: EntryKey,
    pub(super) number: u64,
}

impl<V> Drop for UnderWay<'_, V> {
    fn drop(&mut self) {
        let mut under = self.flights.under();
        let ours = |(of, _): &(u64, Waiting<V>)| *of == self.number;
        if under.way.get(&self.key).is_some_and(ours) {
            under.way.remove(&self.key);
        }
    }
}

impl<V> Default for Flights<V> {
    fn default() -> Self {
        Self(Mutex::new(Under {
            number: 0,
            way: HashMap::new(),
        }))
    }
}

impl<V> Future for Load<V> {
    type Output = Outcome<V>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome<V>> {
        Pin::new(&mut self.0).poll(context).map(|ended| {
            ended.unwrap_or_else(|error| {
                tracing::error!(%error, "what loads a value has panicked");
                Err(Problem::new(Code::INTERNAL))
            })
        })
    }
}
