//! What has to hold of how programs say who they are.

use serde_json::Value;

use super::ClientKeys;

/// Keys that can be read are public ones of the kinds that count, come back from where they are kept, and have
/// signed nothing that somebody made up.
///
/// # Panics
///
/// When it does not hold.
pub fn client_keys(text: &str) {
    let Some(keys) = serde_json::from_str(text)
        .ok()
        .and_then(|set| ClientKeys::read(&set).ok())
    else {
        return;
    };
    let written = keys.write();
    assert_eq!(
        ClientKeys::stored(&written.to_string()).as_ref(),
        Some(&keys)
    );
    let list = written.get("keys").and_then(Value::as_array);
    assert!(list.is_some_and(|list| (1..=5).contains(&list.len())));
    let members = list.into_iter().flatten().filter_map(Value::as_object);
    for name in members.flat_map(serde_json::Map::keys) {
        let public = ["kty", "crv", "x", "y", "n", "e", "kid"];
        assert!(public.contains(&name.as_str()), "`{name}` is kept");
    }
    #[cfg(feature = "axum")]
    for algorithm in ["EdDSA", "ES256", "RS256", "HS256", "none"] {
        let signature = text.get(..86).unwrap_or_default();
        assert!(!keys.verify(algorithm, None, text.as_bytes(), signature));
    }
}

#[cfg(feature = "axum")]
pub use endpoint::{client_assertion, client_authentication, signed_assertion};

#[cfg(feature = "axum")]
mod endpoint {
    use std::{sync::OnceLock, time::Duration};

