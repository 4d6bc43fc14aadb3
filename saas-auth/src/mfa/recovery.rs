//! Recovery codes: for who has lost the second factor. Each is good once.

use aws_lc_rs::hmac;
use saas_core::{KeyRing, Purpose, Secret, UserId};
use subtle::ConstantTimeEq as _;

use crate::Error;

const PURPOSE: Purpose = Purpose::new("saas-auth/recovery-code/1");
/// How many there are in a set.
pub(crate) const CODES: usize = 10;
/// Letters and digits that nobody takes for another (RFC 4648 has too many of those): 32, so five bits each.
const ALPHABET: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz0";
/// 80 bits.
const LENGTH: usize = 16;

/// A code as its holder has it: four groups of four.
#[derive(Debug, Clone)]
pub(crate) struct RecoveryCode(Secret<String>);

impl RecoveryCode {
    pub(crate) fn generate() -> Result<Self, Error> {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).map_err(|_| Error::Crypto("no random bytes"))?;
        let letter = |byte: &u8| {
            let letter = ALPHABET.get(usize::from(byte % 32));
            letter.map_or('0', |letter| char::from(*letter))
        };
        Ok(Self(Secret::new(bytes.iter().map(letter).collect())))
    }

    /// Reads what somebody typed, in whatever case and with whatever between the groups.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > 3 * LENGTH {
            return None;
        }
        let typed = text.chars().filter(|letter| !matches!(letter, ' ' | '-'));
        let code: String = typed.map(|letter| letter.to_ascii_lowercase()).collect();
        let known = |byte: u8| ALPHABET.contains(&byte);
        (code.len() == LENGTH && code.bytes().all(known)).then(|| Self(Secret::new(code)))
    }

    /// Gives what its holder writes down.
    pub(crate) fn write(&self) -> Secret<String> {
        let mut text = String::with_capacity(LENGTH + 3);
        for (number, letter) in self.0.expose().chars().enumerate() {
            if number > 0 && number % 4 == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        Secret::new(text)
    }

    /// Gives what is kept: the name of a key, and a hash with it that is bound to the account. A code has 80 random
    /// bits, so it needs no slow one.
    pub(crate) fn hash(&self, keys: &KeyRing, user: UserId) -> Result<Vec<u8>, Error> {
        let (name, key) = keys
            .sealing(PURPOSE)
            .ok_or(Error::Crypto("there is no master key"))?;
        Ok([&[name][..], self.mac(&key, user).as_ref()].concat())
    }

    /// Tells whether this is the code that a hash is of.
    pub(crate) fn matches(&self, keys: &KeyRing, user: UserId, hash: &[u8]) -> bool {
        let Some((name, hash)) = hash.split_first() else {
            return false;
        };
        let key = keys.opening(*name, PURPOSE);
        key.is_some_and(|key| bool::from(self.mac(&key, user).as_ref().ct_eq(hash)))
    }

    fn mac(&self, key: &Secret<[u8; 32]>, user: UserId) -> hmac::Tag {
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
        mac.update(user.as_uuid().as_bytes());
        mac.update(self.0.expose().as_bytes());
        mac.sign()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use saas_core::Id;

    use super::*;

    #[test]
    fn mfa_10_a_code_has_80_random_bits_and_is_read_as_it_is_written() {
        let codes: Vec<_> = (0..1000)
            .map(|_| RecoveryCode::generate().unwrap().write().expose().clone())
            .collect();
        for code in &codes {
            assert_eq!(code.len(), 19, "{code}");
            let read = RecoveryCode::parse(&code.to_uppercase().replace('-', " ")).unwrap();
            assert_eq!(read.write().expose(), code);
        }
        let mut distinct = codes.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 1000);
    }

    #[test]
    fn mfa_10_what_is_kept_is_of_one_person_and_key() {
        let code = RecoveryCode::generate().unwrap();
        let (one, other) = (Id::generate(), Id::generate());
        let (keys, others) = (KeyRing::generate().unwrap(), KeyRing::generate().unwrap());
        let hash = code.hash(&keys, one).unwrap();
        assert!(code.matches(&keys, one, &hash));
        assert!(!code.matches(&keys, other, &hash));
        assert!(!code.matches(&others, one, &hash));
        assert!(!RecoveryCode::generate().unwrap().matches(&keys, one, &hash));
        assert!(!format!("{code:?}").contains(code.0.expose()));
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_a_code(text in "\\PC{0,60}|[a-z0-9 -]{14,24}") {
            if let Some(code) = RecoveryCode::parse(&text) {
                prop_assert_eq!(code.0.expose().len(), LENGTH);
            }
        }
    }
}
