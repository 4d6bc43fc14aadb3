//! Argon2id (RFC 9106), in memory that is kept.
//!
//! A hash works on 19 MiB. Taken from the allocator and given back each time, by whichever thread
//! runs, those blocks stay in the arenas of the C library: eight parallel sign-ins have been seen to
//! leave a process at 1.8 GB. So every slot of the pool keeps its blocks, and what hashing can take
//! is slots times cost, from the first sign-in to the last.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{self, Output, ParamsString, Salt},
};
use saas_core::Secret;
use subtle::ConstantTimeEq as _;

use super::{
    PasswordHash,
    pepper::{KeyId, Peppers},
};
use crate::Error;

const SALT: usize = 16;
const OUTPUT: usize = 32;

/// Hashes with one set of costs, and checks hashes of any.
pub(super) struct Hasher {
    params: Params,
    peppers: Peppers,
    memory: Mutex<Vec<Vec<Block>>>,
}

/// What came of a check.
pub(super) enum Checked {
    Right {
        /// The same password, hashed with the costs and the key of now, when the stored hash is weaker or
        /// has another key.
        renewed: Option<PasswordHash>,
    },
    Wrong,
}

impl Hasher {
    pub(super) const fn new(params: Params, peppers: Peppers) -> Self {
        Self {
            params,
            peppers,
            memory: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn hash(&self, password: &Secret<String>) -> Result<PasswordHash, Error> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(|_| Error::Crypto("no random bytes"))?;
        let mut output = [0; OUTPUT];
        let pepper = self.peppers.current();
        let input = pepper.apply(password);
        self.run(&self.params, input.expose(), &salt, &mut output)?;
        self.written(&salt, &output, &pepper.id)
            .map_err(|_| Error::Crypto("a password could not be hashed"))
    }

    fn written(&self, salt: &[u8], output: &[u8], key: &KeyId) -> phc::Result<PasswordHash> {
        let unwritable = |_| phc::Error::ParamsMaxExceeded;
        let mut params = ParamsString::try_from(&self.params).map_err(unwritable)?;
        params.add_b64_bytes("keyid", key)?;
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        };
        Ok(PasswordHash::stored(hash.to_string()))
    }

    pub(super) fn check(
        &self,
        password: &Secret<String>,
        stored: &PasswordHash,
    ) -> Result<Checked, Error> {
        let unreadable = || Error::Crypto("a stored hash cannot be read");
        let parsed = phc::PasswordHash::new(stored.expose()).map_err(|_| unreadable())?;
        let ours = parsed.algorithm == Algorithm::Argon2id.ident()
            && parsed.version == Some(Version::V0x13.into());
        let params = Params::try_from(&parsed).map_err(|_| unreadable())?;
        let (Some(salt), Some(expected), true) = (&parsed.salt, &parsed.hash, ours) else {
            return Err(unreadable());
        };
        let (input, is_possible) = self.input(password, params.keyid());
        let mut output = vec![0; expected.as_bytes().len()];
        self.run(&params, input.expose(), salt, &mut output)?;
        if !is_possible || !bool::from(output.ct_eq(expected.as_bytes())) {
            return Ok(Checked::Wrong);
        }
        let is_current = params.keyid() == self.peppers.current().id;
        let renewed = if self.is_stronger_than(&params) || !is_current {
            Some(self.hash(password)?)
        } else {
            None
        };
        Ok(Checked::Right { renewed })
    }

    /// What goes into argon2 for a hash that names this key, and whether it can be right. Without the
    /// key it is not, but takes as long, so that nobody sees from it which accounts there are.
    fn input(&self, password: &Secret<String>, key: &[u8]) -> (Secret<Vec<u8>>, bool) {
        if key.is_empty() {
            return (Secret::new(password.expose().as_bytes().to_vec()), true);
        }
        match self.peppers.named(key) {
            Some(pepper) => (pepper.apply(password), true),
            None => {
                let key = key.first();
                tracing::error!(
                    key,
                    "a password was hashed with a key that is not in the ring"
                );
                (self.peppers.current().apply(password), false)
            }
        }
    }

    fn is_stronger_than(&self, other: &Params) -> bool {
        self.params.m_cost() > other.m_cost() || self.params.t_cost() > other.t_cost()
    }

