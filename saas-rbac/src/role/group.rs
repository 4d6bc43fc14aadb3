//! Groups and teams: members who get the same roles.

use saas_core::{Id, Timestamp};
use saas_tenancy::{AuditEvent, TenantTx};
use serde::Serialize;

use super::{
    Roles, Subject,
    assign::{group_exists, insert, remove},
    grant::{self, RoleRules},
};
use crate::{
    Authorizer, Error,
    policy::store::{GroupRow, NewGroupRow, Rules as _},
};

const MAX_NAME: usize = 200;

/// A group or team of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Group {
    /// The id.
    pub id: Id<Group>,
    /// The name, which is the only one of it in the tenant.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl From<GroupRow> for Group {
    fn from(row: GroupRow) -> Self {
        Self {
            id: Id::from_uuid(row.id.as_uuid()),
            name: row.name,
            description: row.description,
            created_at: row.created_at,
        }
    }
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
        Ok(tx
            .all_groups()
            .await?
            .into_iter()
            .map(Group::from)
            .collect())
    }

    /// Gives a group of the tenant.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub async fn get(&self, tx: &mut TenantTx, group: Id<Group>) -> Result<Group, Error> {
        group_exists(tx, group).await
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
        if name.is_empty() || name.chars().count() > MAX_NAME || !is_plain(name) {
            return Err(Error::InvalidGroupName);
        }
        grant::lock(tx).await?;
        let max = self.roles.authorizer.config().max_groups;
        if tx.count_groups().await?.0 >= i64::from(max) {
            return Err(Error::TooManyGroups(max));
        }
        let exists = |error| match error {
            saas_tenancy::Error::Unique(_) => Error::GroupExists(name.to_owned()),
            other => Error::Storage(other),
        };
        let new = NewGroupRow {
            name: name.to_owned(),
            description: description.to_owned(),
        };
        let group = tx.savepoint(async |tx| tx.repo::<GroupRow>().insert(new).await);
        let group = Group::from(group.await.map_err(exists)?);
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
        grant::lock(tx).await?;
        let before = group_exists(tx, group).await?;
        self.require(tx, group).await?;
        tx.savepoint(async |tx| {
            let subject = Subject::Group(group).to_string();
            tx.delete_rules_of(&subject).await?;
            tx.delete_members_of(&subject).await?;
            let row = Id::from_uuid(group.as_uuid());
            tx.repo::<GroupRow>().delete(row, None).await?;
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
        Ok(rows.iter().filter_map(|row| row.v0.parse().ok()).collect())
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
        grant::lock(tx).await?;
        group_exists(tx, group).await?;
        let of = Subject::Group(group).to_string();
        let is_member = tx.count_groupings(&member.to_string(), &of).await?.0 > 0;
        if is_member == joins {
            return Ok(());
        }
        self.require(tx, group).await?;
        tx.savepoint(async |tx| {
            let event = if joins {
                insert(tx, member, &of).await?;
                self.roles.within_quota(tx).await?;
                AuditEvent::new("group.joined", &*of).after(&member.to_string())?
            } else {
                remove(tx, member, &of).await?;
                AuditEvent::new("group.left", &*of).before(&member.to_string())?
            };
            tx.record(event).await?;
            self.roles.authorizer.changed(tx).await
        })
        .await
    }

    /// Refuses a caller who lacks something that the group gives.
    async fn require(&self, tx: &mut TenantTx, group: Id<Group>) -> Result<(), Error> {
        let own = grant::roles_of(tx, Subject::Group(group)).await?;
        let mut rules = RoleRules::read(self.roles.presets(), tx).await?;
        let grantor = rules.grantor(tx).await?;
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        grantor.require(&rules.touched(&own))
    }
}

/// Refuses what cannot be seen: control and format characters, and space around a name.
fn is_plain(name: &str) -> bool {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
    };
    name.trim() == name && !name.chars().any(hidden)
}
