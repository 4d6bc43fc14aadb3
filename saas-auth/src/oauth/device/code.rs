//! The two codes: one that the device keeps, and one that the person types.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_core::{Id, KeyRing, Purpose, Secret, TenantId};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::DeviceRow;
use crate::Error;

const PURPOSE: Purpose = Purpose::new("saas-auth/user-code/1");
/// Begins every device code, so that people and scanners for leaked secrets know what it is.
const PREFIX: &str = "sdc_";
const SECRET: usize = 32;
/// Row and secret in base64url without padding.
const ENCODED: usize = (16 + SECRET) * 4 / 3;

/// Letters that are told apart on any screen and make no words (RFC 8628, section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;
/// How much somebody may type around the letters.
const MAX_TYPED: usize = 40;

/// What the device polls with.
#[derive(Debug)]
pub(super) struct DeviceCode {
    pub(super) row: Id<DeviceRow>,
    secret: Secret<[u8; SECRET]>,
}

impl DeviceCode {
    pub(super) fn generate() -> Result<Self, Error> {
        let mut secret = [0; SECRET];
        getrandom::fill(&mut secret).map_err(|_| Error::Crypto("no random bytes"))?;
        Ok(Self {
            row: Id::generate(),
            secret: Secret::new(secret),
        })
    }

    /// Reads what a device sent. There is one spelling of each code only.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(PREFIX)?;
        if encoded.len() != ENCODED {
            return None;
        }
        let bytes = Secret::new(URL_SAFE_NO_PAD.decode(encoded).ok()?);
        let (row, secret) = bytes.expose().split_first_chunk::<16>()?;
        Some(Self {
            row: Id::from_uuid(Uuid::from_bytes(*row)),
            secret: Secret::new(secret.try_into().ok()?),
        })
    }

    pub(super) fn write(&self) -> Secret<String> {
        let row = self.row.as_uuid();
        let parts: [&[u8]; 2] = [row.as_bytes(), self.secret.expose()];
        let bytes = Secret::new(parts.concat());
        let text = Secret::new(URL_SAFE_NO_PAD.encode(bytes.expose()));
        Secret::new(format!("{PREFIX}{}", text.expose()))
    }

    /// Gives what is kept of the secret. 256 random bits need no slow hash.
    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.secret.expose()).to_vec()
    }

    pub(super) fn matches(&self, hash: &[u8]) -> bool {
        self.hash().ct_eq(hash).into()
    }
}

/// What the person types: 20⁸ possibilities, of which somebody who guesses may try few.
#[derive(Debug)]
pub(super) struct UserCode(Secret<String>);

impl UserCode {
    pub(super) fn generate() -> Result<Self, Error> {
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            let mut bytes = [0; 2 * LENGTH];
            getrandom::fill(&mut bytes).map_err(|_| Error::Crypto("no random bytes"))?;
            for byte in bytes {
                // The bytes from 240 on would make some letters likelier than others.
                let letter = LETTERS.get(usize::from(byte) % LETTERS.len());
                if let Some(letter) = letter
                    && byte < 240
                    && code.len() < LENGTH
                {
                    code.push(char::from(*letter));
                }
            }
        }
        Ok(Self(Secret::new(code)))
    }

    /// Reads what a person typed, in small letters too, and with whatever stands between them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TYPED {
            return None;
        }
        let letters = text.chars().filter(|c| !matches!(c, '-' | ' ' | '.'));
        let code: String = letters.map(|c| c.to_ascii_uppercase()).collect();
        let known = |byte| LETTERS.contains(&byte);
        (code.len() == LENGTH && code.bytes().all(known)).then(|| Self(Secret::new(code)))
    }

    /// Writes it as people read it: `WDJB-MJHT`.
    pub(super) fn write(&self) -> String {
        let (left, right) = self
            .0
            .expose()
            .split_at_checked(LENGTH / 2)
            .unwrap_or_default();
        format!("{left}-{right}")
    }

    /// Gives what is kept of it. It has so few bits that all of them could be tried, so its hash has a key.
    pub(super) fn hash(&self, keys: &KeyRing, tenant: TenantId) -> Result<Vec<u8>, Error> {
        let (_, key) = keys
            .sealing(PURPOSE)
            .ok_or(Error::Crypto("there is no master key"))?;
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
        mac.update(tenant.as_uuid().as_bytes());
        mac.update(self.0.expose().as_bytes());
        Ok(mac.sign().as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_user_code_is_eight_letters_that_make_no_words() {
        let codes: HashSet<_> = (0..1000)
            .map(|_| UserCode::generate().unwrap().write())
            .collect();
        assert_eq!(codes.len(), 1000);
        for code in &codes {
            assert_eq!(code.len(), 9);
            assert!(
                code.bytes()
                    .all(|byte| byte == b'-' || LETTERS.contains(&byte))
            );
            assert_eq!(UserCode::parse(code).unwrap().write(), *code);
        }
        // Every letter occurs about as often as any other: 400 times of 8000.
        for letter in LETTERS {
            let letter = char::from(*letter);
            let times = codes.iter().flat_map(|code| code.chars());
            let times = times.filter(|c| *c == letter).count();
            assert!((280..520).contains(&times), "{letter}: {times}");
        }
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        for typed in ["WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "w.d.j.b.m.j.h.t"] {
            assert_eq!(
                UserCode::parse(typed).unwrap().write(),
                "WDJB-MJHT",
                "{typed}"
            );
        }
        for wrong in [
            "",
            "WDJB-MJH",
            "WDJB-MJHTX",
            "WDJA-MJHT",
            "WDJB_MJHT",
            "ＷDJB-MJHT",
            "ſ",
        ] {
            assert!(UserCode::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn oau_05_only_hashes_are_kept() {
        let (keys, tenant) = (KeyRing::generate().unwrap(), TenantId::generate());
        let code = UserCode::generate().unwrap();
        let hash = code.hash(&keys, tenant).unwrap();
        assert_eq!(hash, code.hash(&keys, tenant).unwrap());
        assert_ne!(hash, code.hash(&keys, TenantId::generate()).unwrap());
        assert_ne!(
            hash,
            code.hash(&KeyRing::generate().unwrap(), tenant).unwrap()
        );
        let code = DeviceCode::generate().unwrap();
        assert!(
            DeviceCode::parse(code.write().expose())
                .unwrap()
                .matches(&code.hash())
        );
        assert!(!DeviceCode::generate().unwrap().matches(&code.hash()));
    }

    proptest! {
        #[test]
        fn any_code_is_read_or_refused(text in "(sdc_)?\\PC{0,80}|[B-Zb-z. -]{8,12}") {
            super::super::fuzzing::device_code(&text);
        }

        #[test]
        fn a_device_code_has_one_spelling(text in "sdc_[A-Za-z0-9_-]{64}") {
            super::super::fuzzing::device_code(&text);
        }
    }
}