    fn run(
        &self,
        params: &Params,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), Error> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut blocks = self.take_memory();
        blocks.resize(params.block_count().max(blocks.len()), Block::new());
        let done = argon2.hash_password_into_with_memory(password, salt, output, &mut blocks);
        self.give_memory_back(blocks);
        done.map_err(|_| Error::Crypto("a password could not be hashed"))
    }

    // What a hash leaves in the blocks is overwritten by the next one. It is as good as the hash
    // itself and no better: to come from it to the password takes the same guessing.
    fn take_memory(&self) -> Vec<Block> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.pop().unwrap_or_default()
    }

    fn give_memory_back(&self, blocks: Vec<Block>) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.push(blocks);
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use saas_core::KeyRing;

    use super::*;

    /// `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`, from the test suite of phc-winner-argon2.
    const KNOWN: &str =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    fn hasher(memory: u32, passes: u32) -> Hasher {
        with_key(&ring(&[1]), memory, passes)
    }

    fn with_key(ring: &KeyRing, memory: u32, passes: u32) -> Hasher {
        let params = Params::new(memory, passes, 1, Some(OUTPUT)).unwrap();
        Hasher::new(params, Peppers::new(ring).unwrap())
    }

    /// A ring of keys with these names, each of which is always the same key.
    fn ring(names: &[u8]) -> KeyRing {
        let key = |name: &u8| {
            let drawn = std::array::from_fn(|n| (n as u8).wrapping_mul(151) ^ name.rotate_left(3));
            (*name, Secret::new(drawn))
        };
        KeyRing::from_named(names.iter().map(key)).unwrap()
    }

    fn keyid(hash: &PasswordHash) -> Option<u8> {
        let parsed = phc::PasswordHash::new(hash.expose()).unwrap();
        Params::try_from(&parsed).unwrap().keyid().first().copied()
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::from(text)
    }

    fn is_right(checked: &Checked) -> bool {
        matches!(checked, Checked::Right { .. })
    }

    #[test]
    fn agrees_with_a_hash_of_another_implementation() {
        let known = PasswordHash::stored(KNOWN.to_owned());
        let hasher = hasher(19_456, 2);
        assert!(is_right(
            &hasher.check(&secret("password"), &known).unwrap()
        ));
        assert!(!is_right(
            &hasher.check(&secret("passwort"), &known).unwrap()
        ));
        // The next hash gets by with less memory than is there now, and finds it used.
        let next = hasher.hash(&secret("password")).unwrap();
        assert!(is_right(&hasher.check(&secret("password"), &next).unwrap()));
    }

    #[test]
    fn pwd_09_names_its_costs_and_salts_every_hash_anew() {
        let hasher = hasher(19_456, 2);
        let (one, two) = (
            hasher.hash(&secret("the same")).unwrap(),
            hasher.hash(&secret("the same")).unwrap(),
        );
        assert!(
            one.expose()
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="),
            "{}",
            one.expose()
        );
        assert_ne!(one, two);
    }

    #[test]
    fn pwd_09_hashes_anew_when_the_costs_were_raised_and_only_then() {
        let (weak, strong) = (hasher(64, 1), hasher(128, 1));
        let stored = weak.hash(&secret("the password")).unwrap();
        let Checked::Right {
            renewed: Some(renewed),
        } = strong.check(&secret("the password"), &stored).unwrap()
        else {
            panic!("the hash is not renewed")
        };
        assert!(renewed.expose().contains("m=128,"));
        let again = strong.check(&secret("the password"), &renewed).unwrap();
        assert!(matches!(again, Checked::Right { renewed: None }));
        let lowered = weak.check(&secret("the password"), &renewed).unwrap();
        assert!(matches!(lowered, Checked::Right { renewed: None }));
    }

    #[test]
    fn a_hash_without_a_key_is_renewed_with_the_first_and_with_each_new_first() {
        let (old, rotated) = (
            with_key(&ring(&[1]), 64, 1),
            with_key(&ring(&[2, 1]), 64, 1),
        );
        let plain = PasswordHash::stored(KNOWN.to_owned());
        assert!(matches!(
            old.check(&secret("passwort"), &plain).unwrap(),
            Checked::Wrong
        ));
        let renewed = |hasher: &Hasher, stored: &PasswordHash| match hasher
            .check(&secret("password"), stored)
            .unwrap()
        {
            Checked::Right { renewed } => renewed,
            Checked::Wrong => panic!("the password is wrong"),
        };
        let first = renewed(&old, &plain).unwrap();
        assert_eq!(keyid(&first), Some(1));
        assert_eq!(renewed(&old, &first), None);
        let second = renewed(&rotated, &first).unwrap();
        assert_eq!(keyid(&second), Some(2));
        assert_eq!(renewed(&rotated, &second), None);
    }

    #[test]
    fn without_its_key_no_password_is_right() {
        let stored = with_key(&ring(&[1]), 64, 1).hash(&secret("the password"));
        let stored = stored.unwrap();
        // One ring has no key of that name, the other has another.
        for ring in [ring(&[2]), KeyRing::generate().unwrap()] {
            let hasher = with_key(&ring, 64, 1);
            let checked = hasher.check(&secret("the password"), &stored).unwrap();
            assert!(matches!(checked, Checked::Wrong));
        }
        // Nor is what the pepper makes of it the password.
        let (start, rest) = stored.expose().split_once(",keyid=").unwrap();
        let (_, rest) = rest.split_once('$').unwrap();
        let bare = PasswordHash::stored(format!("{start}${rest}"));
        let checked = hasher(64, 1).check(&secret("the password"), &bare);
        assert!(matches!(checked.unwrap(), Checked::Wrong));
    }

    #[test]
    fn refuses_a_stored_hash_that_is_no_argon2id() {
        for wrong in [
            "",
            "plain text",
            "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
        ] {
            let stored = PasswordHash::stored(wrong.to_owned());
            assert!(
                hasher(64, 1).check(&secret("x"), &stored).is_err(),
                "{wrong}"
            );
        }
    }
}
