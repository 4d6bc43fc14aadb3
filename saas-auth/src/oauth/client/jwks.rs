//! The public keys of a client (RFC 7517), as it gave them at its registration.
//!
//! They are never fetched: an address of somebody else that the service asks is a way into its own network.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

const MAX_KEYS: usize = 5;
const MAX_KID: usize = 100;

/// The keys; without any, nothing that the client signs is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClientKeys(Vec<ClientKey>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct ClientKey {
    kid: Option<String>,
    public: Public,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Public {
    Ed25519 { x: String },
    P256 { x: String, y: String },
    Rsa { n: String },
}

/// The only exponent that is taken: 65537, as everybody uses it.
const EXPONENT: &str = "AQAB";

impl ClientKeys {
    /// Reads a key set. Members that are not needed are left out.
    pub(super) fn read(set: &Value) -> Result<Self, &'static str> {
        let keys = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or("is a set of keys: an object with the list `keys`")?;
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return Err("has one to five keys");
        }
        let keys: Vec<_> = keys.iter().map(ClientKey::read).collect::<Result<_, _>>()?;
        let mut kids: Vec<_> = keys.iter().filter_map(|key| key.kid.as_deref()).collect();
        kids.sort_unstable();
        if kids.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return Err("has two keys of one name");
        }
        Ok(Self(keys))
    }

    /// Reads what [`ClientKeys::write`] wrote.
    pub(super) fn stored(text: &str) -> Option<Self> {
        Self::read(&serde_json::from_str(text).ok()?).ok()
    }

    pub(super) fn write(&self) -> Value {
        json!({ "keys": self.0.iter().map(ClientKey::write).collect::<Vec<_>>() })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether one of the keys has signed a text. The key says what the algorithm is; the name of the
    /// algorithm that the token gives has to be the same.
    #[cfg_attr(not(feature = "axum"), expect(dead_code, reason = "the endpoints ask"))]
    pub(super) fn verify(
        &self,
        algorithm: &str,
        kid: Option<&str>,
        signed: &[u8],
        signature: &str,
    ) -> bool {
        self.0
            .iter()
            .filter(|key| kid.is_none() || key.kid.is_none() || key.kid.as_deref() == kid)
            .filter(|key| key.public.name() == algorithm)
            .any(|key| key.public.verify(signed, signature))
    }
}

impl ClientKey {
    fn read(key: &Value) -> Result<Self, &'static str> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        if key.get("d").is_some() || key.get("k").is_some() {
            return Err("holds a private key; give the public one, and make a new pair");
        }
        if text("use").is_some_and(|usage| usage != "sig") {
            return Err("has a key that is not for signatures");
        }
        let kid = text("kid").map(str::to_owned);
        if kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID) {
            return Err("has a key with a name of more than 100 characters");
        }
        let bytes = |name: &str| {
            let text = text(name)?;
            let length = URL_SAFE_NO_PAD.decode(text).ok()?.len();
            Some((text.to_owned(), length))
        };
        let public = match (text("kty"), text("crv")) {
            (Some("OKP"), Some("Ed25519")) => match bytes("x") {
                Some((x, 32)) => Public::Ed25519 { x },
                _ => return Err("has an Ed25519 key that cannot be read"),
            },
            (Some("EC"), Some("P-256")) => match (bytes("x"), bytes("y")) {
                (Some((x, 32)), Some((y, 32))) => Public::P256 { x, y },
                _ => return Err("has a P-256 key that cannot be read"),
            },
            (Some("RSA"), _) => match (bytes("n"), text("e")) {
                (Some((n, 256..=512)), Some(EXPONENT)) => Public::Rsa { n },
                _ => {
                    return Err(
                        "has an RSA key that is not of 2048 to 4096 bits and exponent 65537",
                    );
                }
            },
            _ => return Err("has a key that is none of Ed25519, P-256 and RSA"),
        };
        if text("alg").is_some_and(|algorithm| algorithm != public.name()) {
            return Err("has a key for an algorithm that is none of EdDSA, ES256 and RS256");
        }
        Ok(Self { kid, public })
    }

    fn write(&self) -> Value {
        let mut key = match &self.public {
            Public::Ed25519 { x } => json!({ "kty": "OKP", "crv": "Ed25519", "x": x }),
            Public::P256 { x, y } => json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }),
            Public::Rsa { n } => json!({ "kty": "RSA", "n": n, "e": EXPONENT }),
        };
        if let (Some(kid), Value::Object(members)) = (&self.kid, &mut key) {
            members.insert("kid".to_owned(), kid.clone().into());
        }
        key
    }
}

