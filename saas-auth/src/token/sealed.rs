//! A private key as it is stored.
//!
//! It is [sealed](crate::sealed), bound to its id. Whoever can write to the table, but has not the master key, can
//! neither read a key nor plant one.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};
use saas_core::{KeyRing, Purpose, Secret};

use super::Algorithm;
use crate::{Error, sealed};

const SEALING: Purpose = Purpose::new("saas-auth/signing-key/1");

/// A key pair.
#[derive(Debug)]
pub(super) struct KeyMaterial {
    pub(super) algorithm: Algorithm,
    /// The private key, as PKCS #8 (RFC 5958, RFC 8410).
    pub(super) private: Secret<Vec<u8>>,
    /// The public key, or the uncompressed point.
    pub(super) public: Vec<u8>,
}

impl KeyMaterial {
    pub(super) fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        let random = SystemRandom::new();
        let document = match algorithm {
            Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&random),
            Algorithm::Es256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            }
        };
        let document = document.map_err(|_| Error::Crypto("no key could be made"))?;
        Self::read(Secret::new(document.as_ref().to_vec()))
    }

    /// Opens what [`KeyMaterial::seal`] made for the same id.
    pub(super) fn open(master: &KeyRing, kid: &str, sealed: &[u8]) -> Result<Self, Error> {
        let plain = sealed::open(master, SEALING, kid.as_bytes(), sealed);
        Self::read(plain.ok_or(Error::Crypto(
            "a stored signing key does not open with the configured master key",
        ))?)
    }

    pub(super) fn seal(&self, master: &KeyRing, kid: &str) -> Result<Vec<u8>, Error> {
        sealed::seal(master, SEALING, kid.as_bytes(), self.private.expose())
    }

    /// Public key and algorithm come out of the private one; what a table says about them is not believed.
    fn read(private: Secret<Vec<u8>>) -> Result<Self, Error> {
        let bytes = private.expose();
        let (algorithm, public) = if let Ok(pair) = Ed25519KeyPair::from_pkcs8(bytes) {
            (Algorithm::EdDsa, pair.public_key().as_ref().to_vec())
        } else {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes)
                .map_err(|_| Error::Crypto("a signing key cannot be read"))?;
            (Algorithm::Es256, pair.public_key().as_ref().to_vec())
        };
        Ok(Self {
            algorithm,
            private,
            public,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_only_under_its_id_and_its_master_key() {
        let master = KeyRing::generate().unwrap();
        for algorithm in Algorithm::ALL {
            let key = KeyMaterial::generate(algorithm).unwrap();
            let sealed = key.seal(&master, "one").unwrap();
            let opened = KeyMaterial::open(&master, "one", &sealed).unwrap();
            assert_eq!(opened.public, key.public);
            assert_eq!(opened.algorithm, algorithm);
            let mut changed = sealed.clone();
            changed[40] ^= 1;
            assert!(KeyMaterial::open(&master, "one", &changed).is_err());
            assert!(KeyMaterial::open(&master, "two", &sealed).is_err());
            assert!(KeyMaterial::open(&KeyRing::generate().unwrap(), "one", &sealed).is_err());
            for cut in [0, 1, 24, 25, sealed.len() - 1] {
                assert!(KeyMaterial::open(&master, "one", &sealed[..cut]).is_err());
            }
        }
    }

    #[test]
    fn the_private_key_stands_nowhere_in_what_is_stored_or_printed() {
        // Where the private key begins in the document.
        for (algorithm, at) in [(Algorithm::EdDsa, 16), (Algorithm::Es256, 36)] {
            let key = KeyMaterial::generate(algorithm).unwrap();
            let sealed = key.seal(&KeyRing::generate().unwrap(), "one").unwrap();
            let private = &key.private.expose()[at..at + 32];
            assert!(!sealed.windows(private.len()).any(|part| part == private));
            let printed = format!("{key:?}");
            assert!(printed.contains("Secret(…)"), "{printed}");
        }
    }
}
