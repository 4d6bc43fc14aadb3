//! Addresses: whose they are, and their changes.

use saas_core::{Secret, UserId};
use saas_tenancy::{AuditEvent, Scope, Tenant, TenantTx};

use super::{Email, Holders, Membership, member::Memberships as _, store};
use crate::{
    Device, Error, Sessions, SignIns,
    message::{AddressChangeAsked, AddressChanged, VerificationAsked},
    proof::{self, Kind, OfAccount, Proofs},
};

/// What a letter has confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Confirmed {
    /// The person reads mail to the address of the account.
    Address,
    /// The person reads mail to a new address, which is that of the account now.
    Change,
}

/// Verifies and changes the addresses of accounts; cheap to clone.
///
/// An address counts once somebody has followed the link of a letter that went there. Until then the old one
/// stays, and is told that a change was asked for.
///
/// A change is one of the account, with which the person signs in everywhere. Of the tenants, the one in which
/// it was asked for has the new address in its list of members; the others keep what they were told, so that
/// none learns from another.
#[derive(Debug, Clone)]
pub struct Addresses {
    holders: Holders,
    sessions: Sessions,
    proofs: Proofs,
}

impl Addresses {
    pub(crate) fn new(sign_ins: &SignIns, sessions: &Sessions) -> Self {
        Self {
            holders: Holders::new(sign_ins.clone()),
            proofs: Proofs::new(sessions.database().clone()),
            sessions: sessions.clone(),
        }
    }

    /// Asks for a letter that verifies the address of an account, inside the caller's transaction: after a
    /// sign-up, and whenever the person wants another.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn ask_verification(&self, tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
        let asked = VerificationAsked { account: user };
        Ok(tx.publish(VerificationAsked::KIND, &asked).await?)
    }

    /// Asks for the letters of a change: one to the new address with a link that makes it, and one to the old
    /// that says so. Whether the new address is that of another account is told by neither the answer nor its
    /// time; no link is sent then.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when the password of the caller is wrong; [`Error::Provisional`] when somebody
    /// else knows it; [`Error::StepUp`] when the caller has not proven all that they have, and [`Error::Factor`] when
    /// another tenant of theirs asks for a code by mail first; [`Error::Limited`]; [`Error::Busy`]; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either the letters will be sent or not.
    pub async fn ask_change(
        &self,
        scope: &Scope,
        password: &Secret<String>,
        email: &Email,
        device: &Device,
    ) -> Result<(), Error> {
        let account = self.holders.prove_all(scope, password, device).await?;
        if account.is_provisional() {
            return Err(Error::Provisional);
        }
        let mut tx = self.sessions.database().write(scope);
        let object = format!("user:{}", account.id());
        tx.record(AuditEvent::new("email.change-asked", object))
            .await?;
        let asked = AddressChangeAsked {
            account: account.id(),
            generation: account.generation(),
            email: email.as_str().to_owned(),
        };
        tx.publish(AddressChangeAsked::KIND, &asked).await?;
        Ok(tx.commit().await?)
    }

    /// Gives the address that a token confirms, and uses nothing up: for the page that asks whether to.
    ///
    /// # Errors
    ///
    /// [`Error::Link`]; [`Error::Storage`].
    pub async fn look(&self, tenant: &Tenant, token: &Secret<String>) -> Result<Email, Error> {
        let opened = self.proofs.open_of_account(tenant, KINDS, token).await?;
        opened.row.email.parse().map_err(|_| Error::Link)
    }

    /// Confirms what the token of a letter is for, once.
    ///
    /// # Errors
    ///
    /// [`Error::Link`], also when another account has taken the address meanwhile; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either it is confirmed and the token used up, or neither.
    pub async fn confirm(
        &self,
        tenant: &Tenant,
        token: &Secret<String>,
    ) -> Result<Confirmed, Error> {
        let proof = self.proofs.open_of_account(tenant, KINDS, token).await?;
        if proof.row.kind == Kind::EmailChange {
            self.change(tenant, &proof).await?;
            return Ok(Confirmed::Change);
        }
        let mut tx = self.proofs.system_write();
        if !store::verify(&mut tx, &proof.account).await? {
            return Err(Error::Link);
        }
        let mut tx = tx.into_scope(&proof::scope(tenant)).await?;
        proof::use_up(&mut tx, &proof.row).await?;
        let object = format!("user:{}", proof.account.id());
        tx.record(AuditEvent::new("email.verified", object)).await?;
        tx.commit().await?;
        Ok(Confirmed::Address)
    }

    async fn change(&self, tenant: &Tenant, proof: &OfAccount) -> Result<(), Error> {
        let (account, user) = (&proof.account, proof.account.id());
        let email: Email = proof.row.email.parse().map_err(|_| Error::Link)?;
        let mut tx = self.proofs.system_write();
        match store::set_email(&mut tx, account, &email).await {
            Ok(true) => {}
            // Who asked would learn that there is such an account.
            Ok(false) | Err(saas_tenancy::Error::Unique(_)) => return Err(Error::Link),
            Err(error) => return Err(error.into()),
        }
        let mut tx = tx.into_scope(&proof::scope(tenant)).await?;
        proof::use_up(&mut tx, &proof.row).await?;
        // Nobody, when the person has left the tenant meanwhile.
        let now = tx.database().clock().now();
        tx.tell_address(email.as_str(), now, Membership::id_of(user))
            .await?;
        tx.record(AuditEvent::new("email.changed", format!("user:{user}")))
            .await?;
        let changed = AddressChanged {
            account: user,
            old: account.email().to_owned(),
        };
        tx.publish(AddressChanged::KIND, &changed).await?;
        Ok(tx.commit().await?)
    }
}

/// What is confirmed by a mere visit and click.
const KINDS: &[Kind] = &[Kind::Verification, Kind::EmailChange];
