//! A key beside the salt, which is not in the database.
//!
//! A password is put through HMAC-SHA-256 with a subkey of the service before argon2 sees it. Who
//! steals the table of accounts, and not the master key, can guess at nothing. (NIST SP 800-63B,
//! section 3.1.1.2, asks for such a keyed step; the key stands in no table.)
//!
//! A hash names its key as the parameter `keyid` of the PHC string: the name in the
//! [`KeyRing`](saas_core::KeyRing) and four bytes that are derived from the key as the pepper is, and
//! tell nothing about it. A ring in which another key has taken over the name is noticed by them, and
//! not by all passwords being wrong. Hashes without a name are those of a time before the pepper; they
//! verify, and the next sign-in renews them, as it does when the ring has a new first key.
//!
//! **A key that is lost is lost with the passwords**: those who have one sign in again after they have
//! set a new one. So a key stays in the ring until no hash names it.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use saas_core::{KeyRing, Purpose, Secret};

use crate::Error;

const PEPPER: Purpose = Purpose::new("saas-auth/password/1");
const CHECK: Purpose = Purpose::new("saas-auth/password-key/1");

/// The name of a key and four bytes to know it by.
pub(super) type KeyId = [u8; 5];

/// The keys that passwords are hashed with.
#[derive(Debug)]
pub(super) struct Peppers {
    ring: KeyRing,
    current: Pepper,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Pepper {
    pub(super) id: KeyId,
    key: hmac::Key,
}

impl Peppers {
    pub(super) fn new(ring: &KeyRing) -> Result<Self, Error> {
        let none = Error::Crypto("the key ring gives no key for passwords");
        let current = ring.sealing(PEPPER).map(|(name, _)| name);
        let current = current.and_then(|name| Pepper::named(ring, name));
        Ok(Self {
            current: current.ok_or(none)?,
            ring: ring.clone(),
        })
    }

    /// The key for new hashes.
    pub(super) const fn current(&self) -> &Pepper {
        &self.current
    }

    /// The key that a hash names, if it is still there.
    pub(super) fn named(&self, id: &[u8]) -> Option<Pepper> {
        let name = id.first()?;
        Pepper::named(&self.ring, *name).filter(|pepper| pepper.id == id)
    }
}

impl Pepper {
    fn named(ring: &KeyRing, name: u8) -> Option<Self> {
        let secret = ring.opening(name, PEPPER)?;
        let check = ring.opening(name, CHECK)?;
        let [a, b, c, d, ..] = *check.expose();
        Some(Self {
            id: [name, a, b, c, d],
            key: hmac::Key::new(HMAC_SHA256, secret.expose()),
        })
    }

    pub(super) fn apply(&self, password: &Secret<String>) -> Secret<Vec<u8>> {
        let tag = hmac::sign(&self.key, password.expose().as_bytes());
        Secret::new(tag.as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_name_and_only_if_it_is_the_same() {
        let (one, two) = (KeyRing::generate().unwrap(), KeyRing::generate().unwrap());
        let (one, two) = (Peppers::new(&one).unwrap(), Peppers::new(&two).unwrap());
        let id = one.current().id;
        assert_eq!(id[0], two.current().id[0], "both are named 1");
        let password = Secret::from("the password");
        let found = one.named(&id).unwrap();
        assert_eq!(found.apply(&password), one.current().apply(&password));
        for gone in [&[] as &[u8], &[1], &[2, 0, 0, 0, 0], &id[..4]] {
            assert!(one.named(gone).is_none(), "{gone:?}");
        }
        assert!(two.named(&id).is_none());
        assert_ne!(
            two.current().apply(&password),
            one.current().apply(&password)
        );
    }
}
