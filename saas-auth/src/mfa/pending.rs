//! Somebody who has proven a first factor, and is wanted to prove more before anything begins.

use std::{fmt, time::Duration};

use saas_core::{KeyRing, Purpose, Secret, TenantId, Timestamp, UserId};
use saas_tenancy::Tenant;
use serde::{Deserialize, Serialize};

use super::clearance::{Claim, Wanted};
use crate::{Error, sealed};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

const PURPOSE: Purpose = Purpose::new("saas-auth/pending-sign-in/1");
const MAX_LENGTH: usize = 2048;

/// A sign-in that waits for a second factor.
///
/// It is no session and no token: nothing but the doors of second factors knows it, so there is no route that could
/// forget to refuse it. Its [token](Pending::token) is sealed and kept nowhere.
#[derive(Clone)]
pub struct Pending {
    claim: Claim,
    wanted: Wanted,
    generation: i64,
    expires_at: Timestamp,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Text {
    user: UserId,
    at: i64,
    methods: Vec<String>,
    generation: i64,
    expires_at: i64,
}

impl Pending {
    /// For how long more can be proven.
    pub(super) const LIFETIME: Duration = Duration::from_secs(600);

    pub(crate) fn new(claim: Claim, wanted: Wanted, generation: i64, now: Timestamp) -> Self {
        Self {
            claim,
            wanted,
            generation,
            expires_at: now.saturating_add(Self::LIFETIME),
        }
    }

    /// Gives what is wanted.
    #[must_use]
    pub const fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// Gives the person.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.claim.user
    }

    /// Gives the tenant that they are about to enter.
    #[must_use]
    pub const fn tenant(&self) -> &Tenant {
        &self.claim.tenant
    }

    pub(crate) const fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Gives the state of the account that was looked at.
    pub(crate) const fn generation(&self) -> i64 {
        self.generation
    }

    /// Writes it down for its holder, who goes on with it.
    ///
    /// # Errors
    ///
    /// [`Error::Crypto`].
    pub fn token(&self, keys: &KeyRing) -> Result<Secret<String>, Error> {
        let text = Text {
            user: self.claim.user,
            at: self.claim.at.as_micros(),
            methods: self.claim.methods.clone(),
            generation: self.generation,
            expires_at: self.expires_at.as_micros(),
        };
        let plain = serde_json::to_vec(&text);
        let plain = plain.map_err(|_| Error::Crypto("a value could not be written"))?;
        let sealed = sealed::seal(
            keys,
            PURPOSE,
            context(self.claim.tenant.id()).as_slice(),
            &plain,
        )?;
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Keeps the end of what it was read from: nothing that is sent makes it longer.
    pub(crate) const fn until(mut self, expires_at: Timestamp) -> Self {
        self.expires_at = expires_at;
        self
    }

    /// Reads what [`Pending::token`] wrote for the tenant, and until when it is good. What is wanted has to be asked
    /// anew, and whether the account is as it was.
    pub(crate) fn read(
        keys: &KeyRing,
        tenant: &Tenant,
        token: &Secret<String>,
        now: Timestamp,
    ) -> Option<(Claim, i64, Timestamp)> {
        let token = token.expose();
        if token.len() > MAX_LENGTH {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let plain = sealed::open(keys, PURPOSE, context(tenant.id()).as_slice(), &bytes)?;
        let text: Text = serde_json::from_slice(plain.expose()).ok()?;
        let expires_at = Timestamp::from_micros(text.expires_at).ok()?;
        (now < expires_at).then_some(())?;
        let claim = Claim {
            tenant: tenant.clone(),
            user: text.user,
            at: Timestamp::from_micros(text.at).ok()?,
            methods: text.methods,
        };
        Some((claim, text.generation, expires_at))
    }
}

fn context(tenant: TenantId) -> Vec<u8> {
    tenant.as_uuid().as_bytes().to_vec()
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("user", &self.claim.user)
            .field("tenant", &self.claim.tenant.id())
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}
