//! Second factors: enrolled, proven, removed.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use moka::sync::Cache;
#[cfg(feature = "passkeys")]
use saas_core::KeyRing;
use saas_core::{
    Id, Level, Principal, PrincipalKind, Purpose, Secret, TenantId, Timestamp, UserId,
};
use saas_tenancy::{
    AuditEvent, Database, Registry, Scope, SystemScope, SystemTx, Tenant, TenantTx,
};

#[cfg(feature = "passkeys")]
use super::passkey::RelyingParty;
use super::{
    Factor, FactorKind, MfaRule, SteppedUp, TotpEnrolment,
    clearance::{Claim, Clearance},
    policy::{self, Asked, Decision, Facts, Member, Rule},
    recovery::{CODES, RecoveryCode},
    remembered,
    rule::{self, Standing},
    store,
    totp::Totp,
};
use crate::{
    AccountLife, Error, Membership, MfaConfig, SignIn, account, message::FactorsChanged, sealed,
    session,
};

const SEALING: Purpose = Purpose::new("saas-auth/second-factor/1");
/// How many wrong codes are looked at, until there was none for [`PAUSE`].
const TRIES: i64 = 5;
const PAUSE: Duration = Duration::from_secs(300);
/// How long an enrolment waits to be confirmed.
const ENROLMENT: Duration = Duration::from_secs(900);
/// How many factors somebody can have.
pub(super) const MAX_FACTORS: usize = 20;
const MAX_NAME: usize = 100;
/// Of how many tenants the rules are asked for what belongs to the person.
const MAX_TENANTS: usize = 100;

/// For how long the rules of a tenant are not read again for whoever is signed in. Doors read them always.
const RECENT: Duration = Duration::from_secs(1);
const RECENT_TENANTS: u64 = 10_000;

/// Says which roles a member has, where rules are about roles: this crate knows none.
#[async_trait]
pub trait MemberRoles: Send + Sync + fmt::Debug {
    /// Gives the names of all roles of a member, those of groups too.
    ///
    /// # Errors
    ///
    /// Any; whoever asked is then refused.
    async fn roles(
        &self,
        tenant: &Tenant,
        user: UserId,
    ) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>>;
}

/// What somebody proves a second factor with.
#[derive(Clone)]
#[non_exhaustive]
pub enum Proof {
    /// A code by time, of six digits.
    Totp(Secret<String>),
    /// A recovery code.
    Recovery(Secret<String>),
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Totp(_) => "Totp(…)",
            Self::Recovery(_) => "Recovery(…)",
        })
    }
}

/// A set of recovery codes, to be shown once.
#[derive(Debug, Clone)]
pub struct RecoveryCodes(Vec<RecoveryCode>);

impl RecoveryCodes {
    /// Writes the codes down, for their holder.
    #[must_use]
    pub fn expose(&self) -> Vec<Secret<String>> {
        self.0.iter().map(RecoveryCode::write).collect()
    }
}

/// The second factors of people, and the rules of tenants about them; cheap to clone.
#[derive(Debug, Clone)]
pub struct SecondFactors {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    registry: Registry,
    roles: Option<Arc<dyn MemberRoles>>,
    config: MfaConfig,
    /// None where there can be no passkeys.
    #[cfg(feature = "passkeys")]
    relying_party: Option<RelyingParty>,
    /// The rules of tenants, as they were a moment ago.
    recent: Cache<TenantId, Arc<[Standing]>>,
}

