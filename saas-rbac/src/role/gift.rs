//! What somebody could give, without giving it: for what is promised now and given later, as by an invitation.

use saas_tenancy::TenantTx;

use super::{
    Roles, Subject,
    grant::{Grantor, RoleRules},
};
use crate::Error;

impl Roles {
    /// Refuses what [`Roles::set`] would refuse to the caller of the transaction, and changes nothing.
    ///
    /// ```
    /// use saas_rbac::{Error, Roles, Subject};
    /// use saas_tenancy::TenantTx;
    ///
    /// /// What was promised is given as long as whoever promised it could still give it.
    /// async fn keep_promise(
    ///     roles: &Roles,
    ///     tx: &mut TenantTx,
    ///     (by, to): (Subject, Subject),
    ///     promised: &[String],
    /// ) -> Result<(), Error> {
    ///     roles.could_give(tx, by, promised).await?;
    ///     roles.set(tx, to, promised).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRole`]; [`Error::Escalation`] when the caller lacks a permission of one of the roles.
    pub async fn may_give(&self, tx: &mut TenantTx, roles: &[String]) -> Result<(), Error> {
        let mut rules = self.rules_of(tx, roles).await?;
        let grantor = rules.grantor(tx).await?;
        require(&grantor, &rules, roles)
    }

    /// Refuses what somebody else could not give, as the transaction sees the rules.
    ///
    /// # Errors
    ///
    /// As [`Roles::may_give`].
    pub async fn could_give(
        &self,
        tx: &mut TenantTx,
        giver: impl Into<Subject>,
        roles: &[String],
    ) -> Result<(), Error> {
        let giver = giver.into();
        let mut rules = self.rules_of(tx, roles).await?;
        rules.include(tx, giver).await?;
        let grantor = Grantor::Caller(rules.graph.unbounded(giver));
        require(&grantor, &rules, roles)
    }

    async fn rules_of(&self, tx: &mut TenantTx, roles: &[String]) -> Result<RoleRules, Error> {
        let names: Vec<&str> = roles.iter().map(String::as_str).collect();
        self.exist(tx, &names).await?;
        RoleRules::read(self.presets(), tx).await
    }
}

fn require(grantor: &Grantor, rules: &RoleRules, roles: &[String]) -> Result<(), Error> {
    let names: Vec<&str> = roles.iter().map(String::as_str).collect();
    grantor.require(&rules.touched(&names))
}
