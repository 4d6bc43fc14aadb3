//! Changes of passwords.

use saas_core::{Secret, UserId};
use saas_tenancy::{AuditEvent, Scope, Tenant};

use super::{Email, Holders, store};
use crate::{
    Device, Error, Sessions, SignIns,
    message::{PasswordChanged, ResetAsked},
    mfa,
    proof::{self, Kind, Proofs},
};

/// Changes passwords: for who knows the old one, and for who reads mail to the address; cheap to clone.
///
/// Whoever gets a new password has no sign-in left anywhere, no link of an older letter is good any more, and
/// the person is told by mail. Nobody is signed in by it: the doors ask for whatever else they ask for.
///
/// ```
/// use saas_auth::{Device, Email, Error, PasswordChanges};
/// use saas_core::Secret;
/// use saas_tenancy::Tenant;
///
/// async fn forgotten(
///     changes: &PasswordChanges,
///     tenant: &Tenant,
///     email: &Email,
///     device: &Device,
/// ) -> Result<&'static str, Error> {
///     changes.ask(tenant, email, device).await?;
///     Ok("if the address is one of ours, a letter is on its way")
/// }
///
/// async fn follow_the_link(
///     changes: &PasswordChanges,
///     tenant: &Tenant,
///     token: &Secret<String>,
///     new: &Secret<String>,
/// ) -> Result<(), Error> {
///     changes.reset(tenant, token, new).await.map(drop)
/// }
/// # let _ = (forgotten, follow_the_link);
/// ```
#[derive(Debug, Clone)]
pub struct PasswordChanges {
    holders: Holders,
    sessions: Sessions,
    proofs: Proofs,
}

impl PasswordChanges {
    pub(crate) fn new(sign_ins: &SignIns, sessions: &Sessions) -> Self {
        Self {
            holders: Holders::new(sign_ins.clone()),
            proofs: Proofs::new(sessions.database().clone()),
            sessions: sessions.clone(),
        }
    }

    /// Asks for a link to set a forgotten password. A letter goes to the address if it is that of a member of
    /// the tenant, later and elsewhere: whether there is one is told by neither the answer nor its time.
    ///
    /// Each call is a row that waits, so it is bounded how often they come for one address, whether somebody
    /// has it or not, from one network and in one tenant; see [`LimitConfig`](crate::LimitConfig). How many
    /// letters a person gets is bounded by [`LinkConfig::letters_an_hour`](crate::LinkConfig) besides.
    ///
    /// # Errors
    ///
    /// [`Error::Limited`]; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either the letter will be sent or not.
    pub async fn ask(&self, tenant: &Tenant, email: &Email, device: &Device) -> Result<(), Error> {
        let throttle = self.holders.sign_ins().throttle();
        throttle.letter(email.key(), tenant.id(), device).await?;
        let mut tx = self.sessions.database().write(&proof::scope(tenant));
        let asked = ResetAsked {
            email: email.as_str().to_owned(),
        };
        tx.publish(ResetAsked::KIND, &asked).await?;
        Ok(tx.commit().await?)
    }

    /// Tells whether a password can be set with a token, and uses nothing up: for the page that asks for the
    /// new one.
    ///
    /// # Errors
    ///
    /// [`Error::Link`] when it cannot; [`Error::Storage`].
    pub async fn look(&self, tenant: &Tenant, token: &Secret<String>) -> Result<(), Error> {
        let opened = self.proofs.open_of_account(tenant, &[Kind::Reset], token);
        opened.await.map(drop)
    }

    /// Sets a password with the token of a letter, once. An account that its holder had deactivated is active
    /// again.
    ///
    /// # Errors
    ///
    /// [`Error::Link`]; [`Error::InvalidPassword`], after which the token is still good; [`Error::Busy`];
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either the password is set and the token used up, or neither. Sign-ins end with it, at the latest when
    /// the event of the change is delivered.
    pub async fn reset(
        &self,
        tenant: &Tenant,
        token: &Secret<String>,
        new: &Secret<String>,
    ) -> Result<UserId, Error> {
        let opened = self.proofs.open_of_account(tenant, &[Kind::Reset], token);
        let proof = opened.await?;
        let user = proof.account.id();
        // Takes long, so no transaction is open meanwhile.
        let hash = self.holders.choose(new, &proof.account, tenant).await?;
        let mut tx = self.proofs.system_write();
        if !store::reset_password(&mut tx, &proof.account, &hash).await? {
            return Err(Error::Link);
        }
        // Whoever chose the password before may have set them up.
        let stripped =
            proof.account.is_provisional() && mfa::store::remove_all(&mut tx, user).await?;
        let mut tx = tx.into_scope(&proof::scope(tenant)).await?;
        proof::use_up(&mut tx, &proof.row).await?;
        if stripped {
            mfa::tell_of_reset(&mut tx, user).await?;
        }
        let event = AuditEvent::new("password.reset", format!("user:{user}"));
        tx.record(event).await?;
        let changed = PasswordChanged { account: user };
        tx.publish(PasswordChanged::KIND, &changed).await?;
        tx.commit().await?;
        self.sessions.end_everywhere(user, None).await?;
        Ok(user)
    }

    /// Changes the password of the caller, who knows the current one. Every sign-in ends, that of the request
    /// too.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when the current password is wrong, or was changed meanwhile;
    /// [`Error::Limited`]; [`Error::InvalidPassword`]; [`Error::Busy`]; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// As [`PasswordChanges::reset`].
    pub async fn change(
        &self,
        scope: &Scope,
        current: &Secret<String>,
        new: &Secret<String>,
        device: &Device,
    ) -> Result<(), Error> {
        let account = self.holders.prove(scope, current, device).await?;
        let hash = self.holders.choose(new, &account, scope.tenant());
        let hash = hash.await?;
        let mut tx = self.proofs.system_write();
        if !store::set_password(&mut tx, &account, &hash).await? {
            return Err(Error::Credentials);
        }
        let user = account.id();
        let mut tx = tx.into_scope(scope).await?;
        let event = AuditEvent::new("password.changed", format!("user:{user}"));
        tx.record(event).await?;
        let changed = PasswordChanged { account: user };
        tx.publish(PasswordChanged::KIND, &changed).await?;
        tx.commit().await?;
        self.sessions.end_everywhere(user, None).await
    }
}