    use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    };
    use http::{HeaderMap, HeaderValue, header};
    use saas_core::Timestamp;
    use serde_json::{Value, json};

    use super::super::{
        AuthMethod, Client, ClientKeys,
        assertion::{Assertion, Audiences},
        authenticate::{Proof, read},
    };
    use crate::oauth::form::Form;

    const ISSUER: &str = "https://id.example/t/acme";
    const LEEWAY: u64 = 5;
    const NOW: i64 = 1_800_000_000;

    /// A client proves itself in one way, and is the one that everything in the request names.
    ///
    /// # Panics
    ///
    /// When it does not hold.
    pub fn client_authentication(authorization: &[u8], body: &[u8]) {
        let Ok(form) = Form::parse(body) else {
            return;
        };
        let mut headers = HeaderMap::new();
        if !authorization.is_empty() {
            let Ok(value) = HeaderValue::from_bytes(authorization) else {
                return;
            };
            headers.insert(header::AUTHORIZATION, value);
        }
        let Ok((id, proof)) = read(&headers, &form) else {
            return;
        };
        let given = |name: &str| form.get(name).map(|value| value.expose().as_str());
        let ways = [
            !authorization.is_empty(),
            given("client_secret").is_some(),
            given("client_assertion").is_some(),
        ];
        let count = ways.iter().filter(|way| **way).count();
        assert_eq!(
            count,
            usize::from(!matches!(proof, Proof::None)),
            "{ways:?}"
        );
        assert!(given("client_id").is_none_or(|named| named == id));
        match proof {
            Proof::None => assert_eq!(given("client_id"), Some(&*id)),
            Proof::Secret(AuthMethod::SecretBasic, secret) => {
                // Written as RFC 6749 says, it is read as the same.
                let encode = |text: &str| -> String {
                    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
                };
                let pair = format!("{}:{}", encode(&id), encode(secret.expose()));
                let header = format!("Basic {}", STANDARD.encode(pair));
                let again = HeaderValue::from_str(&header).ok().and_then(|value| {
                    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
                    let (id, proof) = read(&headers, &form).ok()?;
                    matches!(proof, Proof::Secret(_, same) if same.expose() == secret.expose())
                        .then_some(id)
                });
                assert!(header.len() > 2 << 10 || again.as_ref() == Some(&id));
            }
            Proof::Secret(method, secret) => {
                assert_eq!(method, AuthMethod::SecretPost);
                assert_eq!(given("client_secret"), Some(secret.expose().as_str()));
            }
            Proof::Signed(assertion) => assert_eq!(assertion.client_id(), id),
        }
    }

    /// What the client has not signed, now and for us, does not prove who it is.
    ///
    /// # Panics
    ///
    /// When it does not hold.
    pub fn client_assertion(text: &str) {
        if accepted(text) {
            let (signed, signature) = text.rsplit_once('.').unwrap_or_default();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
            let public = UnparsedPublicKey::new(&ED25519, pair().public_key());
            let verified = public.verify(signed.as_bytes(), &signature);
            assert!(verified.is_ok(), "not signed: {text:?}");
        }
    }

    /// Nor does what the client has signed, when it says something else.
    ///
    /// # Panics
    ///
    /// When it does not hold.
    pub fn signed_assertion(header: &str, claims: &str) {
        let [encoded, payload] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let signed = format!("{encoded}.{payload}");
        let signature = URL_SAFE_NO_PAD.encode(pair().sign(signed.as_bytes()));
        if !accepted(&format!("{signed}.{signature}")) {
            return;
        }
        let read = |text: &str| serde_json::from_str::<Value>(text);
        // A member that nobody reads may have a number that nobody can hold.
        let (Ok(header), Ok(claims)) = (read(header), read(claims)) else {
            return;
        };
        assert_eq!(header.get("alg"), Some(&json!("EdDSA")));
        assert_eq!(header.get("crit").filter(|value| !value.is_null()), None);
        for name in ["iss", "sub"] {
            assert_eq!(claims.get(name), Some(&json!("web")), "{name}");
        }
        let audiences = match claims.get("aud") {
            Some(Value::Array(many)) => many.clone(),
            one => one.cloned().into_iter().collect(),
        };
        let ours = |audience: &Value| {
            let text = audience.as_str().and_then(|text| text.strip_prefix(ISSUER));
            text.is_some_and(|path| path.is_empty() || path.starts_with("/oauth/"))
        };
        assert!(
            !audiences.is_empty() && audiences.iter().all(ours),
            "{audiences:?}"
        );
        let time = |name: &str| claims.get(name).and_then(Value::as_i64);
        let leeway = i64::try_from(LEEWAY).unwrap_or_default();
        assert!(time("exp").is_some_and(|end| end + leeway > NOW));
        let longest = NOW + 300 + leeway;
        let made = time("iat");
        assert!(time("exp") <= Some(longest) || made.is_some_and(|made| made + 300 <= longest));
        assert!(made.is_none_or(|made| made <= NOW + leeway && made + 300 + leeway > NOW));
        assert!(time("nbf").is_none_or(|from| from <= NOW + leeway));
        let id = claims.get("jti").and_then(Value::as_str);
        assert!(id.is_some_and(|id| (1..=256).contains(&id.len())));
    }

    fn accepted(text: &str) -> bool {
        let (Some(assertion), Ok(now)) = (Assertion::read(text), Timestamp::from_secs(NOW)) else {
            return false;
        };
        let audiences = Audiences::new(ISSUER.to_owned());
        assertion.is_of(client(), &audiences, now, Duration::from_secs(LEEWAY))
    }

    /// The same key in every run, so that what it has signed is a seed.
    fn pair() -> &'static Ed25519KeyPair {
        static PAIR: OnceLock<Ed25519KeyPair> = OnceLock::new();
        PAIR.get_or_init(|| {
            #[expect(clippy::expect_used, reason = "any 32 bytes are a private key")]
            Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key")
        })
    }

    fn client() -> &'static Client {
        static CLIENT: OnceLock<Client> = OnceLock::new();
        CLIENT.get_or_init(|| {
            let x = URL_SAFE_NO_PAD.encode(pair().public_key());
            let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "one" }] });
            Client {
                id: "web".to_owned(),
                name: "Web".to_owned(),
                first_party: false,
                native: false,
                redirect_uris: Vec::new(),
                post_logout_redirect_uris: Vec::new(),
                grants: Vec::new(),
                scopes: Vec::new(),
                auth_method: AuthMethod::PrivateKeyJwt,
                version: 1,
                created_at: None,
                registered: None,
                secret_hash: None,
                keys: ClientKeys::read(&set).unwrap_or_default(),
            }
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_good_assertion_reaches_the_end() {
            let claims = json!({
                "iss": "web", "sub": "web", "aud": ISSUER, "exp": NOW + 60, "jti": "a",
            });
            let [header, payload] = [r#"{"alg":"EdDSA"}"#, &claims.to_string()]
                .map(|part| URL_SAFE_NO_PAD.encode(part));
            let signed = format!("{header}.{payload}");
            let signature = URL_SAFE_NO_PAD.encode(pair().sign(signed.as_bytes()));
            assert!(accepted(&format!("{signed}.{signature}")));
        }
    }
}
