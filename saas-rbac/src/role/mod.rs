//! Roles: the built-in ones, those that a tenant makes, and who holds them.

mod assign;
mod explain;
mod gift;
mod grant;
mod group;
mod preset;
mod preview;
mod subject;

use std::collections::BTreeSet;

use saas_tenancy::{AuditEvent, TenantTx};
use serde::Serialize;

pub use explain::{Explanation, Reasoned};
pub use group::{Group, Groups};
pub use preset::Presets;
pub use preview::{PermissionChange, Preview};
pub use subject::{InvalidSubject, Subject};

use grant::{Grantor, RoleRules};

use crate::{
    Authorizer, Error,
    policy::{
        lines,
        store::{NewRoleRow, NewRule, PolicyRule, RoleRow, RoleRowPatch, Rules as _},
    },
};

const MAX_NAME: usize = 63;

/// A role of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Role {
    /// The name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether the program brings it.
    pub built_in: bool,
    /// What its holders may do, sorted; without what it inherits.
    pub permissions: Vec<String>,
    /// What its holders may not do, whatever else allows it, sorted.
    pub denies: Vec<String>,
    /// The roles whose rules hold for its holders too, sorted.
    pub inherits: Vec<String>,
    /// Permissions that it names and the program does not have any more. They allow nothing.
    pub unknown: Vec<String>,
}

/// What a role is to be. Made with [`RoleSpec::new`], and changed by its methods.
///
/// ```
/// use saas_rbac::RoleSpec;
///
/// let editor = RoleSpec::new()
///     .description("Writes, but never deletes")
///     .allow(["projects:write"])
///     .deny(["projects:delete"])
///     .inherit(["user"]);
/// # let _ = editor;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct RoleSpec {
    description: String,
    permissions: BTreeSet<String>,
    denies: BTreeSet<String>,
    inherits: BTreeSet<String>,
}

impl RoleSpec {
    /// Starts with a role that allows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what it is for.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// Allows permissions, by name.
    pub fn allow(mut self, permissions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.permissions
            .extend(permissions.into_iter().map(Into::into));
        self
    }

    /// Denies permissions, by name. A deny wins over every allow, whichever role it comes from.
    pub fn deny(mut self, permissions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.denies.extend(permissions.into_iter().map(Into::into));
        self
    }

    /// Takes over the rules of other roles.
    pub fn inherit(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.inherits.extend(roles.into_iter().map(Into::into));
        self
    }
}

/// Changes roles and who holds them, inside the caller's transaction.
///
/// Nobody gives or takes what he lacks: the caller of the transaction's scope must hold every
/// permission that a change touches, apart from what the edition of the tenant has. No deny holds for an owner.
/// A change that is refused leaves nothing behind, and the transaction goes on. The decisions of all instances follow with the commit, and each change is
/// [recorded](saas_tenancy::AuditRecord) with what was before and after.
#[derive(Debug, Clone)]
pub struct Roles {
    authorizer: Authorizer,
}

impl Roles {
    /// Makes the service.
    #[must_use]
    pub const fn new(authorizer: Authorizer) -> Self {
        Self { authorizer }
    }

