//! Access tokens: JSON Web Tokens (RFC 7519) in the profile of RFC 9068; and id tokens (OpenID Connect Core,
//! section 2).

mod algorithm;
mod cache;
pub(crate) mod claims;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod id;
mod issue;
mod jwks;
mod jws;
mod keys;
mod sealed;
mod verify;

pub use algorithm::Algorithm;
pub(crate) use id::{Hint, Introduction, PersonClaims};
#[cfg(feature = "axum")]
pub(crate) use issue::Holder;
pub use issue::{AccessToken, Issuer};
pub use jwks::{Jwk, JwkSet};
pub use keys::Keys;
pub(crate) use verify::Known;
pub use verify::{TokenError, Verifier};
