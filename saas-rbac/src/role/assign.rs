//! Who holds which role.

use std::collections::BTreeSet;

use saas_core::Id;
use saas_tenancy::{AuditEvent, Reason, SystemScope, TenantTx};

use super::{
    Group, Presets, Roles, Subject,
    grant::{self, Grantor},
};
use crate::{
    Error,
    engine::Bits,
    policy::{
        lines,
        store::{NewRule, PolicyRule, Rules as _},
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
    /// permission of a role that is given or taken away; [`Error::LastOwner`]; [`Error::OwnerDenied`];
    /// [`Error::TooManyRules`].
    pub async fn set(
        &self,
        tx: &mut TenantTx,
        subject: impl Into<Subject>,
        roles: &[String],
    ) -> Result<(), Error> {
        let subject = subject.into();
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
        for role in wanted.difference(&held) {
            self.exists(tx, role).await?;
        }
        // Whoever could deny himself the right to lift a deny would have to ask us to do it.
        if wanted.contains(Presets::OWNER) {
            let graph = grant::graph(self.presets(), tx, &[]).await?;
            let rules = wanted.iter().filter_map(|role| graph.role(role));
            if rules.into_iter().any(|(_, deny)| !deny.is_empty()) {
                return Err(Error::OwnerDenied);
            }
        }
        let grantor = Grantor::of(self.presets(), tx).await?;
        grantor.require(&self.touched(tx, changed.iter().copied()).await?)?;
        tx.savepoint(async |tx| {
            for role in changed {
                if held.contains(role) {
                    self.take(tx, subject, role).await?;
                } else {
                    insert(tx, subject, &lines::role(role)).await?;
                }
            }
            self.within_quota(tx).await?;
            let event = AuditEvent::new("roles.assigned", subject.to_string());
            tx.record(event.before(&held)?.after(&wanted)?).await?;
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
            tx.record(event.after(&edition)?).await?;
            self.authorizer.changed(tx).await
        })
        .await
    }

    async fn take(&self, tx: &mut TenantTx, subject: Subject, role: &str) -> Result<(), Error> {
        let role_subject = lines::role(role);
        if role == Presets::OWNER && matches!(subject, Subject::User(_)) {
            tx.lock_holders(&role_subject).await?;
            if tx.count_people(&role_subject).await?.0 <= 1 {
                return Err(Error::LastOwner);
            }
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
    let found = tx.repo::<Group>().find(group).await?;
    found.ok_or_else(|| Error::UnknownGroup(group.to_string()))
}

/// Gives what the roles of a group allow and deny.
pub(super) async fn touched_by_group(
    roles: &Roles,
    tx: &mut TenantTx,
    group: Id<Group>,
) -> Result<Bits, Error> {
    let own = grant::roles_of(tx, Subject::Group(group)).await?;
    roles.touched(tx, own.iter().map(String::as_str)).await
}