impl Public {
    const fn name(&self) -> &'static str {
        match self {
            Self::Ed25519 { .. } => "EdDSA",
            Self::P256 { .. } => "ES256",
            Self::Rsa { .. } => "RS256",
        }
    }

    fn verify(&self, signed: &[u8], signature: &str) -> bool {
        let (key, algorithm) = match self {
            Self::Ed25519 { x } => (DecodingKey::from_ed_components(x), Algorithm::EdDSA),
            Self::P256 { x, y } => (DecodingKey::from_ec_components(x, y), Algorithm::ES256),
            Self::Rsa { n } => (
                DecodingKey::from_rsa_components(n, EXPONENT),
                Algorithm::RS256,
            ),
        };
        let verified =
            key.and_then(|key| jsonwebtoken::crypto::verify(signature, signed, &key, algorithm));
        verified.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fuzzing, *};

    // RFC 8037, appendix A.2, and RFC 7515, appendix A.3.
    const ED: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"e"}"#;
    const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    fn read(keys: &str) -> Result<ClientKeys, &'static str> {
        ClientKeys::read(&serde_json::from_str(&format!(r#"{{"keys":[{keys}]}}"#)).unwrap())
    }

    #[test]
    fn keys_come_back() {
        let n = URL_SAFE_NO_PAD.encode([0xff; 256]);
        let rsa = format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB","alg":"RS256","use":"sig"}}"#);
        let keys = read(&format!("{ED},{EC},{rsa}")).unwrap();
        assert_eq!(ClientKeys::stored(&keys.write().to_string()), Some(keys));
    }

    #[test]
    fn what_is_no_public_key_of_ours_is_refused() {
        let small = URL_SAFE_NO_PAD.encode([0xff; 255]);
        let large = URL_SAFE_NO_PAD.encode([0xff; 513]);
        let good = URL_SAFE_NO_PAD.encode([0xff; 256]);
        for wrong in [
            String::new(),
            "{}".to_owned(),
            [ED; 6].join(","),
            format!("{ED},{ED}"),
            ED.replace("}", r#","d":"x"}"#),
            ED.replace("Ed25519", "Ed448"),
            ED.replace("11qY", "qY"),
            ED.replace("}", r#","use":"enc"}"#),
            ED.replace("}", r#","alg":"HS256"}"#),
            EC.replace("P-256", "P-384"),
            r#"{"kty":"oct","k":"AAAA"}"#.to_owned(),
            format!(r#"{{"kty":"RSA","n":"{small}","e":"AQAB"}}"#),
            format!(r#"{{"kty":"RSA","n":"{large}","e":"AQAB"}}"#),
            format!(r#"{{"kty":"RSA","n":"{good}","e":"Aw"}}"#),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_signature_counts_for_its_key_and_algorithm() {
        // RFC 7515, appendix A.3.
        let signed = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let keys = read(&format!("{ED},{EC}")).unwrap();
        assert!(keys.verify("ES256", None, signed, signature));
        assert!(keys.verify("ES256", Some("any"), signed, signature));
        assert!(!keys.verify("ES256", Some("e"), &signed[1..], signature));
        for algorithm in ["EdDSA", "RS256", "HS256", "none", "es256", ""] {
            assert!(
                !keys.verify(algorithm, None, signed, signature),
                "{algorithm}"
            );
        }
        assert!(!keys.verify("ES256", None, signed, ""));
        assert!(!read(ED).unwrap().verify("ES256", None, signed, signature));
    }

    proptest! {
        #[test]
        fn any_signature_is_compared_or_refused(signature in "\\PC{0,100}", signed in prop::collection::vec(any::<u8>(), 0..50)) {
            let keys = read(&format!("{ED},{EC}")).unwrap();
            for algorithm in ["EdDSA", "ES256"] {
                prop_assert!(!keys.verify(algorithm, None, &signed, &signature));
            }
        }

        #[test]
        fn any_set_is_read_or_refused(
            keys in prop::collection::vec(prop::sample::select(vec![ED, EC, "{}", "1", "{\"kty\":\"oct\",\"k\":\"AAAA\"}"]), 0..7),
            (from, to) in ("[a-zA-Z0-9\"]{1,2}", "[a-z\",:]{0,3}"),
        ) {
            let set = format!("{{\"keys\":[{}]}}", keys.join(","));
            fuzzing::client_keys(&set);
            fuzzing::client_keys(&set.replacen(&from, &to, 1));
        }
    }
}
