//! Proof: a device signs a challenge with a key that we know.

use saas_core::UserId;
use saas_tenancy::{AuditEvent, Tenant};
use webauthn_rs::prelude::{DiscoverableKey, Passkey, PublicKeyCredential, WebauthnError};

use super::{
    Asker, PasskeyChallenge, PasskeyProof,
    challenge::{self, Given},
    enrol::note_refused,
    sealing, store,
};
use crate::{
    Error,
    mfa::{SecondFactors, store as factors},
    session,
};

/// The ways of a proof by passkey: that a key was used (RFC 8176, section 2), and that the device has verified its
/// holder, for which there is no registered word.
pub(crate) const METHODS: [&str; 2] = ["pop", "uv"];

impl SecondFactors {
    /// Asks for a passkey. None where there can be none, or the person has none.
    pub(crate) async fn ask_for_passkey(
        &self,
        tenant: &Tenant,
        asker: Asker<'_>,
    ) -> Result<Option<PasskeyChallenge>, Error> {
        if self.relying_party().is_none() {
            return Ok(None);
        }
        let credentials = match asker {
            Asker::Person(user) => store::credentials(&mut self.read(), user).await?,
            Asker::Anybody(_) => Vec::new(),
        };
        if matches!(asker, Asker::Person(_)) && credentials.is_empty() {
            return Ok(None);
        }
        let protocol = self.protocol(tenant)?;
        let now = self.now();
        challenge::ask(self.keys(), &protocol, tenant, asker, &credentials, now).map(Some)
    }

    /// Looks at the proof of a person whose first factor was right.
    ///
    /// # Errors
    ///
    /// [`Error::SecondFactor`] when it is wrong or was used; [`Error::TooManyTries`]; [`Error::Storage`].
    pub(crate) async fn prove_passkey(
        &self,
        tenant: &Tenant,
        user: UserId,
        proof: &PasskeyProof,
    ) -> Result<(), Error> {
        self.take_try(&session::entering(tenant), user).await?;
        self.check(tenant, Asker::Person(user), proof).await?;
        let mut tx = self.write();
        factors::give_back(&mut tx, user).await?;
        Ok(tx.commit().await?)
    }

    /// Looks at the proof of somebody of whom nothing is known yet, and gives who it is.
    ///
    /// # Errors
    ///
    /// As [`SecondFactors::prove_passkey`].
    pub(crate) async fn identify(
        &self,
        tenant: &Tenant,
        asked_by: &str,
        proof: &PasskeyProof,
    ) -> Result<UserId, Error> {
        self.check(tenant, Asker::Anybody(asked_by), proof).await
    }

    async fn check(
        &self,
        tenant: &Tenant,
        asker: Asker<'_>,
        proof: &PasskeyProof,
    ) -> Result<UserId, Error> {
        let protocol = self.protocol(tenant)?;
        let now = self.now();
        let given = challenge::read(self.keys(), tenant, asker, &proof.challenge, now);
        let Given {
            id,
            expires_at,
            state,
        } = given.ok_or(Error::SecondFactor)?;
        let answer = proof.answer.assertion(&self.origins(tenant));
        let answer = answer.ok_or(Error::SecondFactor)?;
        let kept = store::find(&mut self.read(), &answer.raw_id).await?;
        let kept = kept.filter(|kept| is_whose(&answer, asker, kept.user));
        let store::Kept {
            factor,
            user,
            sealed,
        } = kept.ok_or(Error::SecondFactor)?;
        let context = sealing::context(&sealing::of_factor(user, factor));
        let passkey: Option<Passkey> = sealing::open(self.keys(), sealing::KEPT, &context, &sealed);
        let Some(mut passkey) = passkey else {
            tracing::error!(%user, "a passkey does not open with the configured master key");
            return Err(Error::SecondFactor);
        };
        let key = DiscoverableKey::from(&passkey);
        let proven = match protocol.finish_discoverable_authentication_v2(&answer, state, key) {
            Ok(proven) if proven.user_verified() => proven,
            Ok(_) => return Err(Error::SecondFactor),
            Err(error) => {
                if matches!(error, WebauthnError::CredentialPossibleCompromise) {
                    self.note_copy(tenant, user).await?;
                }
                note_refused(&error);
                return Err(Error::SecondFactor);
            }
        };
        passkey.update_credential(&proven);
        let kept = store::Kept {
            factor,
            user,
            sealed: sealing::seal(self.keys(), sealing::KEPT, &context, &passkey)?,
        };
        let mut tx = self.write();
        if !store::spend(&mut tx, id, expires_at).await?
            || !store::note_use(&mut tx, kept, proven.counter()).await?
        {
            return Err(Error::SecondFactor);
        }
        tx.commit().await?;
        Ok(user)
    }

    /// Records that a key has counted backwards: there may be two of it (WebAuthn, section 6.1.1).
    async fn note_copy(&self, tenant: &Tenant, user: UserId) -> Result<(), Error> {
        tracing::warn!(%user, "the counter of a passkey went back: it may have been copied");
        let mut tx = self.write().into_scope(&session::entering(tenant)).await?;
        let event = AuditEvent::new("passkey.counter-back", format!("user:{user}"));
        tx.record(event).await?;
        Ok(tx.commit().await?)
    }
}

/// Tells whether an answer is of the person that the passkey belongs to (WebAuthn, section 7.2, step 6). Where nobody
/// was asked in particular the device has to say it.
fn is_whose(answer: &PublicKeyCredential, asker: Asker<'_>, owner: UserId) -> bool {
    let said = answer.get_user_unique_id();
    let says_so = said.map(|said| said == owner.as_uuid().as_bytes());
    match asker {
        Asker::Person(user) => user == owner && says_so.unwrap_or(true),
        Asker::Anybody(_) => says_so.unwrap_or(false),
    }
}
