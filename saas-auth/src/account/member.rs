//! People as members of tenants.

use saas_core::{Id, TenantId, Timestamp, UserId};
use saas_tenancy::{AuditEvent, TenantEntity, TenantTx, tenant_repository};

use crate::{Error, Sessions, proof::Statements as _};

/// A person as a member of a tenant.
///
/// Its id is the account's; address and name are what this tenant
/// was told, so that no tenant learns from another.
#[derive(Debug, Clone, PartialEq, Eq, TenantEntity)]
#[non_exhaustive]
#[entity(
    table = "saas_memberships",
    new = "NewMembership",
    patch = "MembershipPatch"
)]
pub struct Membership {
    /// The account.
    #[entity(id)]
    pub id: Id<Membership>,
    /// The tenant.
    #[entity(tenant)]
    pub tenant_id: TenantId,
    /// The address.
    #[entity(fixed, filter)]
    pub email: String,
    /// The name.
    pub name: String,
    /// Whether the person may sign in to this tenant.
    #[entity(fixed)]
    pub active: bool,
    /// Counts the changes.
    #[entity(version)]
    pub version: i64,
    /// When the person joined.
    #[entity(created, sort)]
    pub created_at: Timestamp,
    /// When the membership last changed.
    #[entity(updated)]
    pub updated_at: Timestamp,
}

impl Membership {
    /// Gives the account.
    #[must_use]
    pub const fn user(&self) -> UserId {
        UserId::from_uuid(self.id.as_uuid())
    }

    /// Gives the id of a person's membership.
    #[must_use]
    pub const fn id_of(user: UserId) -> Id<Self> {
        Id::from_uuid(user.as_uuid())
    }
}

impl NewMembership {
    /// Says how a tenant is to know a person.
    #[must_use]
    pub fn new(email: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            name: name.into(),
            active: true,
        }
    }
}

/// The statements over memberships.
#[tenant_repository(entity = Membership)]
pub(super) trait Memberships {
    #[sql(
        "UPDATE saas_memberships SET email = :email, version = version + 1, updated_at = :now WHERE {tenant} AND id = :id"
    )]
    async fn tell_address(
        &mut self,
        email: &str,
        now: Timestamp,
        id: Id<Membership>,
    ) -> Result<u64>;

    #[sql(
        "UPDATE saas_memberships SET active = :active, version = version + 1, updated_at = :now WHERE {tenant} AND id = :id"
    )]
    async fn set_active(&mut self, active: bool, now: Timestamp, id: Id<Membership>)
    -> Result<u64>;
}

/// Keeps people out of a tenant; cheap to clone.
///
/// What a tenant decides about its members holds there and nowhere else: their accounts, and what they are in
/// other tenants, stay as they are. Whether the caller may decide it is for the application to check.
///
/// ```
/// use saas_auth::{Error, Members};
/// use saas_core::UserId;
/// use saas_tenancy::{Database, Scope};
///
/// async fn keep_out(
///     members: &Members,
///     database: &Database,
///     scope: &Scope,
///     user: UserId,
/// ) -> Result<(), Error> {
///     let mut tx = database.write(scope);
///     members.disable(&mut tx, user).await?;
///     // With the commit the sign-ins end, on this instance at once.
///     Ok(tx.commit().await?)
/// }
/// # let _ = keep_out;
/// ```
#[derive(Debug, Clone)]
pub struct Members {
    sessions: Sessions,
}

impl Members {
    /// Makes the service.
    #[must_use]
    pub const fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }

    /// Keeps a member of the transaction's tenant from signing in, and ends every sign-in. Keys of programs
    /// are good for nothing until the member is enabled again.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`], also when there is no such member.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn disable(&self, tx: &mut TenantTx, user: UserId) -> Result<Membership, Error> {
        self.sessions.end_all(tx, user, None).await?;
        self.set(tx, user, false, "member.disabled").await
    }

    /// Lets a member of the transaction's tenant sign in again.
    ///
    /// # Errors
    ///
    /// As [`Members::disable`].
    ///
    /// # Cancel safety
    ///
    /// As [`Members::disable`].
    pub async fn enable(&self, tx: &mut TenantTx, user: UserId) -> Result<Membership, Error> {
        self.set(tx, user, true, "member.enabled").await
    }

    /// Removes a member from the transaction's tenant, with every sign-in and key.
    ///
    /// # Errors
    ///
    /// As [`Members::disable`].
    ///
    /// # Cancel safety
    ///
    /// As [`Members::disable`].
    pub async fn remove(&self, tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
        self.sessions.end_all(tx, user, None).await?;
        tx.forget_proofs_of(user).await?;
        let id = Membership::id_of(user);
        tx.repo::<Membership>().delete(id, None).await?;
        let event = AuditEvent::new("member.removed", format!("user:{user}"));
        Ok(tx.record(event).await?)
    }

    async fn set(
        &self,
        tx: &mut TenantTx,
        user: UserId,
        active: bool,
        action: &'static str,
    ) -> Result<Membership, Error> {
        let (id, now) = (Membership::id_of(user), tx.database().clock().now());
        tx.set_active(active, now, id).await?;
        let member = tx.repo::<Membership>().get(id).await?;
        let event = AuditEvent::new(action, format!("user:{user}"));
        tx.record(event).await?;
        Ok(member)
    }
}
