//! A private key as it is stored.
//!
//! It is sealed with XChaCha20-Poly1305 under a subkey of the master key, bound to its id: the name
//! of the master key, the nonce, the ciphertext. Whoever can write to the table, but has not the
//! master key, can neither read a key nor plant one.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use saas_core::{KeyRing, Purpose, Secret};

use crate::Error;

const SEALING: Purpose = Purpose::new("saas-auth/signing-key/1");
const NONCE: usize = 24;

/// An Ed25519 key pair.
#[derive(Debug)]
pub(super) struct KeyMaterial {
    /// The private key, as PKCS #8 (RFC 8410).
    pub(super) private: Secret<Vec<u8>>,
    pub(super) public: Vec<u8>,
}

impl KeyMaterial {
    pub(super) fn generate() -> Result<Self, Error> {
        let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new())
            .map_err(|_| Error::Crypto("no key could be made"))?;
        Self::read(Secret::new(document.as_ref().to_vec()))
    }

    /// Opens what [`KeyMaterial::seal`] made for the same id.
    pub(super) fn open(master: &KeyRing, kid: &str, sealed: &[u8]) -> Result<Self, Error> {
        let plain = decrypt(master, kid, sealed).ok_or(Error::Crypto(
            "a stored signing key does not open with the configured master key",
        ))?;
        Self::read(Secret::new(plain))
    }

    pub(super) fn seal(&self, master: &KeyRing, kid: &str) -> Result<Vec<u8>, Error> {
        let (name, subkey) = master
            .sealing(SEALING)
            .ok_or(Error::Crypto("there is no master key"))?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| Error::Crypto("no random bytes"))?;
        let payload = Payload {
            msg: self.private.expose(),
            aad: kid.as_bytes(),
        };
        let sealed = XChaCha20Poly1305::new(subkey.expose().into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::Crypto("a key could not be sealed"))?;
        Ok([&[name][..], &nonce, &sealed].concat())
    }

    /// The public key comes out of the private one; what a table says about it is not believed.
    fn read(private: Secret<Vec<u8>>) -> Result<Self, Error> {
        let pair = Ed25519KeyPair::from_pkcs8(private.expose())
            .map_err(|_| Error::Crypto("a signing key cannot be read"))?;
        let public = pair.public_key().as_ref().to_vec();
        Ok(Self { private, public })
    }
}

fn decrypt(master: &KeyRing, kid: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (name, rest) = sealed.split_first()?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>()?;
    let subkey = master.opening(*name, SEALING)?;
    let payload = Payload {
        msg: ciphertext,
        aad: kid.as_bytes(),
    };
    XChaCha20Poly1305::new(subkey.expose().into())
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_only_under_its_id_and_its_master_key() {
        let master = KeyRing::generate().unwrap();
        let key = KeyMaterial::generate().unwrap();
        let sealed = key.seal(&master, "one").unwrap();
        let opened = KeyMaterial::open(&master, "one", &sealed).unwrap();
        assert_eq!(opened.public, key.public);
        let mut changed = sealed.clone();
        changed[40] ^= 1;
        assert!(KeyMaterial::open(&master, "one", &changed).is_err());
        assert!(KeyMaterial::open(&master, "two", &sealed).is_err());
        assert!(KeyMaterial::open(&KeyRing::generate().unwrap(), "one", &sealed).is_err());
        for cut in [0, 1, 24, 25, sealed.len() - 1] {
            assert!(KeyMaterial::open(&master, "one", &sealed[..cut]).is_err());
        }
    }

    #[test]
    fn the_private_key_stands_nowhere_in_what_is_stored_or_printed() {
        let key = KeyMaterial::generate().unwrap();
        let sealed = key.seal(&KeyRing::generate().unwrap(), "one").unwrap();
        let private = &key.private.expose()[16..48];
        assert!(!sealed.windows(private.len()).any(|part| part == private));
        let printed = format!("{key:?}");
        assert!(printed.contains("Secret(…)"), "{printed}");
    }
}
