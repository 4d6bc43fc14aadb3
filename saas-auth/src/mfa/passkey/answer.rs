//! What a browser answers: read with bounds before the protocol sees it.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

use crate::Error;

/// A passkey with the longest id and an RSA key is a third of it.
const MAX_LENGTH: usize = 12 << 10;
/// The longest id of a credential (WebAuthn, section 5.1).
const MAX_ID: usize = 1023;
const MAX_CLIENT_DATA: usize = 4 << 10;

/// What a browser gave for the options: a `PublicKeyCredential` as its `toJSON` writes it (WebAuthn, section 5.1).
///
/// It is read from a text, or from JSON. It can be 12 KiB long, and says nothing until it was compared with the
/// challenge that it answers.
#[derive(Clone, PartialEq, Eq)]
pub struct PasskeyAnswer(Value);

impl FromStr for PasskeyAnswer {
    type Err = Error;

    /// [`Error::Passkey`] when it is too long, or no JSON object.
    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_LENGTH {
            return Err(Error::Passkey);
        }
        let value: Value = serde_json::from_str(text).map_err(|_| Error::Passkey)?;
        value
            .is_object()
            .then_some(Self(value))
            .ok_or(Error::Passkey)
    }
}

impl TryFrom<Value> for PasskeyAnswer {
    type Error = Error;

    /// As from a text.
    fn try_from(value: Value) -> Result<Self, Error> {
        value.to_string().parse()
    }
}

impl fmt::Debug for PasskeyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasskeyAnswer(…)")
    }
}

/// What the browser has noted about the ceremony (WebAuthn, section 5.8.1).
#[derive(Deserialize)]
struct ClientData {
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
    #[serde(default, rename = "topOrigin")]
    top_origin: Option<Value>,
}

impl PasskeyAnswer {
    /// Reads the answer to an enrolment.
    pub(super) fn registration(&self, origins: &[String]) -> Option<RegisterPublicKeyCredential> {
        let read: RegisterPublicKeyCredential = serde_json::from_value(self.plain()).ok()?;
        (read.type_ == "public-key" && is_of(&read.response.client_data_json, origins))
            .then_some(read)
    }

    /// Reads the answer to a question for proof.
    pub(super) fn assertion(&self, origins: &[String]) -> Option<PublicKeyCredential> {
        let read: PublicKeyCredential = serde_json::from_value(self.plain()).ok()?;
        let named = !read.raw_id.is_empty() && read.raw_id.len() <= MAX_ID;
        (named && read.type_ == "public-key" && is_of(&read.response.client_data_json, origins))
            .then_some(read)
    }

    /// Gives the id of the credential that it says to be of, to count its tries.
    pub(super) fn credential(&self) -> Option<Vec<u8>> {
        let id = self.0.get("rawId")?.as_str()?;
        URL_SAFE_NO_PAD
            .decode(id)
            .ok()
            .filter(|id| id.len() <= MAX_ID)
    }

    /// Leaves out what the browser adds of its own and nobody has signed.
    fn plain(&self) -> Value {
        let mut plain = self.0.clone();
        if let Some(all) = plain.as_object_mut() {
            all.retain(|name, _| matches!(name.as_str(), "id" | "rawId" | "type" | "response"));
            if let Some(response) = all.get_mut("response").and_then(Value::as_object_mut) {
                response.remove("transports");
            }
        }
        plain
    }
}

/// Tells whether the ceremony took place on a page of one of these origins, and not in a frame on that of another.
///
/// The text is compared, byte for byte as browsers write it: nothing is cut off, lowered or completed first.
fn is_of(client_data: &[u8], origins: &[String]) -> bool {
    if client_data.len() > MAX_CLIENT_DATA {
        return false;
    }
    serde_json::from_slice::<ClientData>(client_data).is_ok_and(|said| {
        origins.contains(&said.origin) && !said.cross_origin && said.top_origin.is_none()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mfa_16_only_the_very_origin_counts() {
        let origins = [
            "https://example.com".to_owned(),
            "http://localhost:8080".to_owned(),
        ];
        let said = |text: &str| is_of(text.as_bytes(), &origins);
        assert!(said(r#"{"origin":"https://example.com"}"#));
        assert!(said(
            r#"{"origin":"http://localhost:8080","crossOrigin":false,"more":[1]}"#
        ));
        for wrong in [
            "https://badexample.com",
            "https://www.example.com",
            "https://example.com.evil.test",
            "https://example.com@evil.test",
            "http://example.com",
            "https://example.com:8443",
            "https://example.com:443",
            "https://example.com/",
            "https://example.com/path",
            "https://EXAMPLE.com",
            "http://localhost",
            "http://localhost:8081",
            "http://127.0.0.1:8080",
            "null",
            "",
            " https://example.com",
        ] {
            assert!(!said(&format!(r#"{{"origin":"{wrong}"}}"#)), "{wrong}");
        }
        for wrong in [
            r#"{"origin":"https://example.com","crossOrigin":true}"#,
            r#"{"origin":"https://example.com","topOrigin":"https://evil.test"}"#,
            r#"{"origin":"https://evil.test","origin":"https://example.com"}"#,
            r#"{"origin":"https://example.com","origin":"https://evil.test"}"#,
            r#"{"origin":["https://example.com"]}"#,
            "{}",
            "",
            "\u{feff}{\"origin\":\"https://example.com\"}",
        ] {
            assert!(!said(wrong), "{wrong}");
        }
    }

    #[test]
    fn mfa_19_an_answer_is_bounded() {
        assert!("{}".parse::<PasskeyAnswer>().is_ok());
        let long = format!(r#"{{"id":"{}"}}"#, "a".repeat(1 << 20));
        assert!(matches!(long.parse::<PasskeyAnswer>(), Err(Error::Passkey)));
        let value: Value = serde_json::from_str(&long).unwrap();
        assert!(matches!(
            PasskeyAnswer::try_from(value),
            Err(Error::Passkey)
        ));
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
        assert!(deep.parse::<PasskeyAnswer>().is_err());
        for wrong in ["", "[]", "null", "1", "\"{}\"", "{", "{}{}"] {
            assert!(wrong.parse::<PasskeyAnswer>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn mfa_19_any_text_is_refused_or_an_answer(text in "\\PC{0,40}|\\{\"(rawId|id|type)\":\"[a-zA-Z0-9_=-]{0,30}\"\\}") {
            if let Ok(answer) = text.parse::<PasskeyAnswer>() {
                prop_assert!(answer.registration(&[]).is_none() && answer.assertion(&[]).is_none());
                prop_assert!(answer.credential().is_none_or(|id| id.len() <= MAX_ID));
            }
        }
    }
}
