//! The public keys, for others to verify with (RFC 7517, RFC 7518, RFC 8037).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Algorithm;

/// The length of a coordinate of P-256.
const COORDINATE: usize = 32;

/// A set of public keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Jwk {
    /// `OKP` or `EC`.
    pub kty: &'static str,
    /// `Ed25519` or `P-256`.
    pub crv: &'static str,
    /// The public key, or its first coordinate.
    pub x: String,
    /// The second coordinate, of a point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The name under which tokens refer to it.
    pub kid: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// `EdDSA` or `ES256`.
    pub alg: &'static str,
}

impl Jwk {
    /// Writes a public key, which names itself by its thumbprint. None when the bytes are not one.
    pub(super) fn new(algorithm: Algorithm, public: &[u8]) -> Option<Self> {
        let (kty, crv, x, y) = match algorithm {
            Algorithm::EdDsa => ("OKP", "Ed25519", public, None),
            Algorithm::Es256 => {
                // An uncompressed point (SEC 1, section 2.3.3).
                let point = public.strip_prefix(&[4])?;
                let (x, y) = point.split_at_checked(COORDINATE)?;
                ("EC", "P-256", x, Some(y))
            }
        };
        let mut key = Self {
            kty,
            crv,
            x: URL_SAFE_NO_PAD.encode(x),
            y: y.map(|y| URL_SAFE_NO_PAD.encode(y)),
            kid: String::new(),
            usage: "sig",
            alg: algorithm.as_str(),
        };
        key.kid = key.thumbprint();
        Some(key)
    }

    /// Gives the SHA-256 thumbprint (RFC 7638; RFC 8037, section 2).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let Self { kty, crv, x, y, .. } = self;
        // The members that are required, in the order of their names. None holds what JSON escapes.
        let mut text = format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}""#);
        if let Some(y) = y {
            text.push_str(&format!(r#","y":"{y}""#));
        }
        text.push('}');
        URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_8037_appendix_a_3_thumbprint() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let public = URL_SAFE_NO_PAD.decode(x).unwrap();
        let key = Jwk::new(Algorithm::EdDsa, &public).unwrap();
        assert_eq!((key.x.as_str(), &key.y), (x, &None));
        assert_eq!(key.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn rfc_7517_appendix_a_1_a_point_is_two_coordinates() {
        let x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
        let y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
        let decode = |text| URL_SAFE_NO_PAD.decode(text).unwrap();
        let public = [&[4][..], &decode(x), &decode(y)].concat();
        let key = Jwk::new(Algorithm::Es256, &public).unwrap();
        assert_eq!((key.x.as_str(), key.y.as_deref()), (x, Some(y)));
        // As `jose` computes it for this key.
        assert_eq!(key.kid, "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
        for wrong in [&public[1..], &public[..20], &[]] {
            assert_eq!(Jwk::new(Algorithm::Es256, wrong), None);
        }
    }
}
