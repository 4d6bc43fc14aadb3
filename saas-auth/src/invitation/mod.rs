//! Invitations: how somebody joins a tenant.
//!
//! A member invites an address, with the roles that the person will have. The link in the letter proves that
//! somebody reads mail to that address, and nothing else does: there is no way in for another address, and who
//! has an account already proves to hold it besides. Roles are known to the application and not to this crate,
//! which keeps their names; so the application gives them, in the transaction that [`Invitations::accept`] has
//! begun, and decides who may invite with which:
//!
//! ```
//! use saas_auth::{Device, Error, Invitations, Joining};
//! use saas_core::{Secret, UserId};
//! use saas_tenancy::{Tenant, TenantTx};
//!
//! async fn accept(
//!     invitations: &Invitations,
//!     tenant: &Tenant,
//!     token: &Secret<String>,
//!     joining: Joining<'_>,
//!     device: &Device,
//! ) -> Result<UserId, Error> {
//!     let (mut tx, accepted) = invitations.accept(tenant, token, joining, device).await?;
//!     give_roles(&mut tx, accepted.user, &accepted.invitation.roles).await?;
//!     tx.commit().await?;
//!     Ok(accepted.user)
//! }
//! # async fn give_roles(_: &mut TenantTx, _: UserId, _: &[String]) -> Result<(), Error> { Ok(()) }
//! ```

mod accept;

use std::time::Duration;

use saas_core::{Id, Secret, Timestamp};
use saas_tenancy::{AuditEvent, Tenant, TenantTx};

pub use accept::{Accepted, Joining};

use crate::{
    Email, Error, LinkConfig, Membership, Sessions, SignIns,
    message::Invited,
    proof::{Kind, NewProofRow, ProofRow, Proofs, Statements as _},
};

/// The name of the lock under which invitations of a tenant are made, so that they are counted.
const LOCK: &str = "saas_invitations";

/// The time for which letters are counted.
const HOUR: Duration = Duration::from_secs(3600);

/// An open invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// The id.
    pub id: Id<Invitation>,
    /// The address that is invited.
    pub email: String,
    /// The roles that the person will have.
    pub roles: Vec<String>,
    /// Who invites: `user:` or `service:` and an id, or `system:` and a reason.
    pub invited_by: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

/// Invites people to tenants; cheap to clone.
#[derive(Debug, Clone)]
pub struct Invitations {
    sign_ins: SignIns,
    proofs: Proofs,
    config: LinkConfig,
}

impl Invitations {
    pub(crate) fn new(sign_ins: &SignIns, sessions: &Sessions, config: LinkConfig) -> Self {
        Self {
            sign_ins: sign_ins.clone(),
            proofs: Proofs::new(sessions.database().clone()),
            config,
        }
    }

