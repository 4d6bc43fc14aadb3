//! What this crate has to say to people, by mail.
//!
//! Whatever calls for a letter publishes an event in its transaction. [`Messages::handle`] acts on it later: so no
//! answer waits for a mail server, and none tells, by its content or its time, whether somebody was written to.

mod event;
mod letters;

use std::{fmt, sync::Arc, time::Duration};

use saas_core::{
    Id, Secret, UserId,
    mail::{Draft, Letter, MailTemplate, MailTenant, Mailer},
};
use saas_tenancy::{
    Scope,
    outbox::{Event, Failed},
};

pub(crate) use event::{
    AddressChangeAsked, AddressChanged, Deactivated, Deleted, FactorsChanged, FactorsGuessed,
    Invited, PasswordChanged, ResetAsked, SignInCodeAsked, VerificationAsked,
};

use crate::{
    Account, Accounts, Email, Error, Identity, LinkConfig, Membership, Sessions, TokenConfig,
    account::Status,
    mfa::{MailedCode, SecondFactors},
    proof::{self, Given, Kind, ProofRow, Proofs},
};

/// Acts on the events of this crate: makes the proofs that links carry, sends the letters, and makes sure that
/// sign-ins have ended. Cheap to clone.
///
/// The events of a database have one handler, that of the application, which lets this one have a look:
///
/// ```
/// use async_trait::async_trait;
/// use saas_auth::Messages;
/// use saas_tenancy::{Scope, outbox::{Event, EventHandler, Failed}};
///
/// struct Events {
///     messages: Messages,
/// }
///
/// #[async_trait]
/// impl EventHandler for Events {
///     async fn handle(&self, scope: &Scope, event: &Event) -> Result<(), Failed> {
///         if self.messages.handle(scope, event).await? {
///             return Ok(());
///         }
///         Err(format!("events of kind `{}` are unknown", event.kind()).into())
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Messages {
    inner: Arc<Inner>,
}

struct Inner {
    accounts: Accounts,
    sessions: Sessions,
    proofs: Proofs,
    factors: SecondFactors,
    token: TokenConfig,
    link: LinkConfig,
    mailer: Arc<dyn Mailer>,
}

/// Somebody to write to: an account, as a member of the tenant.
struct Reader {
    account: Account,
    name: String,
    /// Whether the tenant lets them in.
    may_enter: bool,
}

impl Messages {
    /// The templates of all letters, for whoever renders them.
    pub const TEMPLATES: &'static [MailTemplate] = letters::ALL;

    /// Makes the handler, which sends by this mailer.
    #[must_use]
    pub fn new(identity: &Identity, mailer: Arc<dyn Mailer>) -> Self {
        Self {
            inner: Arc::new(Inner {
                accounts: identity.accounts().clone(),
                sessions: identity.sessions().clone(),
                proofs: Proofs::new(identity.database().clone()),
                factors: identity.second_factors().clone(),
                token: identity.config().token.clone(),
                link: identity.config().link.clone(),
                mailer,
            }),
        }
    }

    /// Acts on an event, if it is one of this crate, and tells whether it is.
    ///
    /// # Errors
    ///
    /// Any; the event is then to be delivered again.
    ///
    /// # Cancel safety
    ///
    /// Delivered again, an event makes no second proof; a letter may be sent twice, with one Message-ID.
    pub async fn handle(&self, scope: &Scope, event: &Event) -> Result<bool, Failed> {
        let letters = Letters {
            inner: &self.inner,
            scope,
            event,
        };
        match event.kind() {
            ResetAsked::KIND => letters.reset(event.payload()?).await?,
            VerificationAsked::KIND => letters.verification(event.payload()?).await?,
            AddressChangeAsked::KIND => letters.address_change(event.payload()?).await?,
            Invited::KIND => letters.invitation(event.payload()?).await?,
            PasswordChanged::KIND => letters.password_changed(event.payload()?).await?,
            FactorsChanged::KIND => letters.factors_changed(event.payload()?).await?,
            FactorsGuessed::KIND => letters.factors_guessed(event.payload()?).await?,
            SignInCodeAsked::KIND => letters.sign_in_code(event.payload()?).await?,
            AddressChanged::KIND => letters.address_changed(event.payload()?).await?,
            Deactivated::KIND => letters.deactivated(event.payload()?).await?,
            Deleted::KIND => letters.deleted(event.payload()?).await?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").finish_non_exhaustive()
    }
}

/// The letters that one event calls for.
struct Letters<'a> {
    inner: &'a Inner,
    scope: &'a Scope,
    event: &'a Event,
}

