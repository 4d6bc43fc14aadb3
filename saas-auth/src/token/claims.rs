//! What a token says, and how strictly it is read.
//!
//! Unknown members are let through, as RFC 7519 asks; known ones must have exactly their type, and
//! none may appear twice: what was signed and what is acted upon must be the same.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) alg: String,
    #[serde(default)]
    pub(super) typ: Option<String>,
    #[serde(default)]
    pub(super) kid: Option<String>,
    #[serde(default, skip_serializing)]
    pub(super) crit: Option<de::IgnoredAny>,
    #[serde(default, skip_serializing)]
    pub(super) zip: Option<de::IgnoredAny>,
    #[serde(default, skip_serializing)]
    pub(super) b64: Option<de::IgnoredAny>,
}

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
    pub(super) auth_time: i64,
    pub(super) amr: Vec<String>,
}

/// One audience. A token for several services could be used by each of them against the others, so
/// a list of more than one is refused.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Audience(pub(super) String);

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
                    list.next_element::<de::IgnoredAny>()?,
                ) {
                    (Some(one), None) => Ok(Audience(one)),
                    _ => Err(de::Error::custom("a token is for one audience")),
                }
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
