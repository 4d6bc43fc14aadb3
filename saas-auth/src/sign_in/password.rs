//! The door of the password.

use std::sync::Arc;

use saas_core::{Secret, SessionId, TenantId, UserId, limit::RateLimiter};
use saas_tenancy::{AuditEvent, Database, Scope, Tenant};
use uuid::Uuid;

use super::{Entry, throttle::Throttle};
use crate::{
    Account, Accounts, Device, Email, Error, LimitConfig, Membership, Passwords,
    mfa::{Claim, Pending, REMEMBERED, SecondFactors, Wanted},
    session,
};

/// The doors; cheap to clone.
///
/// ```
/// use saas_auth::{Device, Entry, Error, SignIns};
/// use saas_core::Secret;
/// use saas_tenancy::Tenant;
///
/// async fn sign_in(
///     doors: &SignIns,
///     tenant: &Tenant,
///     username: &str,
///     password: &Secret<String>,
///     device: &Device,
/// ) -> Result<Option<Entry>, Error> {
///     match doors.by_password(tenant, username, password, device).await {
///         // `Entry::Authenticated` begins a session or a token; `Entry::Pending`
///         // waits for a second factor and begins nothing.
///         Ok(entry) => Ok(Some(entry)),
///         // Nobody is told whether it was the name or the password.
///         Err(Error::Credentials) => Ok(None),
///         Err(error) => Err(error),
///     }
/// }
/// # let _ = sign_in;
/// ```
#[derive(Debug, Clone)]
pub struct SignIns {
    pub(super) database: Database,
    pub(super) accounts: Accounts,
    passwords: Passwords,
    throttle: Throttle,
    pub(super) factors: SecondFactors,
}

impl SignIns {
    pub(crate) fn new(
        database: Database,
        passwords: Passwords,
        limiter: Arc<dyn RateLimiter>,
        limits: LimitConfig,
        factors: SecondFactors,
    ) -> Self {
        Self {
            accounts: Accounts::new(database.clone()),
            database,
            passwords,
            throttle: Throttle::new(limiter, limits),
            factors,
        }
    }

    pub(crate) const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(crate) const fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    pub(crate) const fn second_factors(&self) -> &SecondFactors {
        &self.factors
    }

    pub(crate) const fn throttle(&self) -> &Throttle {
        &self.throttle
    }

    /// Lets a member of a tenant in who knows the password of the account, unless a second factor is wanted first. Where
    /// that is a code by mail ([`Wanted::MailedCode`]), the letter is on its way.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when there is no such account, it is not a member of the tenant, may not be
    /// used, or the password is wrong: which of them is told by neither the answer nor its time.
    /// [`Error::Limited`] when it was tried, or a code was sent, too often; [`Error::Busy`], [`Error::Storage`].
    pub async fn by_password(
        &self,
        tenant: &Tenant,
        username: &str,
        password: &Secret<String>,
        device: &Device,
    ) -> Result<Entry, Error> {
        self.by_password_on(tenant, username, password, device, None)
            .await
    }

    /// Lets a member in as [`SignIns::by_password`] does, on a device that may be
    /// [remembered](SecondFactors::remember): then the second factor was proven there.
    ///
    /// # Errors
    ///
    /// As [`SignIns::by_password`].
    pub async fn by_password_on(
        &self,
        tenant: &Tenant,
        username: &str,
        password: &Secret<String>,
        device: &Device,
        remembered: Option<&Secret<String>>,
    ) -> Result<Entry, Error> {
        let scope = session::entering(tenant);
        // Before anything is looked at: what is changed while the password waits for its turn is later.
        let at = self.database.clock().now();
        let email = username.parse::<Email>().ok();
        let typed = email.as_ref().map_or(username, Email::key);
        self.throttle
            .check(typed, Some(tenant.id()), device)
            .await?;
        let account = match &email {
            Some(email) => self.member(&scope, email).await?,
            None => None,
        };
        let known = self
            .look_at(typed, Some(tenant.id()), account.as_ref(), password, device)
            .await;
        match (known, account) {
            (Ok(()), Some(account)) => {
                let mut claim = Claim {
                    tenant: tenant.clone(),
                    user: account.id(),
                    at,
                    methods: vec!["pwd".to_owned()],
                };
                let generation = account.generation();
                if let Some(text) = remembered
                    && self.factors.knows(&claim, generation, text).await?
                {
                    claim.methods.push(REMEMBERED.to_owned());
                }
                let entry = self.enter(scope, claim, generation, device).await?;
                if let Entry::Pending(pending) = &entry
                    && pending.wanted() == Wanted::MailedCode
                {
                    self.mail_code(pending, &account, device).await?;
                }
                Ok(entry)
            }
            (Err(Error::Credentials), account) => {
                let user = account.as_ref().map(Account::id);
                self.note_failure(&scope, user, device).await?;
                Err(Error::Credentials)
            }
            (Err(error), _) => Err(error),
            (Ok(()), None) => Err(Error::Credentials),
        }
    }