impl Letters<'_> {
    async fn reset(&self, asked: ResetAsked) -> Result<(), Failed> {
        let Ok(email) = asked.email.parse::<Email>() else {
            return Ok(());
        };
        let account = self.inner.accounts.by_email(&email).await?;
        // Nobody but a member, or the tenant would learn of the people of others.
        let reader = self.reader(account).await?;
        let Some(reader) = reader.filter(|reader| reader.may_enter) else {
            return Ok(());
        };
        let lifetime = self.inner.link.reset.into();
        let Some(row) = self
            .proof(&reader.account, Kind::Reset, None, lifetime)
            .await?
        else {
            return Ok(());
        };
        let draft = self.to(&row.email, letters::RESET);
        self.send_link(draft.value("name", reader.name), "reset", &row)
            .await
    }

    async fn verification(&self, asked: VerificationAsked) -> Result<(), Failed> {
        let account = self.inner.accounts.by_id(asked.account).await?;
        let account = account.filter(|account| account.is_active() && !account.is_verified());
        let Some(reader) = self.reader(account).await? else {
            return Ok(());
        };
        let lifetime = self.inner.link.verification.into();
        let proof = self.proof(&reader.account, Kind::Verification, None, lifetime);
        let Some(row) = proof.await? else {
            return Ok(());
        };
        let draft = self.to(&row.email, letters::VERIFY);
        self.send_link(draft.value("name", reader.name), "verify", &row)
            .await
    }

    async fn address_change(&self, asked: AddressChangeAsked) -> Result<(), Failed> {
        let account = self.inner.accounts.by_id(asked.account).await?;
        // What was asked for before the password changed is not wanted any more.
        let account = account.filter(|account| account.generation() == asked.generation);
        let (Some(reader), Ok(email)) = (self.reader(account).await?, asked.email.parse::<Email>())
        else {
            return Ok(());
        };
        let holder = self.inner.accounts.by_email(&email).await?;
        let free = holder.is_none_or(|holder| holder.id() == asked.account);
        if free {
            let lifetime = self.inner.link.email_change.into();
            let kind = Kind::EmailChange;
            let proof = self.proof(&reader.account, kind, Some(&email), lifetime);
            let Some(row) = proof.await? else {
                return Ok(());
            };
            let draft = self.to(&row.email, letters::EMAIL_CHANGE);
            let draft = draft.value("name", reader.name.as_str());
            self.send_link(draft, "email", &row).await?;
        }
        let draft = self.to(reader.account.email(), letters::EMAIL_CHANGE_NOTICE);
        self.send(draft.value("name", reader.name)).await
    }

    async fn invitation(&self, invited: Invited) -> Result<(), Failed> {
        let id: Id<ProofRow> = Id::from_uuid(invited.invitation.as_uuid());
        let database = self.inner.sessions.database();
        let mut tx = database.read_snapshot(self.scope);
        let row = tx.repo::<ProofRow>().find(id).await?;
        let now = self.inner.proofs.now();
        let Some(row) = row.filter(|row| row.used_at.is_none() && now < row.expires_at) else {
            return Ok(());
        };
        let inviter = match row.made_by.strip_prefix("user:").map(str::parse::<UserId>) {
            Some(Ok(user)) => {
                tx.repo::<Membership>()
                    .find(Membership::id_of(user))
                    .await?
            }
            _ => None,
        };
        drop(tx);
        let tenant = self.scope.tenant().name().to_owned();
        let inviter = inviter.map_or(tenant, |inviter| inviter.name);
        let draft = self.to(&row.email, letters::INVITATION);
        self.send_link(draft.value("inviter", inviter), "invite", &row)
            .await
    }

    async fn password_changed(&self, changed: PasswordChanged) -> Result<(), Failed> {
        self.end_older(changed.account).await?;
        self.notice(changed.account, letters::PASSWORD_CHANGED)
            .await
    }

    async fn factors_changed(&self, changed: FactorsChanged) -> Result<(), Failed> {
        let what = match changed.what.as_str() {
            "totp" => "an app for sign-in codes was added",
            "passkey" => "a passkey was added",
            "recovery" => "new recovery codes were made, and the old ones are good no more",
            "removed" => "a second factor was removed",
            _ => "all second factors were removed by an administrator",
        };
        let account = self.inner.accounts.by_id(changed.account).await?;
        let Some(reader) = self.reader(account).await? else {
            return Ok(());
        };
        let draft = self.to(reader.account.email(), letters::FACTORS_CHANGED);
        self.send(draft.value("name", reader.name).value("what", what))
            .await
    }

    async fn factors_guessed(&self, guessed: FactorsGuessed) -> Result<(), Failed> {
        self.notice(guessed.account, letters::FACTORS_GUESSED).await
    }

    /// The code for a sign-in, unless that has ended or the account is another meanwhile.
    async fn sign_in_code(&self, asked: SignInCodeAsked) -> Result<(), Failed> {
        let account = self.inner.accounts.by_id(asked.account).await?;
        let account = account.filter(|account| account.generation() == asked.generation);
        let reader = self.reader(account).await?;
        let Some(reader) = reader.filter(|reader| reader.may_enter) else {
            return Ok(());
        };
        let code = self.inner.factors.mailed(asked.account, asked.code);
        let Some(code) = code.await? else {
            return Ok(());
        };
        let draft = self.to(reader.account.email(), letters::SIGN_IN_CODE);
        let draft = draft.secret("code", code).value("name", reader.name);
        self.send(draft.value("valid", lasting(MailedCode::LIFETIME)))
            .await
    }

    async fn address_changed(&self, changed: AddressChanged) -> Result<(), Failed> {
        let account = self.inner.accounts.by_id(changed.account).await?;
        let Some(reader) = self.reader(account).await? else {
            return Ok(());
        };
        let draft = self.to(&changed.old, letters::EMAIL_CHANGED);
        self.send(draft.value("name", reader.name)).await
    }

    async fn deactivated(&self, deactivated: Deactivated) -> Result<(), Failed> {
        self.end_older(deactivated.account).await?;
        self.notice(deactivated.account, letters::DEACTIVATED).await
    }

    async fn deleted(&self, deleted: Deleted) -> Result<(), Failed> {
        self.send(self.to(&deleted.email, letters::DELETED)).await
    }

    /// Ends the sign-ins that were there when the event happened, in case the one who caused it did not come
    /// to it.
    async fn end_older(&self, user: UserId) -> Result<(), Error> {
        let before = self.event.published_at();
        self.inner.sessions.end_older(user, before).await
    }

    /// Writes to a member what has happened to the account.
    async fn notice(&self, user: UserId, template: MailTemplate) -> Result<(), Failed> {
        let account = self.inner.accounts.by_id(user).await?;
        let Some(reader) = self.reader(account).await? else {
            return Ok(());
        };
        let draft = self.to(reader.account.email(), template);
        self.send(draft.value("name", reader.name)).await
    }

    /// Gives the holder of an account as a member of the tenant, unless the service wants none of them.
    async fn reader(&self, account: Option<Account>) -> Result<Option<Reader>, Failed> {
        let Some(account) = account.filter(|account| account.status() != Status::Disabled) else {
            return Ok(None);
        };
        let database = self.inner.sessions.database();
        let mut tx = database.read_snapshot(self.scope);
        let id = Membership::id_of(account.id());
        let member = tx.repo::<Membership>().find(id).await?;
        Ok(member.map(|member| Reader {
            account,
            name: member.name,
            may_enter: member.active,
        }))
    }

    /// Gives an account the proof that the event asks for. `email` is the address of the account if none.
    async fn proof(
        &self,
        account: &Account,
        kind: Kind,
        email: Option<&Email>,
        lifetime: Duration,
    ) -> Result<Option<ProofRow>, Failed> {
        let own = account.email().parse();
        let Some(email) = email.or(own.as_ref().ok()) else {
            return Ok(None);
        };
        let (id, actor) = (Id::from_uuid(self.event.id().as_uuid()), self.event.actor());
        let expires_at = self.event.published_at().saturating_add(lifetime);
        let new = proof::of_account(account, kind, email, actor, expires_at);
        let most = self.inner.link.letters_an_hour;
        match self.inner.proofs.give(self.scope, id, new, most).await? {
            Given::Proof(row) => Ok(Some(row)),
            Given::Nothing => Ok(None),
        }
    }

    fn to(&self, address: &str, template: MailTemplate) -> Draft {
        let tenant = self.scope.tenant();
        let tenant = MailTenant::new(tenant.id(), tenant.slug().as_str(), tenant.name());
        let key = format!("{}/{}", template.name(), self.event.id());
        Letter::to(address, template, tenant, key)
    }

    /// Fills in the link to a page of the tenant, and sends the letter.
    async fn send_link(&self, draft: Draft, page: &str, row: &ProofRow) -> Result<(), Failed> {
        let slug = self.scope.tenant().slug();
        let pages = self.inner.link.pages_of(slug, &self.inner.token);
        let token = self.inner.proofs.token(row);
        let link = Secret::new(format!("{pages}/{page}?token={}", token.expose()));
        let valid = lasting(row.expires_at.since(row.created_at));
        self.send(draft.secret("link", link).value("valid", valid))
            .await
    }

    async fn send(&self, draft: Draft) -> Result<(), Failed> {
        let letter = draft.finish()?;
        match self.inner.mailer.deliver(&letter).await {
            Err(error) if !error.retryable() => {
                // It would be refused at every further try, too.
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    template = letter.template().name(), tenant = %self.scope.tenant().id(),
                    "a letter is not sent"
                );
                Ok(())
            }
            delivered => Ok(delivered?),
        }
    }
}

/// Says how long something lasts, in whole days or hours where that is exact enough.
fn lasting(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60).max(1);
    let (number, unit) = match minutes {
        2880.. => (minutes / 1440, "day"),
        120.. => (minutes / 60, "hour"),
        _ => (minutes, "minute"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        for (minutes, said) in [
            (0, "1 minute"),
            (1, "1 minute"),
            (60, "60 minutes"),
            (120, "2 hours"),
            (1440, "24 hours"),
            (7 * 1440, "7 days"),
        ] {
            assert_eq!(lasting(Duration::from_secs(minutes * 60)), said);
        }
    }
}
