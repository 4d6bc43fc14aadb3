//! Roles: the built-in ones, those that a tenant makes, and who holds them.

mod grant;
mod preset;

use std::collections::HashMap;

use saas_core::{Id, UserId};
use saas_tenancy::TenantTx;
use serde::Serialize;

pub use preset::Presets;

use crate::{
    Authorizer, Error,
    policy::{
        model,
        store::{NewRoleRow, NewRule, PolicyRule, RoleRow, Rules as _},
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
    /// What its holders may do, sorted.
    pub permissions: Vec<String>,
}

/// Changes roles and who holds them, inside the caller's transaction.
///
/// Nobody gives or takes what he lacks: the caller of the transaction's scope must hold every
/// permission that a change touches. The decisions of this instance follow with the commit.
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
        let mut roles: Vec<Role> = self
            .authorizer
            .presets()
            .iter()
            .map(|(name, permissions)| Role {
                name: name.to_owned(),
                description: String::new(),
                built_in: true,
                permissions: permissions
                    .iter()
                    .map(|permission| (*permission).to_owned())
                    .collect(),
            })
            .collect();
        let mut permissions: HashMap<String, Vec<String>> = HashMap::new();
        for rule in tx.all_permissions().await? {
            let permission = rule.permission();
            permissions.entry(rule.v0).or_default().push(permission);
        }
        let own = tx.all_roles().await?.into_iter().map(|row| Role {
            permissions: permissions
                .remove(&model::role(&row.name))
                .unwrap_or_default(),
            name: row.name,
            description: row.description,
            built_in: false,
        });
        roles.extend(own);
        Ok(roles)
    }

    /// Makes a role.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRoleName`], [`Error::RoleExists`], [`Error::UnknownPermission`],
    /// [`Error::TooManyRoles`], or
    /// [`Error::Escalation`] when the caller lacks one of the permissions.
    pub async fn create(
        &self,
        tx: &mut TenantTx,
        name: &str,
        description: &str,
        permissions: &[String],
    ) -> Result<Role, Error> {
        let presets = self.authorizer.presets();
        let first = name
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase());
        let rest = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !first || !rest || name.len() > MAX_NAME {
            return Err(Error::InvalidRoleName);
        }
        if presets.get(name).is_some() || tx.role_named(name).await?.is_some() {
            return Err(Error::RoleExists(name.to_owned()));
        }
        if let Some(unknown) = permissions
            .iter()
            .find(|permission| !presets.knows(permission))
        {
            return Err(Error::UnknownPermission(unknown.clone()));
        }
        grant::require(presets, tx, permissions).await?;
        let max = self.authorizer.max_roles();
        if tx.count_roles().await?.0 >= i64::from(max) {
            return Err(Error::TooManyRoles(max));
        }
        let mut permissions = permissions.to_vec();
        permissions.sort_unstable();
        permissions.dedup();
        let new = NewRoleRow {
            name: name.to_owned(),
            description: description.to_owned(),
        };
        tx.repo::<RoleRow>().insert(new).await?;
        let (subject, domain) = (model::role(name), model::domain(tx.scope().tenant().id()));
        for permission in &permissions {
            let rule = NewRule::permission(&subject, &domain, permission);
            tx.repo::<PolicyRule>().insert(rule).await?;
        }
        self.changed(tx).await?;
        Ok(Role {
            name: name.to_owned(),
            description: description.to_owned(),
            built_in: false,
            permissions,
        })
    }

    /// Removes a role that nobody holds.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRole`], [`Error::BuiltIn`], [`Error::InUse`], [`Error::Escalation`].
    pub async fn delete(&self, tx: &mut TenantTx, name: &str) -> Result<(), Error> {
        if self.authorizer.presets().get(name).is_some() {
            return Err(Error::BuiltIn(name.to_owned()));
        }
        let row = tx
            .role_named(name)
            .await?
            .ok_or_else(|| Error::UnknownRole(name.to_owned()))?;
        let permissions = grant::permissions_of_role(self.authorizer.presets(), tx, name).await?;
        grant::require(self.authorizer.presets(), tx, &permissions).await?;
        let subject = model::role(name);
        if tx.count_holders(&subject).await?.0 > 0 {
            return Err(Error::InUse(name.to_owned()));
        }
        tx.delete_permissions(&subject).await?;
        tx.repo::<RoleRow>().delete(row.id, None).await?;
        self.changed(tx).await
    }

    /// Gives the roles that a user holds, sorted.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn of(&self, tx: &mut TenantTx, user: UserId) -> Result<Vec<String>, Error> {
        grant::roles_of(tx, user).await
    }

    /// Gives a user these roles and no others; none takes all away.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRole`]; [`Error::Escalation`] when the caller lacks a permission of a role that
    /// is given or taken away; [`Error::LastOwner`].
    pub async fn set(
        &self,
        tx: &mut TenantTx,
        user: UserId,
        roles: &[String],
    ) -> Result<(), Error> {
        let presets = self.authorizer.presets();
        let held = grant::roles_of(tx, user).await?;
        let given: Vec<&String> = roles.iter().filter(|role| !held.contains(role)).collect();
        let taken: Vec<&String> = held.iter().filter(|role| !roles.contains(role)).collect();
        let mut touched = Vec::new();
        for role in &given {
            if presets.get(role).is_none() && tx.role_named(role).await?.is_none() {
                return Err(Error::UnknownRole((*role).clone()));
            }
        }
        for role in given.iter().chain(&taken) {
            touched.extend(grant::permissions_of_role(presets, tx, role).await?);
        }
        grant::require(presets, tx, &touched).await?;
        let (subject, domain) = (model::user(user), model::domain(tx.scope().tenant().id()));
        for role in taken {
            let role_subject = model::role(role);
            if role == Presets::OWNER {
                tx.lock_holders(&role_subject).await?;
                if tx.count_holders(&role_subject).await?.0 <= 1 {
                    return Err(Error::LastOwner);
                }
            }
            tx.delete_rule("g", &subject, &role_subject, &domain, "")
                .await?;
        }
        for (at, role) in given.iter().enumerate() {
            // The same role named twice is given once.
            if !given.iter().take(at).any(|earlier| earlier == role) {
                let rule = NewRule::grouping(&subject, &model::role(role), &domain);
                tx.repo::<PolicyRule>()
                    .insert_as(Id::generate(), rule)
                    .await?;
            }
        }
        self.changed(tx).await
    }

    async fn changed(&self, tx: &mut TenantTx) -> Result<(), Error> {
        let (authorizer, tenant) = (self.authorizer.clone(), tx.scope().tenant().id());
        Ok(tx.after_commit(move || authorizer.forget(tenant)).await?)
    }
}
