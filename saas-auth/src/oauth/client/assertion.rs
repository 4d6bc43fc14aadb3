//! The signed token by which a client proves who it is (RFC 7523, `private_key_jwt`).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_core::Timestamp;
use saas_tenancy::{Database, SystemScope, Value};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Client;
use crate::{Error, SignIn, token::claims};

// The table belongs to no tenant: a client of the configuration exists in all of them, and what it signs counts
// once.
const USE: &str =
    "INSERT INTO saas_client_assertions (hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const FORGET: &str = "DELETE FROM saas_client_assertions WHERE expires_at <= $1";

const MAX_LENGTH: usize = 4 << 10;
const MAX_ID: usize = 256;
/// How long one is good at most: that long its `jti` has to be remembered.
const MAX_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// What a client claims, once it has been read but before anything of it is believed.
#[derive(Debug)]
pub(super) struct Assertion<'a> {
    signed: &'a str,
    signature: &'a str,
    header: Header,
    claims: Claims,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that a reader must understand. We know none.
    #[serde(default)]
    crit: Option<serde_json::Value>,
    #[serde(default)]
    b64: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    jti: String,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// For whom an assertion may be: this server as the tenant knows it.
#[derive(Debug)]
pub(super) struct Audiences {
    issuer: String,
}

impl Audiences {
    pub(super) const fn new(issuer: String) -> Self {
        Self { issuer }
    }

    /// The issuer, or one of the endpoints at which clients prove who they are.
    fn contain(&self, audience: &str) -> bool {
        match audience.strip_prefix(self.issuer.as_str()) {
            Some(path) => path.is_empty() || super::authenticate::ENDPOINTS.contains(&path),
            None => false,
        }
    }

    /// One that is meant for others as well could be used by them against us.
    fn cover(&self, audience: &Audience) -> bool {
        match audience {
            Audience::One(one) => self.contain(one),
            Audience::Many(many) => {
                !many.is_empty() && many.iter().all(|audience| self.contain(audience))
            }
        }
    }
}

