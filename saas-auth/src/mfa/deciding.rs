//! The policy about second factors, asked with what is known of somebody.

#[cfg(feature = "axum")]
use std::sync::Arc;

use saas_core::{Principal, PrincipalKind, UserId};
use saas_tenancy::{Scope, Tenant};

use super::{
    SecondFactors,
    clearance::{Claim, Clearance},
    policy::{self, Asked, Decision, Facts, Member, Rule, Strength},
    rule::{self, Standing},
    store,
};
use crate::{Error, Membership, account, session};

/// Of how many tenants the rules are asked for what belongs to the person.
const MAX_TENANTS: usize = 100;

impl SecondFactors {
    /// Asks the policy about a claim at a door into a tenant.
    pub(crate) async fn clear(&self, claim: Claim, asked: Asked) -> Result<Clearance, Error> {
        let member = self.member(&claim.tenant, claim.user).await?;
        let factors = store::confirmed(&mut self.read(), claim.user).await?;
        let memberships: Vec<_> = member.into_iter().collect();
        let facts = Facts {
            memberships: &memberships,
            factors,
            level: claim.level(),
            standing: claim.standing(),
            authenticated_at: claim.at,
            asked,
            now: self.now(),
        };
        let mut decision = policy::decide(&facts);
        if matches!(decision, Decision::Enrol(_)) {
            // A factor is one in all tenants: where another wants a code by mail before, nobody gets around it here.
            let memberships = self.memberships(&claim.tenant, claim.user).await?;
            let everywhere = policy::decide(&Facts {
                memberships: &memberships,
                ..facts
            });
            if everywhere == Decision::Mail {
                decision = everywhere;
            }
        }
        Ok(Clearance::of(decision, claim))
    }

    /// Tells whether it is known, without asking anybody, that no rule asks more of a caller than they have proven.
    #[cfg(feature = "axum")]
    pub(super) fn asks_nothing_of(&self, caller: &Principal) -> bool {
        if caller.kind() != PrincipalKind::User || caller.session().is_none() {
            return true;
        }
        let level = policy::standing(caller.methods());
        level == Strength::PhishingResistant
            || self
                .inner
                .recent
                .get(&caller.tenant())
                .is_some_and(|rules| asks_at_most(&rules, level))
    }

    /// Tells whether what a caller has proven at the sign-in is still enough. That they have another factor by now is
    /// asked at the next sign-in.
    ///
    /// # Errors
    ///
    /// [`Error::StepUp`], [`Error::EnrolmentRequired`]; [`Error::Credentials`] when they have left; [`Error::Storage`].
    #[cfg(feature = "axum")]
    pub(super) async fn still_enough(&self, caller: &Principal) -> Result<(), Error> {
        let tenant = self.inner.registry.by_id(caller.tenant()).await?;
        let tenant = tenant.ok_or(Error::Credentials)?;
        let rules = match self.inner.recent.get(&tenant.id()) {
            Some(rules) => rules,
            None => {
                let scope = session::entering(&tenant);
                let mut tx = self.inner.database.read_primary(&scope);
                let rules: Arc<[Standing]> = rule::standing(&mut tx).await?.into();
                self.inner.recent.insert(tenant.id(), Arc::clone(&rules));
                rules
            }
        };
        if asks_at_most(&rules, policy::standing(caller.methods())) {
            return Ok(());
        }
        let user = caller.subject();
        let member = self.member(&tenant, user).await?;
        let memberships: Vec<_> = member.into_iter().collect();
        let decision = policy::decide(&Facts {
            memberships: &memberships,
            factors: policy::Factors::default(),
            level: caller.level(),
            standing: policy::standing(caller.methods()),
            authenticated_at: caller.authenticated_at(),
            asked: Asked::NOTHING,
            now: self.now(),
        });
        let level = match decision {
            Decision::Allow => return Ok(()),
            Decision::Mail => return Err(Error::SIGN_IN_ANEW),
            Decision::StepUp(level) | Decision::Enrol(level) => level,
            Decision::Deny => return Err(Error::Credentials),
        };
        let reach = store::confirmed(&mut self.read(), user).await?.reach();
        match reach >= level {
            true => Err(Error::StepUp {
                level,
                max_age: None,
            }),
            false => Err(Error::EnrolmentRequired(level)),
        }
    }

    /// Asks the policy about a caller, for what belongs to the person and so to all of their tenants.
    pub(super) async fn decide_everywhere(
        &self,
        scope: &Scope,
        caller: &Principal,
        asked: Asked,
    ) -> Result<Decision, Error> {
        let user = caller.subject();
        let factors = store::confirmed(&mut self.read(), user).await?;
        let memberships = self.memberships(scope.tenant(), user).await?;
        Ok(policy::decide(&Facts {
            memberships: &memberships,
            factors,
            level: caller.level(),
            // Whoever changes what belongs to the person proves all of it.
            standing: policy::proven(caller.methods()),
            authenticated_at: caller.authenticated_at(),
            asked,
            now: self.now(),
        }))
    }

    /// Finds what somebody is in a tenant and in all others of theirs.
    async fn memberships(&self, here: &Tenant, user: UserId) -> Result<Vec<Member>, Error> {
        let mut tx = self.read().for_user(user);
        let tenants = account::store::tenants_of(&mut tx, user).await?;
        drop(tx);
        let mut memberships = Vec::new();
        memberships.extend(self.member(here, user).await?);
        let others = tenants.into_iter().filter(|id| *id != here.id());
        for id in others.take(MAX_TENANTS) {
            if let Some(tenant) = self.inner.registry.by_id(id).await?
                && let Some(member) = self.member(&tenant, user).await?
            {
                // Whom another tenant keeps out it asks nothing.
                memberships.extend(Some(member).filter(|member| member.is_active));
            }
        }
        Ok(memberships)
    }

    /// Finds what somebody is in a tenant, and which rules hold for them.
    async fn member(&self, tenant: &Tenant, user: UserId) -> Result<Option<Member>, Error> {
        let scope = session::entering(tenant);
        let mut tx = self.inner.database.read_primary(&scope);
        let id = Membership::id_of(user);
        let Some(membership) = tx.repo::<Membership>().find(id).await? else {
            return Ok(None);
        };
        let standing = rule::standing(&mut tx).await?;
        drop(tx);
        let by_role = standing.iter().any(|rule| rule.role.is_some());
        let roles = match &self.inner.roles {
            Some(roles) if by_role => Some(roles.roles(tenant, user).await.map_err(Error::Roles)?),
            _ => None,
        };
        let rules = standing.iter().filter(|rule| match (&rule.role, &roles) {
            (None, _) => true,
            (Some(role), Some(roles)) => roles.contains(role),
            // Nobody can say who has the role, so everybody may have it.
            (Some(_), None) => true,
        });
        Ok(Some(Member {
            is_active: membership.active,
            rules: rules
                .map(|rule| Rule {
                    requirement: rule.requirement,
                    enforced_at: rule.enforced_at(membership.created_at),
                })
                .collect(),
        }))
    }
}

#[cfg(feature = "axum")]
fn asks_at_most(rules: &[Standing], strength: Strength) -> bool {
    rules
        .iter()
        .all(|rule| rule.requirement.strength() <= strength)
}