impl SecondFactors {
    pub(crate) fn new(
        database: Database,
        registry: Registry,
        roles: Option<Arc<dyn MemberRoles>>,
        config: MfaConfig,
        #[cfg(feature = "passkeys")] relying_party: Option<RelyingParty>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                database,
                registry,
                roles,
                config,
                #[cfg(feature = "passkeys")]
                relying_party,
                recent: Cache::builder()
                    .max_capacity(RECENT_TENANTS)
                    .time_to_live(RECENT)
                    .build(),
            }),
        }
    }

    pub(super) fn config(&self) -> &MfaConfig {
        &self.inner.config
    }

    /// Lists the factors of a person, also those that are not confirmed yet.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn list(&self, user: UserId) -> Result<Vec<Factor>, Error> {
        Ok(store::list(&mut self.read(), user).await?)
    }

    /// Tells how many recovery codes a person has left.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn codes_left(&self, user: UserId) -> Result<usize, Error> {
        Ok(store::codes(&mut self.read(), user).await?.len())
    }

    /// Gives the rules of the transaction's tenant.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn rules(&self, tx: &mut TenantTx) -> Result<Vec<MfaRule>, Error> {
        rule::get(tx).await
    }

    /// Sets the rules of the transaction's tenant, in the place of those that there were. They reach whoever is
    /// signed in with the commit. That the caller may is for the application to check.
    ///
    /// # Errors
    ///
    /// [`Error::MfaRule`] when one of them cannot be; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn set_rules(&self, tx: &mut TenantTx, rules: &[MfaRule]) -> Result<(), Error> {
        rule::set(tx, rules).await
    }

    /// Begins the enrolment of an app for codes. It counts once [`SecondFactors::confirm_totp`] has seen a code of it,
    /// within a quarter of an hour; one that was begun before and not confirmed ends.
    ///
    /// # Errors
    ///
    /// [`Error::Factor`] when the name cannot be, or there are too many; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// An enrolment that nobody was told of ends by itself.
    pub async fn enrol_totp(&self, who: &SteppedUp, name: &str) -> Result<TotpEnrolment, Error> {
        self.enrol(who.user(), who.scope().tenant(), name).await
    }

    pub(crate) async fn enrol(
        &self,
        user: UserId,
        tenant: &Tenant,
        name: &str,
    ) -> Result<TotpEnrolment, Error> {
        check_name(name)?;
        let totp = Totp::generate()?;
        let mut tx = self.write();
        if store::list(&mut tx, user).await?.len() >= MAX_FACTORS {
            return Err(Error::Factor {
                message: "there are 20 factors already",
            });
        }
        let account = account::store::by_id(&mut tx, user).await?;
        let account = account.ok_or(Error::Credentials)?;
        let id = Id::generate();
        let new = store::NewFactor {
            id,
            user,
            kind: FactorKind::Totp,
            name,
            secret: self.seal(user, id, totp.secret())?,
        };
        store::insert(&mut tx, new).await?;
        tx.commit().await?;
        Ok(TotpEnrolment {
            factor: id,
            told: totp.enrolment(tenant.name(), account.email())?,
        })
    }

    /// Confirms an app for codes by one of its codes. With the first factor come recovery codes, which are shown now
    /// or never.
    ///
    /// # Errors
    ///
    /// [`Error::SecondFactor`] when the code is wrong, or nothing waits to be confirmed; [`Error::TooManyTries`];
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either it is confirmed or not. Codes that nobody was told are replaced by [`SecondFactors::renew_codes`].
    pub async fn confirm_totp(
        &self,
        who: &SteppedUp,
        factor: Id<Factor>,
        code: &Secret<String>,
    ) -> Result<Option<RecoveryCodes>, Error> {
        self.confirm(who.user(), who.scope(), (factor, code), None)
            .await
    }

    pub(crate) async fn confirm(
        &self,
        user: UserId,
        scope: &Scope,
        (factor, code): (Id<Factor>, &Secret<String>),
        generation: Option<i64>,
    ) -> Result<Option<RecoveryCodes>, Error> {
        let now = self.now();
        let since = now.saturating_sub(ENROLMENT);
        let sealed = store::unconfirmed(&mut self.read(), user, factor, since).await?;
        let totp = sealed.and_then(|sealed| self.open(user, factor, &sealed));
        // Where there is nothing to guess, there is no try to take.
        let totp = totp.ok_or(Error::SecondFactor)?;
        self.take_try(user).await?;
        let step = totp.step_of(code.expose(), now);
        let step = step.ok_or(Error::SecondFactor)?;
        let mut tx = self.write();
        keeps_standing(&mut tx, user, generation).await?;
        if !store::confirm(&mut tx, user, factor, step).await? {
            return Err(Error::SecondFactor);
        }
        store::give_back(&mut tx, user).await?;
        let first = store::codes(&mut tx, user).await?.is_empty();
        let codes = match first {
            true => Some(self.new_codes(&mut tx, user).await?),
            false => None,
        };
        self.tell(tx, scope, user, "second-factor.enrolled", "totp")
            .await?;
        Ok(codes)
    }

    /// Replaces the recovery codes of a person. Those before are good for nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Factor`] when there is no factor to recover; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either they are replaced or not.
    pub async fn renew_codes(&self, who: &SteppedUp) -> Result<RecoveryCodes, Error> {
        let mut tx = self.write();
        let factors = store::confirmed(&mut tx, who.user()).await?;
        if factors == policy::Factors::default() {
            return Err(Error::Factor {
                message: "there is no factor that a code could stand in for",
            });
        }
        let codes = self.new_codes(&mut tx, who.user()).await?;
        self.tell(
            tx,
            who.scope(),
            who.user(),
            "recovery-codes.renewed",
            "recovery",
        )
        .await?;
        Ok(codes)
    }

    /// Removes a factor, and with the last one the recovery codes. Tells whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either it is removed or not.
    pub async fn remove(&self, who: &SteppedUp, factor: Id<Factor>) -> Result<bool, Error> {
        let user = who.user();
        let mut tx = self.write();
        if !store::remove(&mut tx, user, factor).await? {
            return Ok(false);
        }
        // It may have been what was proven there.
        remembered::forget_all(&mut tx, user).await?;
        if store::confirmed(&mut tx, user).await? == policy::Factors::default() {
            store::remove_all(&mut tx, user).await?;
        }
        self.tell(tx, who.scope(), user, "second-factor.removed", "removed")
            .await?;
        Ok(true)
    }

    /// Removes all factors of a member of the scope's tenant who has lost them, for an administrator. Nobody signs in
    /// by it: the person still needs the password, and is told by mail.
    ///
    /// The factors are those of every tenant of the person, so nobody decides this who is not the only one. That the
    /// caller may is for the application to check.
    ///
    /// # Errors
    ///
    /// [`Error::Factor`] when the person belongs to another tenant besides; [`Error::Credentials`] when they do not
    /// belong to this one; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either they are removed or not.
    pub async fn reset(&self, scope: &Scope, user: UserId) -> Result<(), Error> {
        let mut tx = self.write().for_user(user);
        let tenants = account::store::tenants_of(&mut tx, user).await?;
        if !tenants.contains(&scope.tenant().id()) {
            return Err(Error::Credentials);
        }
        if tenants.len() > 1 {
            return Err(Error::Factor {
                message: "the person belongs to other tenants, too, and has to use a recovery code",
            });
        }
        store::remove_all(&mut tx, user).await?;
        let mut tx = tx.into_scope(scope).await?;
        tell_of_reset(&mut tx, user).await?;
        Ok(tx.commit().await?)
    }

    /// Tells whether an account may be used and is as it was when a sign-in began.
    pub(crate) async fn stands(&self, user: UserId, generation: i64) -> Result<bool, Error> {
        let account = account::store::by_id(&mut self.read(), user).await?;
        Ok(
            account
                .is_some_and(|account| account.is_active() && account.generation() == generation),
        )
    }

    /// Looks at a proof, and gives the way of it (RFC 8176).
    ///
    /// # Errors
    ///
    /// [`Error::SecondFactor`] when it is wrong or was used; [`Error::TooManyTries`]; [`Error::Storage`].
    pub(crate) async fn prove(&self, user: UserId, proof: &Proof) -> Result<&'static str, Error> {
        self.take_try(user).await?;
        let mut tx = self.write();
        let method = match proof {
            Proof::Totp(code) => self.use_totp(&mut tx, user, code).await?.then_some("otp"),
            Proof::Recovery(code) => {
                let used = self.use_code(&mut tx, user, code).await?;
                used.then_some("recovery")
            }
        };
        let method = method.ok_or(Error::SecondFactor)?;
        store::give_back(&mut tx, user).await?;
        tx.commit().await?;
        Ok(method)
    }

    async fn use_totp(
        &self,
        tx: &mut SystemTx,
        user: UserId,
        code: &Secret<String>,
    ) -> Result<bool, Error> {
        let now = self.now();
        for (factor, sealed) in store::secrets(tx, user, FactorKind::Totp).await? {
            let totp = self.open(user, factor, &sealed);
            let Some(step) = totp.and_then(|totp| totp.step_of(code.expose(), now)) else {
                continue;
            };
            if store::use_step(tx, user, factor, step).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn use_code(
        &self,
        tx: &mut SystemTx,
        user: UserId,
        code: &Secret<String>,
    ) -> Result<bool, Error> {
        let Some(code) = RecoveryCode::parse(code.expose()) else {
            return Ok(false);
        };
        let keys = self.inner.database.keys();
        let rows = store::codes(tx, user).await?;
        let row = rows.iter().find(|(_, hash)| code.matches(keys, user, hash));
        match row {
            Some((id, _)) => Ok(store::use_code(tx, user, *id).await?),
            None => Ok(false),
        }
    }

    /// Asks the policy about a claim at a door into a tenant.
    pub(crate) async fn clear(&self, claim: Claim, asked: Asked) -> Result<Clearance, Error> {
        let member = self.member(&claim.tenant, claim.user).await?;
        let factors = store::confirmed(&mut self.read(), claim.user).await?;
        let memberships: Vec<_> = member.into_iter().collect();
        let decision = policy::decide(&Facts {
            memberships: &memberships,
            factors,
            level: claim.level(),
            standing: claim.standing(),
            authenticated_at: claim.at,
            asked,
            now: self.now(),
        });
        Ok(Clearance::of(decision, claim))
    }

    /// Tells whether it is known, without asking anybody, that no rule asks more of a caller than they have proven.
    #[cfg(feature = "axum")]
    pub(super) fn asks_nothing_of(&self, caller: &Principal) -> bool {
        if caller.kind() != PrincipalKind::User || caller.session().is_none() {
            return true;
        }
        let level = policy::standing(caller.methods());
        level == Level::PhishingResistant
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
        let mut tx = self.read().for_user(user);
        let tenants = account::store::tenants_of(&mut tx, user).await?;
        let factors = store::confirmed(&mut tx, user).await?;
        drop(tx);
        let mut memberships = Vec::new();
        memberships.extend(self.member(scope.tenant(), user).await?);
        let others = tenants.into_iter().filter(|id| *id != scope.tenant().id());
        for id in others.take(MAX_TENANTS) {
            if let Some(tenant) = self.inner.registry.by_id(id).await?
                && let Some(member) = self.member(&tenant, user).await?
            {
                // Whom another tenant keeps out it asks nothing.
                memberships.extend(Some(member).filter(|member| member.is_active));
            }
        }
        Ok(policy::decide(&Facts {
            memberships: &memberships,
            factors,
            level: caller.level(),
            // Whoever changes what belongs to the person proves all of it.
            standing: caller.level(),
            authenticated_at: caller.authenticated_at(),
            asked,
            now: self.now(),
        }))
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

    /// Takes a try before anything is looked at, so that of any number at once only as many are as the limit allows.
    pub(super) async fn take_try(&self, user: UserId) -> Result<(), Error> {
        let mut tx = self.write();
        let since = self.now().saturating_sub(PAUSE);
        let left = store::take_try(&mut tx, user, since, TRIES).await?;
        tx.commit().await?;
        match left {
            true => Ok(()),
            false => Err(Error::TooManyTries),
        }
    }

    pub(super) async fn new_codes(
        &self,
        tx: &mut SystemTx,
        user: UserId,
    ) -> Result<RecoveryCodes, Error> {
        let codes: Vec<_> = (0..CODES)
            .map(|_| RecoveryCode::generate())
            .collect::<Result<_, _>>()?;
        let keys = self.inner.database.keys();
        let hashes = codes.iter().map(|code| code.hash(keys, user));
        store::replace_codes(tx, user, hashes.collect::<Result<_, _>>()?).await?;
        Ok(RecoveryCodes(codes))
    }

    /// Records a change where it was made, has the person told, and commits.
    pub(super) async fn tell(
        &self,
        tx: SystemTx,
        scope: &Scope,
        user: UserId,
        action: &'static str,
        what: &str,
    ) -> Result<(), Error> {
        let mut tx = tx.into_scope(scope).await?;
        tell(&mut tx, user, action, what).await?;
        Ok(tx.commit().await?)
    }

    fn seal(&self, user: UserId, factor: Id<Factor>, secret: &[u8]) -> Result<Vec<u8>, Error> {
        sealed::seal(
            self.inner.database.keys(),
            SEALING,
            &context(user, factor),
            secret,
        )
    }

    fn open(&self, user: UserId, factor: Id<Factor>, sealed: &[u8]) -> Option<Totp> {
        let keys = self.inner.database.keys();
        let secret = sealed::open(keys, SEALING, &context(user, factor), sealed);
        if secret.is_none() {
            tracing::error!(%user, "a second factor does not open with the configured master key");
        }
        secret.map(|secret| Totp::stored(secret.expose().clone()))
    }

    pub(super) fn read(&self) -> SystemTx {
        let system = SystemScope::<SignIn>::enter();
        self.inner.database.system_read(&system)
    }

    pub(super) fn write(&self) -> SystemTx {
        let system = SystemScope::<AccountLife>::enter();
        self.inner.database.system_write(&system)
    }

    /// Tells whether there can be passkeys: whether the feature is there, and browsers know them at the address of the
    /// pages.
    #[must_use]
    pub fn has_passkeys(&self) -> bool {
        #[cfg(feature = "passkeys")]
        let has = self.inner.relying_party.is_some();
        #[cfg(not(feature = "passkeys"))]
        let has = false;
        has
    }

    #[cfg(feature = "passkeys")]
    pub(super) fn keys(&self) -> &KeyRing {
        self.inner.database.keys()
    }

    #[cfg(feature = "passkeys")]
    pub(super) fn relying_party(&self) -> Option<&RelyingParty> {
        self.inner.relying_party.as_ref()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.database.clock().now()
    }
}

/// Records that somebody has no factors any more, and has them told.
pub(crate) async fn tell_of_reset(tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
    tell(tx, user, "second-factors.reset", "reset").await
}

async fn tell(
    tx: &mut TenantTx,
    user: UserId,
    action: &'static str,
    what: &str,
) -> Result<(), Error> {
    tx.record(AuditEvent::new(action, format!("user:{user}")))
        .await?;
    let changed = FactorsChanged {
        account: user,
        what: what.to_owned(),
    };
    Ok(tx.publish(FactorsChanged::KIND, &changed).await?)
}

/// What a secret is bound to: it is worth nothing in the row of anybody else.
fn context(user: UserId, factor: Id<Factor>) -> Vec<u8> {
    [user.as_uuid().into_bytes(), factor.as_uuid().into_bytes()].concat()
}

pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let length = name.chars().count();
    if (1..=MAX_NAME).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::Factor {
        message: "the name has 1 to 100 characters",
    })
}

fn asks_at_most(rules: &[Standing], level: Level) -> bool {
    rules.iter().all(|rule| rule.requirement.level() <= level)
}

/// Makes sure that an account is as it was when a sign-in began, until the transaction ends: nothing is enrolled with
/// a password that was changed meanwhile. Without a generation a session stands for that.
pub(super) async fn keeps_standing(
    tx: &mut SystemTx,
    user: UserId,
    generation: Option<i64>,
) -> Result<(), Error> {
    match generation {
        Some(generation) if !account::store::stands(tx, user, generation).await? => {
            Err(Error::Credentials)
        }
        _ => Ok(()),
    }
}
