//! Groups and teams: members who get the same roles.

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{AuditEvent, TenantEntity, TenantTx};
use serde::Serialize;

use super::{
    Roles, Subject,
    assign::{group_exists, insert, remove, touched_by_group},
    grant::Grantor,
};
use crate::{Authorizer, Error, policy::store::Rules as _};

const MAX_NAME: usize = 200;

/// A group or team of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TenantEntity)]
#[entity(table = "saas_groups", new = "NewGroup")]
#[non_exhaustive]
pub struct Group {
    /// The id.
    #[entity(id)]
    pub id: Id<Group>,
    /// Whose it is.
    #[entity(tenant)]
    pub tenant_id: TenantId,
    /// The name, which is the only one of it in the tenant.
    #[entity(fixed)]
    pub name: String,
    /// What it is for.
    #[entity(fixed)]
    pub description: String,
    /// When it was made.
    #[entity(created)]
    pub created_at: Timestamp,
}

/// Changes groups and who is in them, inside the caller's transaction.
///
/// Whoever is in a group holds its roles, so the same holds as for [`Roles`]: nobody puts anybody into a group,
/// or takes anybody out, whose permissions he lacks. A group is in no other group.
#[derive(Debug, Clone)]
pub struct Groups {
    roles: Roles,
}

impl Groups {
    /// Makes the service.
    #[must_use]
    pub const fn new(authorizer: Authorizer) -> Self {
        Self {
            roles: Roles::new(authorizer),
        }
    }

    /// Gives the groups of the tenant, by name.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn list(&self, tx: &mut TenantTx) -> Result<Vec<Group>, Error> {
        Ok(tx.all_groups().await?)
    }

    /// Makes a group without members and roles.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidGroupName`], [`Error::GroupExists`], [`Error::TooManyGroups`].
    pub async fn create(
        &self,
        tx: &mut TenantTx,
        name: &str,
        description: &str,
    ) -> Result<Group, Error> {
        let plain = !name.trim().is_empty() && !name.chars().any(char::is_control);
        if !plain || name.chars().count() > MAX_NAME || name.trim() != name {
            return Err(Error::InvalidGroupName);
        }
        let max = self.roles.authorizer.config().max_groups;
        if tx.count_groups().await?.0 >= i64::from(max) {
            return Err(Error::TooManyGroups(max));
        }
        let exists = |error| match error {
            saas_tenancy::Error::Unique(_) => Error::GroupExists(name.to_owned()),
            other => Error::Storage(other),
        };
        let new = NewGroup {
            name: name.to_owned(),
            description: description.to_owned(),
        };
        let group = tx.savepoint(async |tx| tx.repo::<Group>().insert(new).await);
        let group = group.await.map_err(exists)?;
        let event = AuditEvent::new("group.created", Subject::Group(group.id).to_string());
        tx.record(event.after(&group)?).await?;
        Ok(group)
    }

    /// Removes a group. Its members lose what they held by it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], [`Error::Escalation`].
    pub async fn delete(&self, tx: &mut TenantTx, group: Id<Group>) -> Result<(), Error> {
        let before = group_exists(tx, group).await?;
        self.require(tx, group).await?;
        tx.savepoint(async |tx| {
            let subject = Subject::Group(group).to_string();
            tx.delete_rules_of(&subject).await?;
            tx.delete_members_of(&subject).await?;
            tx.repo::<Group>().delete(group, None).await?;
            let event = AuditEvent::new("group.deleted", subject);
            tx.record(event.before(&before)?).await?;
            self.roles.authorizer.changed(tx).await
        })
        .await
    }

    /// Gives who is in a group.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub async fn members(
        &self,
        tx: &mut TenantTx,
        group: Id<Group>,
    ) -> Result<Vec<Subject>, Error> {
        group_exists(tx, group).await?;
        let rows = tx.members_of(&Subject::Group(group).to_string()).await?;
        Ok(rows
            .iter()
            .filter_map(|row| Subject::read(&row.v0))
            .collect())
    }

    /// Puts somebody into a group; nothing happens to one who is in it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`]; [`Error::NestedGroup`] for another group; [`Error::Escalation`];
    /// [`Error::TooManyRules`].
    pub async fn add(
        &self,
        tx: &mut TenantTx,
        group: Id<Group>,
        member: impl Into<Subject>,
    ) -> Result<(), Error> {
        self.change(tx, group, member.into(), true).await
    }

    /// Takes somebody out of a group; nothing happens to one who is not in it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], [`Error::Escalation`].
    pub async fn remove(
        &self,
        tx: &mut TenantTx,
        group: Id<Group>,
        member: impl Into<Subject>,
    ) -> Result<(), Error> {
        self.change(tx, group, member.into(), false).await
    }

    async fn change(
        &self,
        tx: &mut TenantTx,
        group: Id<Group>,
        member: Subject,
        joins: bool,
    ) -> Result<(), Error> {
        if matches!(member, Subject::Group(_)) {
            return Err(Error::NestedGroup);
        }
        let is_member = self.members(tx, group).await?.contains(&member);
        if is_member == joins {
            return Ok(());
        }
        self.require(tx, group).await?;
        let of = Subject::Group(group).to_string();
        tx.savepoint(async |tx| {
            let event = if joins {
                insert(tx, member, &of).await?;
                AuditEvent::new("group.joined", &*of).after(&member.to_string())?
            } else {
                remove(tx, member, &of).await?;
                AuditEvent::new("group.left", &*of).before(&member.to_string())?
            };
            tx.record(event).await?;
            self.roles.within_quota(tx).await?;
            self.roles.authorizer.changed(tx).await
        })
        .await
    }

    /// Refuses a caller who lacks something that the group gives.
    async fn require(&self, tx: &mut TenantTx, group: Id<Group>) -> Result<(), Error> {
        let grantor = Grantor::of(self.roles.presets(), tx).await?;
        grantor.require(&touched_by_group(&self.roles, tx, group).await?)
    }
}
