//! The door between two tenants of one person.

use saas_tenancy::Tenant;

use super::{Authenticated, SignIns};
use crate::{Device, Error, Membership, Session, mfa::Claim, session};

impl SignIns {
    /// Lets the person of a session of one tenant into another tenant of theirs: as whom, when and how the
    /// session began.
    ///
    /// What the other tenant asks besides, it asks: the proofs of the one are not enough for a stricter one.
    ///
    /// A password that somebody else chose opens the tenant in which it was given and must not open another.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when the account may not be used or its password is provisional, or the person is
    /// not a member of the tenant; which of them is not told. [`Error::StepUp`] and [`Error::EnrolmentRequired`] when
    /// the tenant asks for more. [`Error::Storage`].
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
        let claim = Claim {
            tenant: tenant.clone(),
            user: account.id(),
            at: held.authenticated_at,
            methods: held.methods.clone(),
        };
        let entry = self.enter(scope, claim, account.generation(), device);
        // Going from tenant to tenant makes nothing last longer.
        Ok(entry.await?.authenticated()?.until(held.expires_at))
    }
}
