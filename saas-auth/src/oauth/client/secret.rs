//! The secret of a client.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_core::Secret;
use sha2::{Digest as _, Sha256};

use crate::Error;

/// Begins every secret, so that people and scanners for leaked secrets know what it is.
const PREFIX: &str = "scs_";

/// Makes a secret of 256 random bits.
pub(super) fn generate() -> Result<Secret<String>, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Error::Crypto("no random bytes"))?;
    let bytes = Secret::new(bytes);
    let text = Secret::new(URL_SAFE_NO_PAD.encode(bytes.expose()));
    Ok(Secret::new(format!("{PREFIX}{}", text.expose())))
}

/// Gives what is kept of a secret. 256 random bits need no slow hash.
pub(super) fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

/// Reads a hash as a configuration writes it: 64 hexadecimal digits, as of `sha256sum`.
pub(super) fn read_hash(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 {
        return None;
    }
    (0..32)
        .map(|at| {
            let digits = text.get(2 * at..2 * at + 2)?;
            let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            u8::from_str_radix(digits, 16).ok().filter(|_| hexadecimal)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oau_05_a_secret_is_256_random_bits_kept_as_a_hash() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), PREFIX.len() + 43);
        assert_eq!(hash(one.expose()).len(), 32);
    }

    #[test]
    fn a_hash_is_read_as_sha256sum_writes_it() {
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(read_hash(text), Some(hash("abc")));
        for wrong in [
            "",
            "ba",
            text.trim_start_matches('b'),
            &text.replace('b', "+"),
            &"é".repeat(32),
        ] {
            assert_eq!(read_hash(wrong), None, "{wrong}");
        }
    }
}
