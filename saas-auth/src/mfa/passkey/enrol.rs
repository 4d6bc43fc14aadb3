//! Enrolment: a device makes a key for us, and shows that it has.

use std::fmt;

use saas_core::{Id, Timestamp, UserId};
use saas_tenancy::{Scope, Tenant};
use serde_json::Value;
use webauthn_rs::{
    Webauthn,
    prelude::{
        COSEAlgorithm, COSEKey, COSEKeyType, Credential, ECDSACurve, PasskeyRegistration,
        WebauthnError,
    },
};

use super::{PasskeyAnswer, PasskeyChallenge, sealing, store};
use crate::{
    Error, account,
    mfa::{
        Factor, FactorKind, Pending, RecoveryCodes, SecondFactors, SteppedUp,
        enrolling::{MAX_FACTORS, check_name, keeps_standing},
        store as factors,
    },
};

/// The lengths of an RSA key, in bytes: 2048 to 4096 bits (NIST SP 800-131A).
const MIN_RSA: usize = 256;
const MAX_RSA: usize = 512;

/// What a browser is told to make a passkey.
///
/// ```
/// use saas_auth::{Error, mfa::{Factor, PasskeyAnswer, RecoveryCodes, SecondFactors, SteppedUp}};
/// use saas_core::Id;
///
/// /// The options go to `navigator.credentials.create` in the browser.
/// async fn begin(factors: &SecondFactors, who: &SteppedUp) -> Result<String, Error> {
///     let enrolment = factors.enrol_passkey(who, "phone").await?;
///     Ok(enrolment.options().to_owned())
/// }
///
/// /// What the browser gave comes back. It counts from here on.
/// async fn finish(
///     factors: &SecondFactors,
///     who: &SteppedUp,
///     factor: Id<Factor>,
///     answer: &str,
/// ) -> Result<Option<RecoveryCodes>, Error> {
///     let answer: PasskeyAnswer = answer.parse()?;
///     factors.confirm_passkey(who, factor, &answer).await
/// }
/// # let _ = (begin, finish);
/// ```
#[derive(Clone)]
pub struct PasskeyEnrolment {
    factor: Id<Factor>,
    options: String,
}

impl PasskeyEnrolment {
    /// Gives the id of the factor, to confirm it.
    #[must_use]
    pub const fn factor(&self) -> Id<Factor> {
        self.factor
    }

    /// Gives the options for `navigator.credentials.create` as JSON (`PublicKeyCredentialCreationOptionsJSON`: WebAuthn,
    /// section 5.4).
    #[must_use]
    pub fn options(&self) -> &str {
        &self.options
    }
}

/// Without the address of the person, which is among the options.
impl fmt::Debug for PasskeyEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasskeyEnrolment")
            .field("factor", &self.factor)
            .finish_non_exhaustive()
    }
}

impl SecondFactors {
    /// Begins the enrolment of a passkey. It counts once [`SecondFactors::confirm_passkey`] has seen what the device
    /// made, within five minutes; one that was begun before and not confirmed ends.
    ///
    /// # Errors
    ///
    /// [`Error::Factor`] when the name cannot be, there are too many, or the service has no address that browsers know
    /// passkeys for; [`Error::Provisional`] while the password is one that somebody else chose, who would have a way in
    /// that outlives it; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// An enrolment that nobody was told of ends by itself.
    pub async fn enrol_passkey(
        &self,
        who: &SteppedUp,
        name: &str,
    ) -> Result<PasskeyEnrolment, Error> {
        self.begin_passkey(who.user(), who.scope().tenant(), name)
            .await
    }

    pub(crate) async fn begin_passkey(
        &self,
        user: UserId,
        tenant: &Tenant,
        name: &str,
    ) -> Result<PasskeyEnrolment, Error> {
        check_name(name)?;
        let protocol = self.protocol(tenant)?;
        let mut tx = self.write();
        if factors::list(&mut tx, user).await?.len() >= MAX_FACTORS {
            return Err(Error::Factor {
                message: "there are 20 factors already",
            });
        }
        let account = account::store::by_id(&mut tx, user).await?;
        let account = account.ok_or(Error::Credentials)?;
        if account.is_provisional() {
            return Err(Error::Provisional);
        }
        let known = store::credentials(&mut tx, user).await?;
        let email = account.email();
        let started =
            protocol.start_passkey_registration(user.as_uuid(), email, email, Some(known));
        let (options, state) =
            started.map_err(|_| Error::Crypto("a challenge could not be made"))?;
        let written = serde_json::to_value(&options.public_key);
        let mut written = written.map_err(|_| Error::Crypto("a value could not be written"))?;
        // So that it signs in by itself, where the device has room for that.
        if let Some(selection) = written.get_mut("authenticatorSelection") {
            selection["residentKey"] = Value::from("preferred");
        }
        let id = Id::generate();
        let context = waiting(user, id, tenant);
        let new = factors::NewFactor {
            id,
            user,
            kind: FactorKind::Passkey,
            name,
            secret: sealing::seal(self.keys(), sealing::WAITING, &context, &state)?,
        };
        factors::insert(&mut tx, new).await?;
        tx.commit().await?;
        Ok(PasskeyEnrolment {
            factor: id,
            options: written.to_string(),
        })
    }