    /// Gives the roles of the tenant, the built-in ones first.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn list(&self, tx: &mut TenantTx) -> Result<Vec<Role>, Error> {
        let built_in = self.presets().iter().map(|(name, _)| self.built_in(name));
        let mut roles: Vec<Role> = built_in.flatten().collect();
        let rules = RoleRules::read(self.presets(), tx).await?;
        let own = tx.all_roles().await?;
        roles.extend(
            own.into_iter()
                .map(|row| rules.role(&row.name, row.description)),
        );
        Ok(roles)
    }

    /// Gives a role of the tenant.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRole`].
    pub async fn get(&self, tx: &mut TenantTx, name: &str) -> Result<Role, Error> {
        if let Some(role) = self.built_in(name) {
            return Ok(role);
        }
        let row = self.own(tx, name).await?;
        let rules = tx.rules_of(&lines::role(name)).await?;
        Ok(show(self.presets(), name, row.description, &rules))
    }

    /// Waits until no other transaction changes the roles, groups and assignments of the tenant, and keeps
    /// others from it to the end of this one. Every change does so by itself; a program does it first when the
    /// change depends on something that it reads before, such as whether somebody is a member.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] when it takes too long.
    pub async fn lock(&self, tx: &mut TenantTx) -> Result<(), Error> {
        grant::lock(tx).await
    }

    /// Makes a role.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRoleName`], [`Error::RoleExists`], [`Error::UnknownPermission`],
    /// [`Error::UnknownRole`] of one to inherit, [`Error::RoleCycle`], [`Error::RoleTooDeep`],
    /// [`Error::TooManyRoles`], [`Error::TooManyRules`], or [`Error::Escalation`] when the caller lacks one
    /// of the permissions.
    pub async fn create(
        &self,
        tx: &mut TenantTx,
        name: &str,
        spec: &RoleSpec,
    ) -> Result<Role, Error> {
        check_name(name)?;
        self.lock(tx).await?;
        if self.presets().get(name).is_some() || tx.role_named(name).await?.is_some() {
            return Err(Error::RoleExists(name.to_owned()));
        }
        let max = self.authorizer.config().max_roles;
        if tx.count_roles().await?.0 >= i64::from(max) {
            return Err(Error::TooManyRoles(max));
        }
        let mut rules = RoleRules::read(self.presets(), tx).await?;
        let grantor = rules.grantor(tx).await?;
        tx.savepoint(async |tx| {
            let new = NewRoleRow {
                name: name.to_owned(),
                description: spec.description.clone(),
            };
            tx.repo::<RoleRow>().insert(new).await?;
            let role = self.write(tx, name, spec, &grantor).await?;
            let event = AuditEvent::new("role.created", lines::role(name));
            tx.record(event.after(&role)?).await?;
            self.authorizer.changed(tx).await?;
            Ok(role)
        })
        .await
    }

    /// Makes a role of the tenant what the spec says, and nothing else. Whoever holds it holds that.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRole`], [`Error::BuiltIn`], otherwise as [`Roles::create`]; the caller must hold what
    /// the role allowed and denied before as well.
    pub async fn update(
        &self,
        tx: &mut TenantTx,
        name: &str,
        spec: &RoleSpec,
    ) -> Result<Role, Error> {
        self.lock(tx).await?;
        let row = self.own(tx, name).await?;
        let mut rules = RoleRules::read(self.presets(), tx).await?;
        let before = rules.role(name, row.description);
        let grantor = rules.grantor(tx).await?;
        grantor.require(&rules.touched(&[name]))?;
        tx.savepoint(async |tx| {
            let patch = RoleRowPatch {
                description: Some(spec.description.clone()),
            };
            tx.repo::<RoleRow>().update(row.id, None, patch).await?;
            tx.delete_rules_of(&lines::role(name)).await?;
            let role = self.write(tx, name, spec, &grantor).await?;
            let event = AuditEvent::new("role.changed", lines::role(name));
            tx.record(event.before(&before)?.after(&role)?).await?;
            self.authorizer.changed(tx).await?;
            Ok(role)
        })
        .await
    }

    /// Removes a role that nobody holds and no other role inherits.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRole`], [`Error::BuiltIn`], [`Error::InUse`], [`Error::Escalation`].
    pub async fn delete(&self, tx: &mut TenantTx, name: &str) -> Result<(), Error> {
        self.lock(tx).await?;
        let row = self.own(tx, name).await?;
        let subject = lines::role(name);
        if tx.count_holders(&subject).await?.0 > 0 {
            return Err(Error::InUse(name.to_owned()));
        }
        let mut rules = RoleRules::read(self.presets(), tx).await?;
        let before = rules.role(name, row.description);
        let grantor = rules.grantor(tx).await?;
        grantor.require(&rules.touched(&[name]))?;
        tx.savepoint(async |tx| {
            tx.delete_rules_of(&subject).await?;
            tx.repo::<RoleRow>().delete(row.id, None).await?;
            let event = AuditEvent::new("role.deleted", &*subject);
            tx.record(event.before(&before)?).await?;
            self.authorizer.changed(tx).await
        })
        .await
    }

    fn presets(&self) -> &Presets {
        self.authorizer.presets()
    }

    fn built_in(&self, name: &str) -> Option<Role> {
        let permissions = self.presets().get(name)?;
        Some(Role {
            permissions: permissions.iter().copied().map(ToOwned::to_owned).collect(),
            built_in: true,
            ..empty(name, String::new())
        })
    }

    /// Finds a role that the tenant has made.
    async fn own(&self, tx: &mut TenantTx, name: &str) -> Result<RoleRow, Error> {
        if self.presets().get(name).is_some() {
            return Err(Error::BuiltIn(name.to_owned()));
        }
        let row = tx.role_named(name).await?;
        row.ok_or_else(|| Error::UnknownRole(name.to_owned()))
    }

    /// Writes the rules of a role and refuses them when they do not go together, or when who writes them
    /// lacks something of them.
    async fn write(
        &self,
        tx: &mut TenantTx,
        name: &str,
        spec: &RoleSpec,
        grantor: &Grantor,
    ) -> Result<Role, Error> {
        let (subject, domain) = (lines::role(name), lines::domain(tx.scope().tenant().id()));
        let mut lines = Vec::new();
        for permission in spec.permissions.iter().chain(&spec.denies) {
            if !self.presets().knows(permission) {
                return Err(Error::UnknownPermission(permission.clone()));
            }
            let allows = !spec.denies.contains(permission);
            if !allows && spec.permissions.contains(permission) {
                return Err(Error::Contradiction(permission.clone()));
            }
            lines.push(NewRule::permission(&subject, &domain, permission, allows));
        }
        let parents: Vec<&str> = spec.inherits.iter().map(String::as_str).collect();
        self.exist(tx, &parents).await?;
        for parent in &spec.inherits {
            let parent = lines::role(parent);
            lines.push(NewRule::grouping(&subject, &parent, &domain));
        }
        tx.repo::<PolicyRule>().insert_many(lines).await?;
        let rules = RoleRules::read(self.presets(), tx).await?;
        if rules.graph.is_cyclic(name) {
            return Err(Error::RoleCycle(name.to_owned()));
        }
        if rules.graph.depth() > lines::MAX_DEPTH {
            return Err(Error::RoleTooDeep(lines::MAX_DEPTH));
        }
        grantor.require(&rules.touched(&[name]))?;
        self.within_quota(tx).await?;
        Ok(rules.role(name, spec.description.clone()))
    }

    /// To be asked after lines were added. Whoever takes away is never over the quota.
    async fn within_quota(&self, tx: &mut TenantTx) -> Result<(), Error> {
        let max = self.authorizer.config().max_rules;
        if tx.count_rules().await?.0 > i64::from(max) {
            return Err(Error::TooManyRules(max));
        }
        Ok(())
    }

    /// Refuses a name that is no role of the tenant.
    async fn exist(&self, tx: &mut TenantTx, names: &[&str]) -> Result<(), Error> {
        if names.iter().all(|name| self.presets().get(name).is_some()) {
            return Ok(());
        }
        let own = tx.all_roles().await?;
        let known = |name: &&&str| {
            self.presets().get(name).is_some() || own.iter().any(|role| role.name == **name)
        };
        match names.iter().find(|name| !known(name)) {
            Some(unknown) => Err(Error::UnknownRole((*unknown).to_owned())),
            None => Ok(()),
        }
    }
}

