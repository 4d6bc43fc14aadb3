//! Checking tokens.
//!
//! First the signature (see `jws.rs`), then what the token says. Checking asks nobody, so a flood of tokens
//! costs only processor time.
//!
//! The signature is checked by jsonwebtoken, everything else here: its own checks read the clock of
//! the machine, take a minute of leeway, and let a token through that lacks `iss` or `aud`.

use std::{sync::Arc, time::Duration};

use saas_core::{Clock, Granted, Id, Principal, PrincipalKind, Timestamp, VerifiedFacts};
use uuid::Uuid;

use super::{Keys, cache::Cache, claims::Claims, jws, keys::KeySet};
use crate::{Error, Revocations, TokenConfig};

/// The type of an access token (RFC 9068, section 2.1).
pub(super) const TYPE: &str = "at+jwt";
const MAX_LEEWAY: Duration = Duration::from_secs(60);

/// Says why a token is refused. For the log; a client learns only that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is not an access token of the form that we issue.
    #[error("the token is malformed")]
    Malformed,
    /// No key of ours has signed it.
    #[error("the signature is not ours")]
    Signature,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// It was ended before its time.
    #[error("the token has been revoked")]
    Revoked,
    /// It is not yet good, or from the future.
    #[error("the token is from the future")]
    Premature,
    /// It is by or for somebody else.
    #[error("the token is by or for another service")]
    Foreign,
}

/// Verifies access tokens; cheap to clone.
///
/// Tokens that were verified are remembered, by their SHA-256, in a cache of bounded size. What is
/// remembered is held against the clock and the keys at each use, so it outlives neither its end nor
/// its key.
///
/// Nobody is asked, so what ends before its time has to be known here: a token whose session, program or own
/// id is among the [`Revocations`](crate::Revocations) is refused.
///
/// ```
/// use saas_auth::{TokenError, Verifier};
/// use saas_core::TenantId;
///
/// fn tenant(verifier: &Verifier, token: &str) -> Option<TenantId> {
///     match verifier.verify(token) {
///         Ok(principal) => Some(principal.tenant()),
///         Err(TokenError::Expired) => None,
///         Err(reason) => {
///             // For the log: whoever sent it learns only that it is refused.
///             tracing::debug!(%reason, "token refused");
///             None
///         }
///     }
/// }
/// # let _ = tenant;
/// ```
#[derive(Debug, Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    keys: Keys,
    config: TokenConfig,
    clock: Arc<dyn Clock>,
    revocations: Revocations,
    cache: Cache,
}

/// A token that has been verified, as remembered.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) principal: Principal,
    /// Its own id (`jti`).
    pub(crate) id: Uuid,
    pub(crate) issuer: Arc<str>,
    pub(crate) issued_at: Timestamp,
    /// The program that holds it.
    pub(crate) client: Arc<str>,
    /// The same, where a tenant has registered it.
    registered: Option<Uuid>,
    kid: Arc<str>,
    /// How many bytes the token has.
    pub(super) size: u32,
}

impl Known {
    /// Gives the ids that it ends with.
    pub(crate) fn subjects(&self) -> [Option<Uuid>; 4] {
        [
            self.principal.session().map(|session| session.as_uuid()),
            Some(self.id),
            Some(self.principal.subject().as_uuid()),
            self.registered,
        ]
    }
}

impl Verifier {
    /// Makes the verifier.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the leeway is more than a minute.
    pub fn new(
        keys: Keys,
        revocations: Revocations,
        config: TokenConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        if Duration::from(config.leeway) > MAX_LEEWAY {
            return Err(Error::Config {
                key: "auth.token.leeway",
                message: "must be at most a minute",
            });
        }
        let cache = Cache::new(config.cache_entries, config.longest());
        Ok(Self {
            inner: Arc::new(Inner {
                keys,
                config,
                clock,
                revocations,
                cache,
            }),
        })
    }

