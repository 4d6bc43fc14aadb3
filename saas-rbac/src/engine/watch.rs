//! Changes made by other instances.

use saas_core::bus::Signal;
use saas_tenancy::TenantTx;

use super::Authorizer;
use crate::Error;

/// Where changes of rules are told; the message is the id of the tenant.
const TOPIC: &str = "saas_rules";

impl Authorizer {
    /// Follows what other instances change, until the future is dropped: changed rules are forgotten here as
    /// soon as they are committed there, and all are forgotten whenever the connection was lost, because a
    /// message may have been lost with it. Without it a change is seen after
    /// [`RbacConfig::cache_lifetime`](crate::RbacConfig::cache_lifetime), and so it is behind a transaction
    /// pooler, where no message arrives.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped at any time.
    pub async fn watch(&self) {
        let mut signals = self.inner.database.signals(TOPIC);
        loop {
            // Anybody who may connect can send here, so a message is a hint to look again and no more.
            match signals.next().await {
                Signal::Message(tenant) => match tenant.parse() {
                    Ok(tenant) => self.forget(tenant),
                    Err(_) => self.forget_all(),
                },
                _ => self.forget_all(),
            }
        }
    }

    /// Makes the decisions of all instances follow with the commit.
    pub(crate) async fn changed(&self, tx: &mut TenantTx) -> Result<(), Error> {
        let (authorizer, tenant) = (self.clone(), tx.scope().tenant().id());
        tx.signal(TOPIC, tenant.to_string()).await?;
        Ok(tx.after_commit(move || authorizer.forget(tenant)).await?)
    }
}