impl<'a> Assertion<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        Some(Self {
            signed,
            signature,
            header: claims::read(&bytes(header)?).ok()?,
            claims: claims::read(&bytes(payload)?).ok()?,
        })
    }

    /// Gives the client that it claims to be of.
    pub(super) fn client_id(&self) -> &str {
        &self.claims.sub
    }

    /// Tells whether the client has signed it, now and for us.
    pub(super) fn is_of(
        &self,
        client: &Client,
        audiences: &Audiences,
        now: Timestamp,
        leeway: Duration,
    ) -> bool {
        let Self { header, claims, .. } = self;
        if header.crit.is_some() || header.b64.is_some() {
            return false;
        }
        if claims.iss != client.id || claims.sub != client.id {
            return false;
        }
        if claims.jti.is_empty() || claims.jti.len() > MAX_ID {
            return false;
        }
        let latest = now.saturating_add(leeway);
        let is_past = |seconds: Option<i64>| {
            seconds.is_none_or(|seconds| {
                Timestamp::from_secs(seconds).is_ok_and(|time| time <= latest)
            })
        };
        let Ok(expires_at) = Timestamp::from_secs(claims.exp) else {
            return false;
        };
        // Libraries let it be good for an hour. When it says since when it is there, that does not hurt: it ends
        // earlier than it says.
        let expires_at = match claims.iat.map(Timestamp::from_secs) {
            Some(Ok(made)) => expires_at.min(made.saturating_add(MAX_LIFETIME)),
            _ => expires_at,
        };
        audiences.cover(&claims.aud)
            && now < expires_at.saturating_add(leeway)
            && expires_at <= latest.saturating_add(MAX_LIFETIME)
            && is_past(claims.nbf)
            && is_past(claims.iat)
            && client.keys.verify(
                &header.alg,
                header.kid.as_deref(),
                self.signed.as_bytes(),
                self.signature,
            )
    }

    /// Uses it up, and tells whether it was not used before, on any instance. Of many at once one is the first.
    ///
    /// # Cancel safety
    ///
    /// It may be used up then, and the client has to make another.
    pub(super) async fn use_once(
        &self,
        database: &Database,
        leeway: Duration,
    ) -> Result<bool, Error> {
        let (client, id) = (&self.claims.sub, &self.claims.jti);
        let mut hash = Sha256::new();
        // The length keeps the two apart.
        hash.update((client.len() as u64).to_be_bytes());
        hash.update(client);
        hash.update(id);
        let now = database.clock().now();
        // The latest moment at which it could still be taken.
        let ends = now
            .saturating_add(MAX_LIFETIME)
            .saturating_add(leeway)
            .saturating_add(leeway);
        let mut tx = database.system_write(&SystemScope::<SignIn>::enter());
        tx.execute(FORGET, &[Value::Timestamp(now)]).await?;
        let values = [
            Value::Bytes(hash.finalize().to_vec()),
            Value::Timestamp(ends),
        ];
        let first = tx.execute(USE, &values).await? == 1;
        tx.commit().await?;
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fuzzing, *};

    #[test]
    fn oau_30_an_assertion_is_for_us_alone() {
        let audiences = Audiences::new("https://id.example/t/acme".to_owned());
        let covers = |json: &str| audiences.cover(&serde_json::from_str(json).unwrap());
        for ours in [
            r#""https://id.example/t/acme""#,
            r#""https://id.example/t/acme/oauth/token""#,
            r#"["https://id.example/t/acme"]"#,
            r#"["https://id.example/t/acme","https://id.example/t/acme/oauth/token"]"#,
        ] {
            assert!(covers(ours), "{ours}");
        }
        for wrong in [
            r#""""#,
            r#""https://id.example""#,
            r#""https://id.example/t/acm""#,
            r#""https://id.example/t/acme/""#,
            r#""https://id.example/t/acme2""#,
            r#""https://id.example/t/beta""#,
            r#""https://id.example/t/acme/oauth/tokenx""#,
            r#"["https://id.example/t/acme","https://evil.example"]"#,
            "[]",
        ] {
            assert!(!covers(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_assertion_is_read_strictly() {
        let write = |header: &str, payload: &str| {
            let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
            format!("{}.{}.c2ln", part(header), part(payload))
        };
        let (header, payload) = (
            r#"{"alg":"EdDSA","typ":"JWT"}"#,
            r#"{"iss":"a","sub":"a","aud":"x","exp":1,"jti":"j"}"#,
        );
        assert!(Assertion::read(&write(header, payload)).is_some());
        for (header, payload) in [
            ("{}", payload),
            (r#"{"alg":"EdDSA","alg":"none"}"#, payload),
            (header, "{}"),
            (header, &payload.replace(r#""exp":1"#, r#""exp":"1""#)),
            (header, &payload.replace(r#""exp":1,"#, "")),
            (header, &payload.replace(r#","jti":"j""#, "")),
            (header, &payload.replace(r#""exp":1"#, r#""exp":1,"exp":9"#)),
        ] {
            assert!(
                Assertion::read(&write(header, payload)).is_none(),
                "{header} {payload}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,100}|[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
            fuzzing::client_assertion(&text);
        }

        #[test]
        fn oau_30_what_a_client_has_signed_is_for_us_and_now(
            name in prop::sample::select(vec!["iss", "sub", "aud", "exp", "jti", "iat", "nbf", "x"]),
            value in "\"(web|a|https://id\\.example/t/acme(/oauth/token|x)?)?\"|\\[\\]|null|1[78]00000[0-9]{3}|18000003[01][0-9]|-?[0-9]{1,19}",
            header in prop::sample::select(vec!["{\"alg\":\"EdDSA\"}", "{\"alg\":\"EdDSA\",\"kid\":\"two\"}", "{\"alg\":\"EdDSA\",\"crit\":[]}", "{\"alg\":\"none\"}"]),
        ) {
            let mut claims = serde_json::json!({
                "iss": "web", "sub": "web", "aud": "https://id.example/t/acme", "exp": 1_800_000_060, "jti": "a",
            });
            if let Ok(value) = serde_json::from_str(&value) {
                claims[name] = value;
            }
            fuzzing::signed_assertion(header, &claims.to_string());
        }
    }
}