    /// Verifies a token and gives its holder.
    ///
    /// # Errors
    ///
    /// [`TokenError`] says why it is refused.
    pub fn verify(&self, token: &str) -> Result<Principal, TokenError> {
        self.known(token).map(|known| known.principal)
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(super) fn config(&self) -> &TokenConfig {
        &self.inner.config
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// Verifies a token and gives all that it says.
    pub(crate) fn known(&self, token: &str) -> Result<Known, TokenError> {
        let inner = &*self.inner;
        if token.len() > jws::MAX_LENGTH {
            return Err(TokenError::Malformed);
        }
        let (now, keys) = (inner.clock.now(), inner.keys.current());
        let digest = Cache::digest(token);
        if let Some(known) = inner.cache.get(&digest) {
            if keys.verifying(&known.kid, now).is_some() {
                return self.current(known, now);
            }
            inner.cache.forget(&digest);
        }
        let mut known = self.verify_anew(token, &keys, now)?;
        known.size = u32::try_from(token.len()).unwrap_or(u32::MAX);
        let known = self.current(known, now)?;
        inner.cache.insert(digest, known.clone());
        Ok(known)
    }

    fn verify_anew(&self, token: &str, keys: &KeySet, now: Timestamp) -> Result<Known, TokenError> {
        let (claims, kid) = jws::open(keys, TYPE, token, now)?;
        self.accept(claims, kid.into(), now)
    }

    /// Checks what a token with a good signature says, except its end.
    fn accept(&self, claims: Claims, kid: Arc<str>, now: Timestamp) -> Result<Known, TokenError> {
        let config = &self.inner.config;
        if !config.issues_as(&claims.iss) || claims.aud.0 != config.audience {
            return Err(TokenError::Foreign);
        }
        let time = |seconds| Timestamp::from_secs(seconds).map_err(|_| TokenError::Malformed);
        let (expires_at, issued_at, valid_from) =
            (time(claims.exp)?, time(claims.iat)?, time(claims.nbf)?);
        let authenticated_at = time(claims.auth_time)?;
        // No longer than tokens are good for now: what was revoked is remembered for that long.
        let expires_at = expires_at.min(issued_at.saturating_add(config.access_lifetime.into()));
        let latest = now.saturating_add(config.leeway.into());
        if issued_at > latest || valid_from > latest {
            return Err(TokenError::Premature);
        }
        let subject = claims.sub.parse().map_err(|_| TokenError::Malformed)?;
        let tenant = claims.tid.parse().map_err(|_| TokenError::Malformed)?;
        let id: Id<()> = claims.jti.parse().map_err(|_| TokenError::Malformed)?;
        let registered: Option<Id<()>> = claims.client_id.parse().ok();
        let session = claims.sid.as_deref().map(str::parse).transpose();
        let granted = match &claims.scope {
            None => Granted::All,
            Some(scope) => Granted::Only(scope.split_whitespace().map(str::to_owned).collect()),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the signature and every claim have just been checked"
        )]
        let principal = Principal::assert_verified(VerifiedFacts {
            // A program that acts for itself is its own client.
            kind: if claims.sub == claims.client_id {
                PrincipalKind::ServiceAccount
            } else {
                PrincipalKind::User
            },
            subject,
            tenant,
            authenticated_at,
            expires_at,
            methods: claims.amr,
            session: session.map_err(|_| TokenError::Malformed)?,
            granted,
        });
        Ok(Known {
            principal,
            id: id.as_uuid(),
            issuer: claims.iss.into(),
            issued_at,
            client: claims.client_id.into(),
            registered: registered.map(|client| client.as_uuid()),
            kid,
            size: 0,
        })
    }

    /// Checks what can change while a token is remembered: whether it has expired or was ended.
    fn current(&self, known: Known, now: Timestamp) -> Result<Known, TokenError> {
        let holder = &known.principal;
        if now
            >= holder
                .expires_at()
                .saturating_add(self.inner.config.leeway.into())
        {
            return Err(TokenError::Expired);
        }
        let ended = known.subjects();
        if self.inner.revocations.cover(holder.tenant(), ended) {
            return Err(TokenError::Revoked);
        }
        Ok(known)
    }
}