    /// Confirms a passkey by what the browser gave. With the first factor come recovery codes, which are shown now or
    /// never.
    ///
    /// # Errors
    ///
    /// [`Error::Passkey`] when it answers no challenge of this enrolment, is of another origin, or its holder was
    /// not verified; [`Error::Factor`] when it is enrolled already; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either it is confirmed or not. Codes that nobody was told are replaced by [`SecondFactors::renew_codes`].
    pub async fn confirm_passkey(
        &self,
        who: &SteppedUp,
        factor: Id<Factor>,
        answer: &PasskeyAnswer,
    ) -> Result<Option<RecoveryCodes>, Error> {
        self.finish_passkey(who.user(), who.scope(), (factor, answer), None)
            .await
    }

    pub(crate) async fn finish_passkey(
        &self,
        user: UserId,
        scope: &Scope,
        (factor, answer): (Id<Factor>, &PasskeyAnswer),
        pending: Option<&Pending>,
    ) -> Result<Option<RecoveryCodes>, Error> {
        let tenant = scope.tenant();
        let protocol = self.protocol(tenant)?;
        let since = self.now().saturating_sub(PasskeyChallenge::LIFETIME);
        let sealed = self.waiting(user, factor, since).await?;
        let context = waiting(user, factor, tenant);
        let state: PasskeyRegistration =
            sealing::open(self.keys(), sealing::WAITING, &context, &sealed)
                .ok_or(Error::Passkey)?;
        let answer = answer.registration(&self.origins(tenant));
        let answer = answer.ok_or(Error::Passkey)?;
        let made = protocol.finish_passkey_registration(&answer, &state);
        let passkey = made.map_err(|error| {
            note_refused(&error);
            Error::Passkey
        })?;
        if !is_usual(passkey.get_public_key()) {
            tracing::info!("a passkey was refused: its key is not one of its algorithm");
            return Err(Error::Passkey);
        }
        let context = sealing::context(&sealing::of_factor(user, factor));
        let kept = store::Kept {
            factor,
            user,
            sealed: sealing::seal(self.keys(), sealing::KEPT, &context, &passkey)?,
        };
        let credential = Credential::from(passkey);
        let mut tx = self.write();
        keeps_standing(&mut tx, user, pending).await?;
        match store::confirm(&mut tx, kept, &credential.cred_id, credential.counter).await {
            Ok(true) => {}
            Ok(false) => return Err(Error::Passkey),
            Err(saas_tenancy::Error::Unique(_)) => {
                return Err(Error::Factor {
                    message: "the passkey is enrolled already",
                });
            }
            Err(error) => return Err(error.into()),
        }
        let codes = match factors::codes(&mut tx, user).await?.is_empty() {
            true => Some(self.new_codes(&mut tx, user).await?),
            false => None,
        };
        self.tell(tx, scope, user, "second-factor.enrolled", "passkey")
            .await?;
        Ok(codes)
    }

    async fn waiting(
        &self,
        user: UserId,
        factor: Id<Factor>,
        since: Timestamp,
    ) -> Result<Vec<u8>, Error> {
        let sealed = store::waiting(&mut self.read(), user, factor, since).await?;
        sealed.ok_or(Error::Passkey)
    }

    /// Gives the protocol, where there can be passkeys.
    pub(super) fn protocol(&self, tenant: &Tenant) -> Result<Webauthn, Error> {
        let party = self.relying_party().ok_or(Error::Factor {
            message: "the service has no address that browsers know passkeys for",
        })?;
        party.protocol(tenant)
    }

    pub(super) fn origins(&self, tenant: &Tenant) -> Vec<String> {
        let party = self.relying_party();
        party.map(|party| party.origins(tenant)).unwrap_or_default()
    }
}

/// Tells whether a key is of the curve that its algorithm asks (WebAuthn, section 5.8.5), or long enough. The protocol
/// looks at the algorithm alone.
fn is_usual(key: &COSEKey) -> bool {
    match (&key.type_, &key.key) {
        (COSEAlgorithm::ES256, COSEKeyType::EC_EC2(key)) => key.curve == ECDSACurve::SECP256R1,
        (COSEAlgorithm::ES384, COSEKeyType::EC_EC2(key)) => key.curve == ECDSACurve::SECP384R1,
        (COSEAlgorithm::RS256, COSEKeyType::RSA(key)) => (MIN_RSA..=MAX_RSA).contains(&key.n.len()),
        _ => false,
    }
}

/// What an enrolment is bound to, besides that it is in the row of its person.
fn waiting(user: UserId, factor: Id<Factor>, tenant: &Tenant) -> Vec<u8> {
    let [user, factor] = sealing::of_factor(user, factor);
    sealing::context(&[user, factor, tenant.id().as_uuid()])
}

/// Says in the log why an answer was refused. Who gave it is told nothing.
pub(super) fn note_refused(error: &WebauthnError) {
    tracing::info!(%error, "the answer of a passkey was refused");
}
