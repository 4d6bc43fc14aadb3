//! Who holds which role.

use std::collections::BTreeSet;

use saas_core::Id;
use saas_tenancy::{Actor, AuditEvent, Reason, SystemScope, TenantTx};

use super::{
    Group, Presets, Roles, Subject,
    grant::{self, RoleRules},
};
use crate::{
    Error,
    policy::{
        lines,
        store::{GroupRow, NewRule, PolicyRule, Rules as _},
    },
};

impl Roles {
    /// Gives the roles that somebody has itself, sorted; without those of its groups, and without what they
    /// inherit.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn of(
        &self,
        tx: &mut TenantTx,
        subject: impl Into<Subject>,
    ) -> Result<Vec<String>, Error> {
        grant::roles_of(tx, subject.into()).await
    }

    /// Gives somebody these roles and no others; none takes all away.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRole`]; [`Error::UnknownGroup`]; [`Error::Escalation`] when the caller lacks a
    /// permission of a role that is given or taken away; [`Error::LastOwner`]; [`Error::TooManyRules`].
    pub async fn set(
        &self,
        tx: &mut TenantTx,
        subject: impl Into<Subject>,
        roles: &[String],
    ) -> Result<(), Error> {
        let subject = subject.into();
        grant::lock(tx).await?;
        if let Subject::Group(group) = subject {
            group_exists(tx, group).await?;
        }
        let before = grant::roles_of(tx, subject).await?;
        let held: BTreeSet<&str> = before.iter().map(String::as_str).collect();
        let wanted: BTreeSet<&str> = roles.iter().map(String::as_str).collect();
        let changed: Vec<&str> = held.symmetric_difference(&wanted).copied().collect();
        if changed.is_empty() {
            return Ok(());
        }
        let given: Vec<&str> = wanted.difference(&held).copied().collect();
        self.exist(tx, &given).await?;
        let mut rules = RoleRules::read(self.presets(), tx).await?;
        let grantor = rules.grantor(tx).await?;
        grantor.require(&rules.touched(&changed))?;
        tx.savepoint(async |tx| {
            let mut added = false;
            for role in changed {
                if held.contains(role) {
                    self.take(tx, subject, role).await?;
                } else {
                    insert(tx, subject, &lines::role(role)).await?;
                    added = true;
                }
            }
            if added {
                self.within_quota(tx).await?;
            }
            let event = AuditEvent::new("roles.assigned", subject.to_string());
            tx.record(event.before(&held)?.after(&wanted)?).await?;
            self.authorizer.changed(tx).await
        })
        .await
    }

    /// Takes everything from somebody: all roles, and out of all groups. For one who leaves the tenant.
    ///
    /// # Errors
    ///
    /// [`Error::Escalation`] when the caller lacks a permission of a role or group that is taken away;
    /// [`Error::LastOwner`].
    pub async fn remove_all(
        &self,
        tx: &mut TenantTx,
        subject: impl Into<Subject>,
    ) -> Result<(), Error> {
        let subject = subject.into();
        grant::lock(tx).await?;
        let name = subject.to_string();
        let rows = tx.groupings_of(&name).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut rules = RoleRules::read(self.presets(), tx).await?;
        let grantor = rules.grantor(tx).await?;
        let (mut before, mut touched) = (Vec::new(), Vec::new());
        for row in rows {
            if row.v1.starts_with("group:") {
                let of_group = tx.groupings_of(&row.v1).await?;
                touched.extend(of_group.into_iter().map(|row| row.v1));
            }
            touched.push(row.v1.clone());
            before.push(row.v1);
        }
        let touched = touched.iter().filter_map(|of| of.strip_prefix("role:"));
        let touched: Vec<&str> = touched.collect();
        grantor.require(&rules.touched(&touched))?;
        tx.savepoint(async |tx| {
            if before.contains(&lines::role(Presets::OWNER)) {
                self.take(tx, subject, Presets::OWNER).await?;
            }
            tx.delete_rules_of(&name).await?;
            let event = AuditEvent::new("roles.removed", &*name);
            tx.record(event.before(&before)?).await?;
            self.authorizer.changed(tx).await
        })
        .await
    }

    /// Says which edition the tenant has; none is everything. Only the service itself may, because no role of
    /// the tenant stands above its edition.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEdition`] when the program has none of that name; [`Error::Escalation`] in the
    /// transaction of a caller.
    pub async fn set_edition<R: Reason>(
        &self,
        _: &SystemScope<R>,
        tx: &mut TenantTx,
        edition: Option<&str>,
    ) -> Result<(), Error> {
        if !matches!(tx.scope().actor(), Actor::System(_)) {
            return Err(Error::Escalation);
        }
        grant::lock(tx).await?;
        let before = tx.edition().await?.map(|row| row.v0);
        if let Some(unknown) = edition.filter(|name| self.presets().edition_named(name).is_none()) {
            return Err(Error::UnknownEdition(unknown.to_owned()));
        }
        tx.savepoint(async |tx| {
            tx.delete_edition().await?;
            if let Some(name) = edition {
                tx.repo::<PolicyRule>()
                    .insert(NewRule::edition(name))
                    .await?;
            }
            let event = AuditEvent::new("edition.set", "tenant");
            tx.record(event.before(&before)?.after(&edition)?).await?;
            self.authorizer.changed(tx).await
        })
        .await
    }

    /// Takes a role away, under the lock of the tenant's rules.
    async fn take(&self, tx: &mut TenantTx, subject: Subject, role: &str) -> Result<(), Error> {
        let role_subject = lines::role(role);
        let of_owner = role == Presets::OWNER && matches!(subject, Subject::User(_));
        if of_owner && tx.count_people(&role_subject).await?.0 <= 1 {
            return Err(Error::LastOwner);
        }
        remove(tx, subject, &role_subject).await
    }
}

pub(super) async fn insert(tx: &mut TenantTx, member: Subject, of: &str) -> Result<(), Error> {
    let domain = lines::domain(tx.scope().tenant().id());
    let rule = NewRule::grouping(&member.to_string(), of, &domain);
    tx.repo::<PolicyRule>().insert(rule).await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut TenantTx, member: Subject, of: &str) -> Result<(), Error> {
    let domain = lines::domain(tx.scope().tenant().id());
    tx.delete_rule("g", &member.to_string(), of, &domain, "")
        .await?;
    Ok(())
}

pub(super) async fn group_exists(tx: &mut TenantTx, group: Id<Group>) -> Result<Group, Error> {
    let found = tx
        .repo::<GroupRow>()
        .find(Id::from_uuid(group.as_uuid()))
        .await?;
    let found = found.map(Group::from);
    found.ok_or_else(|| Error::UnknownGroup(group.to_string()))
}
