//! Proof Key for Code Exchange (RFC 7636): a code is worth nothing to whoever did not begin the request.
//!
//! Every client has to use it, also one that has a secret (RFC 9700, section 2.1.1), and with S256 only: with
//! `plain` whoever sees the request could redeem the code.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Tells whether a text can be the SHA-256 of a verifier.
pub(super) fn is_challenge(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok()
}

/// Tells whether a verifier is the one of a challenge.
pub(super) fn matches(challenge: &str, verifier: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        return false;
    }
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    hash.as_bytes().ct_eq(challenge.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oau_11_the_vector_of_rfc_7636_appendix_b() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_challenge(challenge));
        assert!(matches(
            challenge,
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        ));
        assert!(!matches(
            challenge,
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"
        ));
        assert!(!matches(challenge, challenge));
    }

    #[test]
    fn oau_11_a_verifier_has_43_to_128_characters_that_need_no_encoding() {
        let challenge = |verifier: &str| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        for (length, good) in [
            (0, false),
            (42, false),
            (43, true),
            (128, true),
            (129, false),
        ] {
            let verifier = "a".repeat(length);
            assert_eq!(matches(&challenge(&verifier), &verifier), good, "{length}");
        }
        let plain = "AZaz09-._~".repeat(5);
        assert!(matches(&challenge(&plain), &plain));
        for wrong in ["+", "/", "=", " ", "%", "ä", "\0", "\n", ":"] {
            let verifier = format!("{}{wrong}", "a".repeat(43));
            assert!(!matches(&challenge(&verifier), &verifier), "{wrong:?}");
        }
    }

    #[test]
    fn a_challenge_is_a_hash_in_base64url() {
        for wrong in [
            "",
            "a",
            &"a".repeat(42),
            &"a".repeat(44),
            &"+".repeat(43),
            &"é".repeat(43),
        ] {
            assert!(!is_challenge(wrong), "{wrong}");
        }
    }
}
