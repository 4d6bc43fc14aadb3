//! What instances tell each other about what they have changed.

use std::sync::{Arc, atomic::Ordering};

use saas_core::{TenantId, bus::Signal};
use saas_tenancy::{Error, TenantTx};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{EntryKey, Inner, TenantCache};

/// What is not to be used any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Invalidation {
    One(EntryKey),
    All(TenantId),
}

impl<K, V> TenantCache<K, V>
where
    K: Serialize,
    V: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    /// Follows what is invalidated, by this instance and by others, until the future is dropped. When messages may
    /// have been lost, everything in this process is forgotten.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped at any time.
    pub async fn watch(&self) {
        let mut signals = self.0.database.signals(self.0.name);
        loop {
            match signals.next().await {
                // Anybody who may connect can send here, and no message makes a value.
                Signal::Message(text) => match serde_json::from_str(&text) {
                    Ok(what) => self.0.forget(what).await,
                    Err(_) => self.0.forget_here(None),
                },
                _ => self.0.forget_here(None),
            }
        }
    }

    pub(super) async fn tell(&self, tx: &mut TenantTx, what: Invalidation) -> Result<(), Error> {
        let text = serde_json::to_string(&what)
            .map_err(|error| Error::InvalidValue(saas_tenancy::Cause::new(error)))?;
        tx.signal(self.0.name, text).await?;
        let inner = Arc::clone(&self.0);
        tx.after_commit(move || inner.forget_at_once(what)).await
    }
}

impl<V: Send + Sync + Clone + 'static> Inner<V> {
    /// What was just committed here is seen by the next request here.
    fn forget_at_once(self: Arc<Self>, what: Invalidation) {
        #[cfg(feature = "redis")]
        if let Some(second) = &self.second {
            let fence = second.fence();
            let inner = Arc::clone(&self);
            tokio::spawn(async move {
                inner.forget(what).await;
                drop(fence);
            });
        }
        self.forget_here(Some(what));
    }

    /// Forgets first what all share. In the other order somebody could take it from there once more.
    async fn forget(&self, what: Invalidation) {
        #[cfg(feature = "redis")]
        if let Some(second) = &self.second {
            second.forget(what).await;
        }
        self.forget_here(Some(what));
    }

    fn forget_here(&self, what: Option<Invalidation>) {
        self.invalidations.fetch_add(1, Ordering::SeqCst);
        match what {
            Some(Invalidation::One(key)) => {
                self.flights.forget(&key);
                self.here.invalidate(&key);
            }
            Some(Invalidation::All(tenant)) => {
                self.flights.forget_tenant(tenant);
                // It fails only for a cache that was built without closures.
                let _ = self
                    .here
                    .invalidate_entries_if(move |key, _| key.tenant == tenant);
            }
            None => {
                self.flights.forget_all();
                self.here.invalidate_all();
            }
        }
    }
}
