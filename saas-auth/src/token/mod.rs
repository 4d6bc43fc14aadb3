//! Access tokens: JSON Web Tokens (RFC 7519) in the profile of RFC 9068, signed with Ed25519
//! (RFC 8037).

mod cache;
pub(crate) mod claims;
mod issue;
mod jwks;
mod keys;
mod sealed;
mod verify;

pub use issue::{AccessToken, Issuer};
pub use jwks::{Jwk, JwkSet};
pub use keys::Keys;
pub use verify::{TokenError, Verifier};
