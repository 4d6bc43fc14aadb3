//! Why somebody may do something, or may not.

use saas_tenancy::TenantTx;
use serde::Serialize;

use super::{Roles, Subject, grant::RoleRules};
use crate::Error;

/// Why a permission is held or lacked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// About whom, such as `user:` and an id.
    pub subject: String,
    /// The permission.
    pub permission: String,
    /// Whether it is allowed.
    pub allowed: bool,
    /// The roles with a rule that speaks of it, the nearest first, each with the shortest way to it; there may
    /// be others. Without any it is denied because nothing allows it.
    pub because: Vec<Reasoned>,
    /// Whether the subject is an owner, for whom no deny holds.
    pub owner: bool,
    /// Whether the edition of the tenant keeps it from everybody.
    pub edition_lacks: bool,
}

/// A rule that speaks of a permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reasoned {
    /// `allow` or `deny`. A deny wins.
    pub effect: &'static str,
    /// The way from the subject to the rule: groups and roles, such as `group:…`, `role:editor`. The last one
    /// has the rule.
    pub chain: Vec<String>,
}

impl Roles {
    /// Tells why somebody may do something in the transaction's tenant, or may not, as the transaction sees
    /// the rules.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownPermission`].
    pub async fn explain(
        &self,
        tx: &mut TenantTx,
        subject: impl Into<Subject>,
        permission: &str,
    ) -> Result<Explanation, Error> {
        let subject = subject.into();
        let unknown = || Error::UnknownPermission(permission.to_owned());
        let bit = self.presets().bit_named(permission).ok_or_else(unknown)?;
        let mut rules = RoleRules::read(self.presets(), tx).await?;
        rules.include(tx, subject).await?;
        let graph = rules.graph;
        let reasons = graph.reasons(subject, bit).into_iter();
        Ok(Explanation {
            subject: subject.to_string(),
            permission: permission.to_owned(),
            allowed: graph.held_by(subject).permissions.contains(bit),
            because: reasons
                .map(|(chain, allows)| Reasoned {
                    effect: if allows { "allow" } else { "deny" },
                    chain,
                })
                .collect(),
            owner: graph.owns(subject),
            edition_lacks: graph.edition_lacks(bit),
        })
    }
}
