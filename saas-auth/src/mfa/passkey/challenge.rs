//! A challenge that somebody answers with a passkey.

use std::{fmt, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_core::{Id, KeyRing, Secret, Timestamp, UserId};
use saas_tenancy::Tenant;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use webauthn_rs::{Webauthn, prelude::DiscoverableAuthentication};

use super::{PasskeyAnswer, sealing};
use crate::Error;

const MAX_LENGTH: usize = 2048;

/// What a browser is asked: options for `navigator.credentials.get`, and a token that has to come back with the answer.
///
/// ```
/// use saas_auth::{Device, Entry, Error, SignIns, mfa::PasskeyProof};
/// use saas_core::Secret;
/// use saas_tenancy::Tenant;
///
/// /// The options go to the browser, the token into a form or a cookie of it.
/// async fn ask(doors: &SignIns, tenant: &Tenant, browser: &str) -> Result<(), Error> {
///     if let Some(asked) = doors.passkey_challenge(tenant, browser).await? {
///         let _ = (asked.options(), asked.token());
///     }
///     Ok(())
/// }
///
/// /// Whoever answers is in, or has to prove more first, as after a password.
/// async fn answer(
///     doors: &SignIns,
///     tenant: &Tenant,
///     browser: &str,
///     token: Secret<String>,
///     given: &str,
/// ) -> Result<Entry, Error> {
///     let proof = PasskeyProof::new(token, given.parse()?);
///     doors.by_passkey(tenant, browser, &proof, &Device::default()).await
/// }
/// # let _ = (ask, answer);
/// ```
#[derive(Debug, Clone)]
pub struct PasskeyChallenge {
    token: Secret<String>,
    options: String,
}

impl PasskeyChallenge {
    /// How long it can be answered; as long as an enrolment can be finished.
    pub const LIFETIME: Duration = Duration::from_secs(300);

    /// Gives the options as JSON (`PublicKeyCredentialRequestOptionsJSON`: WebAuthn, section 5.5).
    #[must_use]
    pub fn options(&self) -> &str {
        &self.options
    }

    /// Gives the token. It is good for five minutes, and for one answer.
    #[must_use]
    pub const fn token(&self) -> &Secret<String> {
        &self.token
    }
}

/// The answer of a passkey, with the token of the challenge that it answers.
#[derive(Debug, Clone)]
pub struct PasskeyProof {
    pub(super) challenge: Secret<String>,
    pub(super) answer: PasskeyAnswer,
}

impl PasskeyProof {
    /// Puts both together: the token of [`PasskeyChallenge`], and what the browser gave for its options.
    #[must_use]
    pub const fn new(challenge: Secret<String>, answer: PasskeyAnswer) -> Self {
        Self { challenge, answer }
    }

    /// Gives what tries are counted by.
    pub(crate) fn credential(&self) -> Option<String> {
        let id = self.answer.credential()?;
        Some(URL_SAFE_NO_PAD.encode(id))
    }
}

/// Who is asked, which a challenge is bound to.
#[derive(Clone, Copy)]
pub(crate) enum Asker<'a> {
    /// A person whose first factor was right.
    Person(UserId),
    /// Somebody of whom nothing is known yet: a browser by its secret, or a client by its name.
    Anybody(&'a str),
}

impl Asker<'_> {
    fn context(self, tenant: &Tenant) -> Vec<u8> {
        let mut context = sealing::context(&[tenant.id().as_uuid()]);
        match self {
            Self::Person(user) => context.extend(user.as_uuid().into_bytes()),
            // Longer than an id, so that the one is never taken for the other.
            Self::Anybody(named) => context.extend(Sha256::digest(named)),
        }
        context
    }
}

impl fmt::Debug for Asker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person(_) => "Person(…)",
            Self::Anybody(_) => "Anybody(…)",
        })
    }
}

/// The row of a challenge that was used.
pub(super) enum Used {}

/// What is sealed in the token.
#[derive(Serialize, Deserialize)]
struct Text {
    id: Id<Used>,
    expires_at: i64,
    state: DiscoverableAuthentication,
}

/// A challenge that was given, read again.
pub(super) struct Given {
    pub(super) id: Id<Used>,
    pub(super) expires_at: Timestamp,
    pub(super) state: DiscoverableAuthentication,
}

/// Asks somebody. `credentials` are those that count; none where the device says who its holder is.
pub(super) fn ask(
    keys: &KeyRing,
    protocol: &Webauthn,
    tenant: &Tenant,
    asker: Asker<'_>,
    credentials: &[Vec<u8>],
    now: Timestamp,
) -> Result<PasskeyChallenge, Error> {
    let started = protocol.start_discoverable_authentication();
    let (options, state) = started.map_err(|_| Error::Crypto("a challenge could not be made"))?;
    let written = serde_json::to_value(&options.public_key);
    let mut written = written.map_err(|_| Error::Crypto("a value could not be written"))?;
    let allowed = credentials
        .iter()
        .map(|id| json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(id) }));
    if let Some(options) = written.as_object_mut() {
        options.insert("allowCredentials".to_owned(), allowed.collect::<Value>());
    }
    let text = Text {
        id: Id::generate(),
        expires_at: now.saturating_add(PasskeyChallenge::LIFETIME).as_micros(),
        state,
    };
    let sealed = sealing::seal(keys, sealing::ASKED, &asker.context(tenant), &text)?;
    Ok(PasskeyChallenge {
        token: Secret::new(URL_SAFE_NO_PAD.encode(sealed)),
        options: written.to_string(),
    })
}

/// Reads what [`ask`] gave the same asker in the same tenant. That it was not used is for the caller to see to.
pub(super) fn read(
    keys: &KeyRing,
    tenant: &Tenant,
    asker: Asker<'_>,
    token: &Secret<String>,
    now: Timestamp,
) -> Option<Given> {
    let token = token.expose();
    if token.len() > MAX_LENGTH {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    let text: Text = sealing::open(keys, sealing::ASKED, &asker.context(tenant), &sealed)?;
    let expires_at = Timestamp::from_micros(text.expires_at).ok()?;
    (now < expires_at).then_some(Given {
        id: text.id,
        expires_at,
        state: text.state,
    })
}
