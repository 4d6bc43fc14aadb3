//! Making tokens.

use std::{fmt, sync::Arc, time::Duration};

use saas_core::{Clock, Granted, Id, Level, Secret, SessionId, TenantId, Timestamp, UserId};

use super::{
    Keys,
    claims::{Audience, Claims},
    jws,
    verify::TYPE,
};
use crate::{Error, Session, TokenConfig};

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

/// For whom a token is signed.
#[derive(Debug)]
pub(crate) struct Holder<'a> {
    pub(crate) issuer: &'a str,
    /// A person, or a program that acts for itself, which is its own client then.
    pub(crate) subject: UserId,
    pub(crate) tenant: TenantId,
    pub(crate) client: &'a str,
    pub(crate) session: Option<SessionId>,
    pub(crate) authenticated_at: Timestamp,
    pub(crate) methods: &'a [String],
    pub(crate) granted: &'a Granted,
}

/// Issues access tokens and id tokens.
///
/// ```
/// use std::time::Duration;
///
/// use saas_auth::{AccessToken, Error, Issuer, Session, TokenConfig};
///
/// fn token(issuer: &Issuer, config: &TokenConfig, session: &Session) -> Result<AccessToken, Error> {
///     let token = issuer.issue(session, &config.issuer)?;
///     assert!(token.expires_in() <= Duration::from(config.access_lifetime));
///     Ok(token)
/// }
/// # let _ = token;
/// ```
#[derive(Debug, Clone)]
pub struct Issuer {
    pub(super) keys: Keys,
    pub(super) config: Arc<TokenConfig>,
    pub(super) clock: Arc<dyn Clock>,
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

    /// Issues a token for a session, in the name of an issuer, which is the configured one or that of a tenant
    /// under it.
    ///
    /// # Errors
    ///
    /// [`Error::Crypto`] when there is no key to sign with.
    pub fn issue(&self, session: &Session, issuer: &str) -> Result<AccessToken, Error> {
        self.sign(&Holder {
            issuer,
            subject: session.user,
            tenant: session.tenant,
            client: session.client.as_deref().unwrap_or_default(),
            session: Some(session.id),
            authenticated_at: session.authenticated_at,
            methods: &session.methods,
            granted: &session.granted,
        })
    }

    /// Signs a token for anybody.
    pub(crate) fn sign(&self, holder: &Holder<'_>) -> Result<AccessToken, Error> {
        let now = self.clock.now();
        let lifetime = Duration::from(self.config.access_lifetime);
        let claims = Claims {
            iss: holder.issuer.to_owned(),
            aud: Audience(self.config.audience.clone()),
            sub: holder.subject.to_string(),
            exp: now.saturating_add(lifetime).as_secs(),
            iat: now.as_secs(),
            nbf: now.as_secs(),
            jti: Id::<AccessToken>::generate().to_string(),
            client_id: holder.client.to_owned(),
            tid: holder.tenant.to_string(),
            sid: holder.session.map(|session| session.to_string()),
            scope: match holder.granted {
                Granted::Only(scopes) => Some(scopes.join(" ")),
                _ => None,
            },
            auth_time: holder.authenticated_at.as_secs(),
            acr: Level::of(holder.methods).to_string(),
            amr: holder.methods.to_vec(),
        };
        let keys = self.keys.current();
        let text = jws::sign(&keys, self.config.algorithm, TYPE, &claims)?;
        Ok(AccessToken {
            text,
            expires_in: lifetime,
        })
    }
}