    /// Invites an address to the tenant of the transaction, in the name of whoever its scope names. An open
    /// invitation to the same address ends.
    ///
    /// That the caller may give these roles is for the application to check.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyMember`] when a member was told to have just this address;
    /// [`Error::TooManyInvitations`]; [`Error::TooManyLetters`] to one address, and [`Error::Limited`] when all
    /// tenants together invite it too often; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn invite(
        &self,
        tx: &mut TenantTx,
        email: &Email,
        roles: &[String],
    ) -> Result<Invitation, Error> {
        tx.lock(LOCK).await?;
        let told = Membership::EMAIL.eq(email.as_str().to_owned());
        if tx.repo::<Membership>().exists(told).await? {
            return Err(Error::AlreadyMember);
        }
        self.proofs.forget_old(tx).await?;
        let now = self.proofs.now();
        let (lately,) = tx
            .invitations_since(email.key(), now.saturating_sub(HOUR))
            .await?;
        if lately >= i64::from(self.config.letters_an_hour.max(1)) {
            return Err(Error::TooManyLetters);
        }
        self.sign_ins.throttle().invitation(email.key()).await?;
        tx.revoke_invitations_to(now, email.key()).await?;
        let most = self.config.open_invitations;
        let (open,) = tx.count_open_invitations(now).await?;
        if open >= i64::from(most) {
            return Err(Error::TooManyInvitations(most));
        }
        let lifetime = self.config.invitation.into();
        let new = NewProofRow {
            kind: Kind::Invitation,
            account_id: None,
            generation: 0,
            email: email.as_str().to_owned(),
            email_key: email.key().to_owned(),
            roles: Some(serde_json::json!(roles).to_string()),
            made_by: tx.scope().actor().to_string(),
            expires_at: now.saturating_add(lifetime),
            used_at: None,
        };
        let row = tx.repo::<ProofRow>().insert(new).await?;
        let invitation = Invitation::try_from(row)?;
        let object = format!("invitation:{}", invitation.id);
        let event = AuditEvent::new("invitation.created", object).after(&invitation.roles)?;
        tx.record(event).await?;
        let invited = Invited {
            invitation: invitation.id,
        };
        tx.publish(Invited::KIND, &invited).await?;
        Ok(invitation)
    }

    /// Lists the open invitations of the transaction's tenant, the newest first, at most a thousand.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn list(&self, tx: &mut TenantTx) -> Result<Vec<Invitation>, Error> {
        let rows = tx.open_invitations(self.proofs.now()).await?;
        rows.into_iter().map(Invitation::try_from).collect()
    }

    /// Finds an open invitation of the transaction's tenant.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn find(
        &self,
        tx: &mut TenantTx,
        id: Id<Invitation>,
    ) -> Result<Option<Invitation>, Error> {
        let row = tx.repo::<ProofRow>().find(row_id(id)).await?;
        let now = self.proofs.now();
        row.filter(|row| row.kind == Kind::Invitation)
            .filter(|row| row.used_at.is_none() && now < row.expires_at)
            .map(Invitation::try_from)
            .transpose()
    }

    /// Ends an invitation of the transaction's tenant, and tells whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// As [`Invitations::invite`].
    pub async fn revoke(&self, tx: &mut TenantTx, id: Id<Invitation>) -> Result<bool, Error> {
        if tx.revoke_invitation(self.proofs.now(), row_id(id)).await? == 0 {
            return Ok(false);
        }
        let event = AuditEvent::new("invitation.revoked", format!("invitation:{id}"));
        tx.record(event).await?;
        Ok(true)
    }

    /// Sends the letter of an invitation once more, with a new link and new time; the old link is worth
    /// nothing. It is then the caller's invitation, who has to be allowed to make it.
    ///
    /// # Errors
    ///
    /// As [`Invitations::invite`].
    ///
    /// # Cancel safety
    ///
    /// As [`Invitations::invite`].
    pub async fn resend(
        &self,
        tx: &mut TenantTx,
        id: Id<Invitation>,
    ) -> Result<Option<Invitation>, Error> {
        let Some(old) = self.find(tx, id).await? else {
            return Ok(None);
        };
        let email: Email = old.email.parse().map_err(|_| Error::Link)?;
        self.invite(tx, &email, &old.roles).await.map(Some)
    }

    /// Finds the invitation of a token, and uses nothing up: for the page that asks whether to accept.
    ///
    /// # Errors
    ///
    /// [`Error::Link`]; [`Error::Storage`].
    pub async fn look(&self, tenant: &Tenant, token: &Secret<String>) -> Result<Invitation, Error> {
        let row = self.proofs.open(tenant, &[Kind::Invitation], token).await?;
        Invitation::try_from(row)
    }
}

const fn row_id(id: Id<Invitation>) -> Id<ProofRow> {
    Id::from_uuid(id.as_uuid())
}

impl TryFrom<ProofRow> for Invitation {
    type Error = Error;

    fn try_from(row: ProofRow) -> Result<Self, Error> {
        let roles = row.roles.as_deref().unwrap_or("[]");
        let roles = serde_json::from_str(roles);
        Ok(Self {
            id: Id::from_uuid(row.id.as_uuid()),
            email: row.email,
            roles: roles.map_err(|_| saas_tenancy::Error::decode("names of roles"))?,
            invited_by: row.made_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}