/// A role is named with a-z, 0-9 and `-`, so that no name looks like another.
fn check_name(name: &str) -> Result<(), Error> {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase());
    let rest = bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if first && rest && name.len() <= MAX_NAME {
        Ok(())
    } else {
        Err(Error::InvalidRoleName)
    }
}

fn empty(name: &str, description: String) -> Role {
    Role {
        name: name.to_owned(),
        description,
        built_in: false,
        permissions: Vec::new(),
        denies: Vec::new(),
        inherits: Vec::new(),
        unknown: Vec::new(),
    }
}

/// Shows a role by its lines.
fn show<'a>(
    presets: &Presets,
    name: &str,
    description: String,
    rules: impl IntoIterator<Item = &'a PolicyRule>,
) -> Role {
    let mut role = empty(name, description);
    for rule in rules {
        if rule.ptype == "g" {
            let parent = rule.v1.strip_prefix("role:").unwrap_or(&rule.v1);
            role.inherits.push(parent.to_owned());
            continue;
        }
        let permission = rule.permission();
        if !presets.knows(&permission) {
            role.unknown.push(permission);
        } else if rule.denies() {
            role.denies.push(permission);
        } else {
            role.permissions.push(permission);
        }
    }
    for names in [
        &mut role.permissions,
        &mut role.denies,
        &mut role.inherits,
        &mut role.unknown,
    ] {
        names.sort_unstable();
    }
    role
}
