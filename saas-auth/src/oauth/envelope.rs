//! What the service gives away, to read it back later: codes, requests that wait, requests that were pushed.
//!
//! Each is encrypted with XChaCha20-Poly1305 under a subkey of the master key for its purpose, and bound to its
//! tenant. So nothing has to be written for it, and who holds one can neither read nor change it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use saas_core::{Id, KeyRing, Purpose, TenantId};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::Error;

const NONCE: usize = 24;
/// The longest text that is opened.
const MAX_LENGTH: usize = 8 << 10;

/// Seals a value for a tenant, and gives text that is safe in a URL.
pub(super) fn seal<T: Serialize>(
    keys: &KeyRing,
    purpose: Purpose,
    tenant: TenantId,
    value: &T,
) -> Result<String, Error> {
    let plain =
        serde_json::to_vec(value).map_err(|_| Error::Crypto("a value could not be written"))?;
    let (name, subkey) = keys
        .sealing(purpose)
        .ok_or(Error::Crypto("there is no master key"))?;
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| Error::Crypto("no random bytes"))?;
    let tenant = tenant.as_uuid();
    let payload = Payload {
        msg: &plain,
        aad: tenant.as_bytes(),
    };
    let sealed = XChaCha20Poly1305::new(subkey.expose().into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Error::Crypto("a value could not be sealed"))?;
    let parts: [&[u8]; 4] = [tenant.as_bytes(), &[name], &nonce, &sealed];
    Ok(URL_SAFE_NO_PAD.encode(parts.concat()))
}

/// Opens what [`seal`] made for the same purpose, and gives the tenant with it.
pub(super) fn open<T: DeserializeOwned>(
    keys: &KeyRing,
    purpose: Purpose,
    text: &str,
) -> Option<(TenantId, T)> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (tenant, rest) = bytes.split_first_chunk::<16>()?;
    let (name, rest) = rest.split_first()?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>()?;
    let subkey = keys.opening(*name, purpose)?;
    let payload = Payload {
        msg: ciphertext,
        aad: tenant,
    };
    let plain = XChaCha20Poly1305::new(subkey.expose().into())
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()?;
    let value = serde_json::from_slice(&plain).ok()?;
    Some((Id::from_uuid(Uuid::from_bytes(*tenant)), value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: Purpose = Purpose::new("test/one");
    const OTHER: Purpose = Purpose::new("test/other");

    #[test]
    fn opens_what_was_sealed_for_the_same_purpose_under_the_same_key() {
        let (keys, tenant) = (KeyRing::generate().unwrap(), Id::generate());
        let sealed = seal(&keys, ONE, tenant, &"the value").unwrap();
        let open = |keys, purpose, text: &str| open::<String>(keys, purpose, text);
        assert_eq!(
            open(&keys, ONE, &sealed),
            Some((tenant, "the value".to_owned()))
        );
        assert_eq!(open(&keys, OTHER, &sealed), None);
        let others = KeyRing::generate().unwrap();
        assert_eq!(open(&others, ONE, &sealed), None);
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        assert!(!bytes.windows(5).any(|part| part == b"value"));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(
                open(&keys, ONE, &URL_SAFE_NO_PAD.encode(changed)),
                None,
                "{at}"
            );
        }
    }

    #[test]
    fn oau_47_a_thousand_texts_for_one_value_are_a_thousand() {
        let (keys, tenant) = (KeyRing::generate().unwrap(), Id::generate());
        let mut texts: Vec<_> = (0..1000)
            .map(|_| seal(&keys, ONE, tenant, &()).unwrap())
            .collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), 1000);
    }

    proptest! {
        #[test]
        fn any_text_is_refused(text in "\\PC{0,100}|[A-Za-z0-9_-]{0,200}", value in "\\PC{0,20}") {
            crate::fuzzing::envelope(&text, &value);
        }
    }
}
