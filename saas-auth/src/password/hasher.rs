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

use super::PasswordHash;
use crate::Error;

const SALT: usize = 16;
const OUTPUT: usize = 32;

/// Hashes with one set of costs, and checks hashes of any.
pub(super) struct Hasher {
    params: Params,
    memory: Mutex<Vec<Vec<Block>>>,
}

/// What came of a check.
pub(super) enum Checked {
    Right {
        /// The same password, hashed with the costs of now, when the stored hash is weaker.
        renewed: Option<PasswordHash>,
    },
    Wrong,
}

impl Hasher {
    pub(super) const fn new(params: Params) -> Self {
        Self {
            params,
            memory: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn hash(&self, password: &Secret<String>) -> Result<PasswordHash, Error> {
        let failed = |_| Error::Crypto("a password could not be hashed");
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(|_| Error::Crypto("no random bytes"))?;
        let mut output = [0; OUTPUT];
        self.run(&self.params, password, &salt, &mut output)?;
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params)
                .map_err(|_| Error::Crypto("a password could not be hashed"))?,
            salt: Some(Salt::new(&salt).map_err(failed)?),
            hash: Some(Output::new(&output).map_err(failed)?),
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
        let mut output = vec![0; expected.as_bytes().len()];
        self.run(&params, password, salt, &mut output)?;
        if !bool::from(output.ct_eq(expected.as_bytes())) {
            return Ok(Checked::Wrong);
        }
        let renewed = if self.is_stronger_than(&params) {
            Some(self.hash(password)?)
        } else {
            None
        };
        Ok(Checked::Right { renewed })
    }

    fn is_stronger_than(&self, other: &Params) -> bool {
        self.params.m_cost() > other.m_cost() || self.params.t_cost() > other.t_cost()
    }

    fn run(
        &self,
        params: &Params,
        password: &Secret<String>,
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), Error> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut blocks = self.take_memory();
        blocks.resize(params.block_count().max(blocks.len()), Block::new());
        let password = password.expose().as_bytes();
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
    use super::*;

    fn hasher(memory: u32, passes: u32) -> Hasher {
        Hasher::new(Params::new(memory, passes, 1, Some(OUTPUT)).unwrap())
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::from(text)
    }

    fn is_right(checked: &Checked) -> bool {
        matches!(checked, Checked::Right { .. })
    }

    #[test]
    fn agrees_with_a_hash_of_another_implementation() {
        // `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`, from the test suite of phc-winner-argon2.
        let known = PasswordHash::stored(
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
                .to_owned(),
        );
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
            one.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
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
