//! Making tokens.

use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use saas_core::{Clock, Id, Secret, TenantId, Timestamp, UserId};

use super::{
    Keys,
    claims::{Audience, Claims, Header},
    verify::{ALGORITHM, TYPE},
};
use crate::{Error, TokenConfig};

/// The level of every sign-in there is until now: one factor (NIST SP 800-63B, AAL1).
const LEVEL: &str = "aal1";

/// An access token and how long it is good. It is a secret, so it is not printed.
#[derive(Clone)]
pub struct AccessToken {
    text: Secret<String>,
    expires_in: Duration,
}

impl AccessToken {
    /// Gives the text, for the answer to the client.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// Gives the time for which it is good.
    #[must_use]
    pub const fn expires_in(&self) -> Duration {
        self.expires_in
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// Issues access tokens.
#[derive(Debug, Clone)]
pub struct Issuer {
    keys: Keys,
    config: Arc<TokenConfig>,
    clock: Arc<dyn Clock>,
}

impl Issuer {
    /// Makes the issuer.
    #[must_use]
    pub fn new(keys: Keys, config: TokenConfig, clock: Arc<dyn Clock>) -> Self {
        Self {
            keys,
            config: Arc::new(config),
            clock,
        }
    }

    /// Issues a token to a member of a tenant who has proven who they are.
    ///
    /// # Errors
    ///
    /// [`Error::Crypto`] when there is no key to sign with.
    pub fn issue(
        &self,
        user: UserId,
        tenant: TenantId,
        client: &str,
        authenticated_at: Timestamp,
        methods: &[String],
    ) -> Result<AccessToken, Error> {
        let now = self.clock.now();
        let lifetime = Duration::from(self.config.access_lifetime);
        let current = self.keys.current();
        let key = current.signing()?;
        let header = Header::new(ALGORITHM, TYPE, &key.kid);
        let claims = Claims {
            iss: self.config.issuer.clone(),
            aud: Audience(self.config.audience.clone()),
            sub: user.to_string(),
            exp: now.saturating_add(lifetime).as_secs(),
            iat: now.as_secs(),
            nbf: now.as_secs(),
            jti: Id::<AccessToken>::generate().to_string(),
            client_id: client.to_owned(),
            tid: tenant.to_string(),
            auth_time: authenticated_at.as_secs(),
            acr: LEVEL.to_owned(),
            amr: methods.to_vec(),
        };
        let failed = |_| Error::Crypto("a token could not be written");
        let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(failed)?);
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).map_err(failed)?);
        let signed = format!("{header}.{claims}");
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key.key, Algorithm::EdDSA)
            .map_err(|_| Error::Crypto("a token could not be signed"))?;
        Ok(AccessToken {
            text: Secret::new(format!("{signed}.{signature}")),
            expires_in: lifetime,
        })
    }
}
