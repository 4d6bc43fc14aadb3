//! Second factors: enrolled, proven, removed.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use moka::sync::Cache;
#[cfg(feature = "passkeys")]
use saas_core::KeyRing;
use saas_core::{Id, Purpose, TenantId, Timestamp, UserId};
use saas_tenancy::{
    AuditEvent, Database, Registry, Scope, SystemScope, SystemTx, Tenant, TenantTx,
};

#[cfg(feature = "passkeys")]
use super::passkey::RelyingParty;
use super::{
    Factor, MfaRule, SteppedUp, policy, remembered,
    rule::{self, Standing},
    store,
    totp::Totp,
};
use crate::{AccountLife, Error, MfaConfig, SignIn, account, message::FactorsChanged, sealed};

const SEALING: Purpose = Purpose::new("saas-auth/second-factor/1");

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

/// The second factors of people, and the rules of tenants about them; cheap to clone.
#[derive(Debug, Clone)]
pub struct SecondFactors {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) database: Database,
    pub(super) registry: Registry,
    pub(super) roles: Option<Arc<dyn MemberRoles>>,
    config: MfaConfig,
    /// None where there can be no passkeys.
    #[cfg(feature = "passkeys")]
    relying_party: Option<RelyingParty>,
    /// The rules of tenants, as they were a moment ago.
    pub(super) recent: Cache<TenantId, Arc<[Standing]>>,
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
        remembered::forget_devices(&mut tx, user).await?;
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

    pub(super) fn seal(
        &self,
        user: UserId,
        factor: Id<Factor>,
        secret: &[u8],
    ) -> Result<Vec<u8>, Error> {
        sealed::seal(
            self.inner.database.keys(),
            SEALING,
            &context(user, factor),
            secret,
        )
    }

    pub(super) fn open(&self, user: UserId, factor: Id<Factor>, sealed: &[u8]) -> Option<Totp> {
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
