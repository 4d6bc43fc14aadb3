//! The door of a device that a person has let in (RFC 8628).

use saas_core::{Timestamp, UserId};
use saas_tenancy::Tenant;

use super::{Authenticated, SignIns};
use crate::{Account, Device, Error, session};

/// That somebody who was signed in has let a device in.
#[derive(Debug)]
pub(crate) struct Approval {
    pub(crate) user: UserId,
    /// When and how they signed in.
    pub(crate) at: Timestamp,
    pub(crate) methods: Vec<String>,
}

impl SignIns {
    /// Lets a device in as the person who has allowed it, when their account may still be used.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`], [`Error::Storage`].
    pub(crate) async fn by_approval(
        &self,
        tenant: &Tenant,
        approval: Approval,
        device: &Device,
    ) -> Result<Authenticated, Error> {
        let account = self.accounts.by_id(approval.user).await?;
        let account = account
            .filter(Account::is_active)
            .ok_or(Error::Credentials)?;
        Ok(Authenticated::new(
            session::entering(tenant),
            account.id(),
            approval.at,
            approval.methods,
            device.clone(),
        ))
    }
}
