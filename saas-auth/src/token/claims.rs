//! What a token says, and how strictly it is read.
//!
//! Unknown members are let through, as RFC 7519 asks; known ones must have exactly their type, and
//! no member at all may appear twice: what was signed, what is acted upon and what another reader of
//! the same token sees must be the same.

use std::{borrow::Cow, collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned, IgnoredAny},
};

/// The header of an access token.
#[derive(Debug, Default, Serialize, Deserialize)]
#[expect(dead_code, reason = "the last three members stand here to be refused")]
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) typ: String,
    pub(super) kid: String,
    /// Extensions that a reader must understand (RFC 7515, section 4.1.11). We have none.
    #[serde(default, skip_serializing)]
    crit: Absent,
    /// Compression (RFC 7516, section 4.1.3), which a signed token has not.
    #[serde(default, skip_serializing)]
    zip: Absent,
    /// Unencoded payload (RFC 7797).
    #[serde(default, skip_serializing)]
    b64: Absent,
}

/// The claims of an access token (RFC 9068, section 2.2), and the tenant.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) aud: Audience,
    pub(super) sub: String,
    pub(super) exp: i64,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) jti: String,
    pub(super) client_id: String,
    /// The tenant.
    pub(super) tid: String,
    /// The session (OpenID Connect Front-Channel Logout, section 3), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sid: Option<String>,
    /// What it was given for (RFC 9068, section 2.2.3); everything when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
    pub(super) auth_time: i64,
    pub(super) acr: String,
    pub(super) amr: Vec<String>,
}

/// One audience. A token for several services could be used by each of them against the others, so
/// a list of more than one is refused.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Audience(pub(super) String);

/// A member that must not be there, whatever its value.
#[derive(Debug, Default)]
struct Absent;

/// Reads one part of a token. Serde's derive would let unknown members appear twice.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice::<Distinct>(json)?;
    serde_json::from_slice(json)
}

/// An object of which no member appears twice.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Distinct;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Distinct, A::Error> {
                let mut seen = HashSet::new();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    if !seen.insert(name) {
                        return Err(de::Error::custom("a member appears twice"));
                    }
                    map.next_value::<IgnoredAny>()?;
                }
                Ok(Distinct)
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

impl<'de> Deserialize<'de> for Absent {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(de::Error::custom("a member that must not be there"))
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Audience;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one audience")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Audience, E> {
                Ok(Audience(text.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Audience, A::Error> {
                match (
                    list.next_element::<String>()?,
                    list.next_element::<IgnoredAny>()?,
                ) {
                    (Some(one), None) => Ok(Audience(one)),
                    _ => Err(de::Error::custom("a token is for one audience")),
                }
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl Header {
    pub(super) fn new(alg: &str, typ: &str, kid: &str) -> Self {
        Self {
            alg: alg.to_owned(),
            typ: typ.to_owned(),
            kid: kid.to_owned(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(json: &str) -> Option<Header> {
        read(json.as_bytes()).ok()
    }

    #[test]
    fn jwt_16_no_member_appears_twice_known_or_not() {
        assert!(header(r#"{"alg":"a","typ":"t","kid":"k"}"#).is_some());
        assert!(header(r#"{"alg":"a","typ":"t","kid":"k","x":1,"y":{"x":1}}"#).is_some());
        for twice in [
            r#"{"alg":"a","typ":"t","kid":"k","alg":"a"}"#,
            r#"{"alg":"a","typ":"t","kid":"k","x":1,"x":1}"#,
            // The same name in another spelling.
            r#"{"alg":"a","typ":"t","kid":"k","\u0061lg":"a"}"#,
        ] {
            assert!(header(twice).is_none(), "{twice}");
        }
    }

    #[test]
    fn jwt_19_members_that_change_how_a_token_is_read_are_refused_whatever_their_value() {
        for member in ["crit", "zip", "b64"] {
            for value in ["null", "[]", "true", "\"DEF\"", "{}"] {
                let json = format!(r#"{{"alg":"a","typ":"t","kid":"k","{member}":{value}}}"#);
                assert!(header(&json).is_none(), "{json}");
            }
        }
    }

    #[test]
    fn jwt_13_a_token_is_for_one_audience() {
        let audience = |json: &str| {
            serde_json::from_str::<Audience>(json)
                .ok()
                .map(|audience| audience.0)
        };
        assert_eq!(audience(r#""us""#).as_deref(), Some("us"));
        assert_eq!(audience(r#"["us"]"#).as_deref(), Some("us"));
        for wrong in [
            r#"["us","them"]"#,
            "[]",
            "null",
            "1",
            r#"{"us":1}"#,
            r#"[["us"]]"#,
        ] {
            assert_eq!(audience(wrong), None, "{wrong}");
        }
    }
}
