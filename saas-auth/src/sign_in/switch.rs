//! The door between two tenants of one person.

use saas_tenancy::Tenant;

use super::{Authenticated, SignIns};
use crate::{Device, Error, Membership, Session, session};

impl SignIns {
    /// Lets the person of a session of one tenant into another tenant of theirs: as whom, when and how the
    /// session began.
    ///
    /// A password that somebody else chose opens the tenant in which it was given and must not open another.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when the account may not be used or its password is provisional, or the person is
    /// not a member of the tenant; which of them is not told. [`Error::Storage`].
    pub async fn by_switch(
        &self,
        tenant: &Tenant,
        held: &Session,
        device: &Device,
    ) -> Result<Authenticated, Error> {
        let account = self.accounts.by_id(held.user).await?;
        let account = account
            .filter(|account| account.is_active() && !account.is_provisional())
            .ok_or(Error::Credentials)?;
        let scope = session::entering(tenant);
        let mut tx = self.database.read_primary(&scope);
        let id = Membership::id_of(account.id());
        let member = tx.repo::<Membership>().find(id).await?;
        if member.is_none_or(|member| !member.active) {
            return Err(Error::Credentials);
        }
        drop(tx);
        Ok(Authenticated::new(
            scope,
            account.id(),
            held.authenticated_at,
            held.methods.clone(),
            device.clone(),
        )
        .of_generation(account.generation())
        // Going from tenant to tenant makes nothing last longer.
        .until(held.expires_at))
    }
}
