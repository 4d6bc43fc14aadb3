//! The algorithms that sign tokens.

use std::fmt;

use jsonwebtoken::Algorithm as Primitive;
use serde::{Deserialize, Serialize};

/// How tokens are signed (RFC 7518, RFC 8037).
///
/// There are keys for each of them at any time, in the key set too, so that changing from one to another is a
/// line of the configuration: tokens that were signed before stay good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519: the fastest to verify, and deterministic. Not every library for OpenID Connect knows it.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA over P-256: what every library and browser verifies that reads our metadata.
    #[serde(rename = "ES256")]
    Es256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::EdDsa, Self::Es256];

    /// Gives the name (`alg`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }

    pub(super) const fn primitive(self) -> Primitive {
        match self {
            Self::EdDsa => Primitive::EdDSA,
            Self::Es256 => Primitive::ES256,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
