//! Changes made by other instances.

use saas_core::bus::Signal;

use super::{Change, Registry};

/// Where the registry says what has changed.
pub(super) const TOPIC: &str = "saas_registry";

impl Registry {
    /// Follows what other instances change, until the future is dropped: what they change is forgotten
    /// here as soon as they commit it, and everything is forgotten whenever the connection was lost, because
    /// a message may have been lost with it. Without it a change is seen after
    /// [`RegistryConfig::cache_lifetime`](super::RegistryConfig::cache_lifetime), and so it is behind a
    /// transaction pooler, where no message arrives.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped at any time.
    pub async fn watch(&self) {
        let mut signals = self.database.signals(TOPIC);
        loop {
            // Anybody who may connect can send here, so a message is a hint to look again and no more.
            match signals.next().await {
                Signal::Message(text) => match serde_json::from_str::<Change>(&text) {
                    Ok(change) => self.cache.forget(&change),
                    Err(_) => self.cache.forget_all(),
                },
                _ => self.cache.forget_all(),
            }
        }
    }
}
