//! Checking tokens.
//!
//! The order matters: size, then shape, then the signature with the algorithm that *our* key has,
//! then what the token says. Nothing in a token chooses the algorithm, a place to fetch a key from,
//! or a way to read it. Checking asks nobody, so a flood of tokens costs only processor time.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use saas_core::{Clock, Principal, PrincipalKind, Timestamp, VerifiedFacts};

use super::{
    Keys,
    cache::Cache,
    claims::{Claims, Header},
};
use crate::{Error, TokenConfig};

/// The type of an access token (RFC 9068, section 2.1).
pub(super) const TYPE: &str = "at+jwt";
const MAX_LENGTH: usize = 8 << 10;
const MAX_LEEWAY: std::time::Duration = std::time::Duration::from_secs(60);

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
    /// It is not yet good, or from the future.
    #[error("the token is from the future")]
    Premature,
    /// It is by or for somebody else.
    #[error("the token is by or for another service")]
    Foreign,
}

/// Verifies access tokens; cheap to clone.
///
/// Tokens that were verified are remembered, by their SHA-256, until they expire or their key is
/// withdrawn, in a cache of bounded size.
#[derive(Debug, Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    keys: Keys,
    config: TokenConfig,
    clock: Arc<dyn Clock>,
    cache: Cache,
}

/// A token that has been verified, as remembered.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) principal: Principal,
    pub(super) kid: Arc<str>,
}

impl Verifier {
    /// Makes the verifier.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the leeway is more than a minute.
    pub fn new(keys: Keys, config: TokenConfig, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        if std::time::Duration::from(config.leeway) > MAX_LEEWAY {
            return Err(Error::Config {
                key: "auth.token.leeway",
                message: "must be at most a minute",
            });
        }
        let cache = Cache::new(config.cache_entries);
        Ok(Self {
            inner: Arc::new(Inner {
                keys,
                config,
                clock,
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
        let inner = &*self.inner;
        if token.len() > MAX_LENGTH {
            return Err(TokenError::Malformed);
        }
        let digest = Cache::digest(token);
        let known = match inner.cache.get(&digest) {
            Some(known) if inner.keys.current().verifying.contains_key(&*known.kid) => known,
            _ => {
                let known = self.verify_anew(token)?;
                inner.cache.insert(digest, known.clone());
                known
            }
        };
        if inner.clock.now()
            >= known
                .principal
                .expires_at()
                .saturating_add(inner.config.leeway.into())
        {
            return Err(TokenError::Expired);
        }
        Ok(known.principal)
    }

    fn verify_anew(&self, token: &str) -> Result<Known, TokenError> {
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Malformed);
        };
        let header: Header = part(header)?;
        let plain = header.crit.is_none() && header.zip.is_none() && header.b64.is_none();
        if header.alg != "EdDSA" || header.typ.as_deref() != Some(TYPE) || !plain {
            return Err(TokenError::Malformed);
        }
        let kid = header.kid.ok_or(TokenError::Malformed)?;
        let current = self.inner.keys.current();
        let key = current.verifying.get(&kid).ok_or(TokenError::Signature)?;
        let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
        match jsonwebtoken::crypto::verify(signature, signed.as_bytes(), key, Algorithm::EdDSA) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(TokenError::Signature),
        }
        let principal = self.accept(part(payload)?)?;
        Ok(Known {
            principal,
            kid: kid.into(),
        })
    }

    /// Checks what a token with a good signature says.
    fn accept(&self, claims: Claims) -> Result<Principal, TokenError> {
        let Inner { config, clock, .. } = &*self.inner;
        if claims.iss != config.issuer || claims.aud.0 != config.audience {
            return Err(TokenError::Foreign);
        }
        let time = |seconds| Timestamp::from_secs(seconds).map_err(|_| TokenError::Malformed);
        let (expires_at, issued_at, valid_from) =
            (time(claims.exp)?, time(claims.iat)?, time(claims.nbf)?);
        let authenticated_at = time(claims.auth_time)?;
        let latest = clock.now().saturating_add(config.leeway.into());
        if issued_at > latest || valid_from > latest {
            return Err(TokenError::Premature);
        }
        let subject = claims.sub.parse().map_err(|_| TokenError::Malformed)?;
        let tenant = claims.tid.parse().map_err(|_| TokenError::Malformed)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the signature and every claim have just been checked"
        )]
        Ok(Principal::assert_verified(VerifiedFacts {
            kind: PrincipalKind::User,
            subject,
            tenant,
            authenticated_at,
            expires_at,
            methods: claims.amr,
        }))
    }
}

/// Reads a part as JSON. Serde's derive refuses members that appear twice.
fn part<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}
