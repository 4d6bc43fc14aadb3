//! Id tokens: what a client learns of the person who let it in (OpenID Connect Core, section 2).
//!
//! An id token is for the client and tells nobody else anything: its type is `JWT` and its audience the client,
//! so it never passes for an access token, whose type is `at+jwt` and whose audience is the service. By default
//! they have different algorithms, and thereby different keys, besides.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_core::{Level, Secret, SessionId, TenantId, UserId};
use serde::{Deserialize, Serialize};

use super::{Algorithm, Issuer, TokenError, Verifier, claims::Audience, jws};
use crate::{Error, Session};

/// The type of an id token.
const TYPE: &str = "JWT";

/// What a client may know of a person (OpenID Connect Core, section 5.1), by the scopes it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PersonClaims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) updated_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email_verified: Option<bool>,
}

/// What an id token is made of.
#[derive(Debug)]
pub(crate) struct Introduction<'a> {
    pub(crate) issuer: &'a str,
    /// For whom it is.
    pub(crate) client: &'a str,
    pub(crate) session: &'a Session,
    /// What the client sent along, to find its own request again.
    pub(crate) nonce: Option<&'a str>,
    /// The access token that is given with it.
    pub(crate) access_token: &'a str,
    pub(crate) person: PersonClaims,
}

/// What an id token that was once given out here says, expired or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hint {
    pub(crate) client: String,
    pub(crate) user: UserId,
    pub(crate) tenant: TenantId,
    pub(crate) session: SessionId,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    acr: String,
    amr: Vec<String>,
    at_hash: String,
    sid: String,
    tid: String,
    #[serde(flatten)]
    person: PersonClaims,
}

impl Issuer {
    /// Signs an id token.
    pub(crate) fn introduce(
        &self,
        introduction: Introduction<'_>,
    ) -> Result<Secret<String>, Error> {
        let now = self.clock.now();
        let session = introduction.session;
        let algorithm = self.config.id_token_algorithm;
        let claims = Claims {
            iss: introduction.issuer.to_owned(),
            sub: session.user.to_string(),
            aud: Audience(introduction.client.to_owned()),
            exp: now
                .saturating_add(self.config.access_lifetime.into())
                .as_secs(),
            iat: now.as_secs(),
            auth_time: session.authenticated_at.as_secs(),
            nonce: introduction.nonce.map(str::to_owned),
            acr: Level::of(&session.methods).to_string(),
            amr: session.methods.clone(),
            at_hash: half_hash(algorithm, introduction.access_token),
            sid: session.id.to_string(),
            tid: session.tenant.to_string(),
            person: introduction.person,
        };
        jws::sign(&self.keys.current(), algorithm, TYPE, &claims)
    }
}

impl Verifier {
    /// Reads an id token that a client hands back, as a hint of whom it speaks of. That it has expired does not
    /// matter, but that we have signed it.
    pub(crate) fn hint(&self, token: &str) -> Result<Hint, TokenError> {
        let now = self.clock().now();
        let (claims, _): (Claims, _) = jws::open(&self.keys().current(), TYPE, token, now)?;
        if !self.config().issues_as(&claims.iss) {
            return Err(TokenError::Foreign);
        }
        Ok(Hint {
            client: claims.aud.0,
            user: claims.sub.parse().map_err(|_| TokenError::Malformed)?,
            tenant: claims.tid.parse().map_err(|_| TokenError::Malformed)?,
            session: claims.sid.parse().map_err(|_| TokenError::Malformed)?,
        })
    }
}

/// Gives the left half of the hash that belongs to the algorithm (OpenID Connect Core, section 3.1.3.6).
/// Ed25519 hashes with SHA-512.
fn half_hash(algorithm: Algorithm, token: &str) -> String {
    let hash = match algorithm {
        Algorithm::EdDsa => &digest::SHA512,
        Algorithm::Es256 => &digest::SHA256,
    };
    let hash = digest::digest(hash, token.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oau_21_the_hash_of_openid_connect_core_appendix_a_4() {
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        let hash = half_hash(Algorithm::Es256, token);
        assert_eq!(hash, "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(half_hash(Algorithm::EdDsa, token).len(), 43);
    }
}