    async fn mail_code(
        &self,
        pending: &Pending,
        account: &Account,
        device: &Device,
    ) -> Result<(), Error> {
        let tenant = pending.tenant();
        let address = key_of(account);
        self.throttle.code(&address, tenant.id(), device).await?;
        let scope = session::entering(tenant);
        self.factors.mail_code(&scope, pending).await
    }

    /// Lets somebody prove that they know the password of an account, where that is asked once more, or before
    /// there is a tenant. It counts as a try at every door.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when it is wrong or the account may not be used; [`Error::Limited`],
    /// [`Error::Busy`], [`Error::Storage`].
    pub async fn prove(
        &self,
        account: &Account,
        password: &Secret<String>,
        device: &Device,
    ) -> Result<(), Error> {
        self.prove_in(account, None, password, device).await
    }

    /// Lets the holder of a session prove that they know the password. Their tries are counted for the session.
    pub(crate) async fn prove_in(
        &self,
        account: &Account,
        session: Option<SessionId>,
        password: &Secret<String>,
        device: &Device,
    ) -> Result<(), Error> {
        let mut key = key_of(account);
        if let Some(session) = session {
            // No address has a space in it.
            key = format!("{key} {session}");
        }
        let usable = Some(account).filter(|account| account.is_active());
        self.look_at(&key, None, usable, password, device).await
    }

    /// The one place where a password is compared. It is, whether there is an account or not, so that nobody can
    /// tell from the time.
    async fn look_at(
        &self,
        typed: &str,
        tenant: Option<TenantId>,
        account: Option<&Account>,
        password: &Secret<String>,
        device: &Device,
    ) -> Result<(), Error> {
        let guess = self.throttle.guess(typed, tenant, device).await?;
        let stored = account.map(Account::password);
        let renewed = match self.passwords.verify_without_limit(password, stored).await {
            Ok(renewed) => renewed,
            // Nothing was compared.
            Err(Error::Busy) => {
                guess.give_back().await;
                return Err(Error::Busy);
            }
            Err(error) => return Err(error),
        };
        guess.give_back().await;
        if let (Some(hash), Some(account)) = (renewed, account) {
            self.accounts.rehash(account, &hash).await?;
        }
        Ok(())
    }

    pub(super) async fn note_failure(
        &self,
        scope: &Scope,
        user: Option<UserId>,
        device: &Device,
    ) -> Result<(), Error> {
        let who = user.map_or_else(|| "user:unknown".to_owned(), |user| format!("user:{user}"));
        let from = serde_json::json!({
            "device": device.agent(),
            "address": device.address_text(),
        });
        let mut tx = self.database.write(scope);
        tx.record(AuditEvent::new("sign-in.failed", who).after(&from)?)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Finds the account with an address, when it may be used and belongs to the tenant. The same is
    /// asked of the database whether there is such an account or not.
    async fn member(&self, scope: &Scope, email: &Email) -> Result<Option<Account>, Error> {
        let account = self.accounts.by_email(email).await?;
        let user = account
            .as_ref()
            .map_or(UserId::from_uuid(Uuid::nil()), Account::id);
        let mut tx = self.database.read_primary(scope);
        let id = Membership::id_of(user);
        let member = tx.repo::<Membership>().find(id).await?;
        let member = member.is_some_and(|member| member.active);
        Ok(account.filter(|account| member && account.is_active()))
    }
}

/// Gives how the address of an account is counted, however it is written.
fn key_of(account: &Account) -> String {
    let email = account.email().parse::<Email>().ok();
    let key = email.as_ref().map_or(account.email(), Email::key);
    key.to_owned()
}
