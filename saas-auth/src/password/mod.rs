//! Passwords: argon2id (RFC 9106), in a bounded pool.

mod policy;
mod pool;

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc},
};
use saas_core::Secret;

pub use policy::InvalidPassword;
use pool::Pool;

use crate::{Error, PasswordConfig};

/// The hash of a password, in the PHC string format. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub(crate) const fn stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Hashes and checks passwords; cheap to clone.
///
/// Hashing is slow on purpose, so it runs on threads of its own, a few at a time: a flood of
/// sign-ins waits, and beyond a bounded queue gets [`Error::Busy`], while other requests go on.
/// Never hold a transaction open meanwhile.
#[derive(Debug, Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
}

struct Inner {
    argon2: Argon2<'static>,
    pool: Pool,
    /// Checked against when there is no account, so that it takes as long as when there is one.
    dummy: PasswordHash,
}

impl Passwords {
    /// Prepares hashing.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the costs are below the least that is accepted.
    pub fn new(config: &PasswordConfig) -> Result<Self, Error> {
        if config.memory_kib < 19_456 {
            return Err(Error::Config {
                key: "auth.password.memory_kib",
                message: "must be at least 19456",
            });
        }
        if config.passes < 2 {
            return Err(Error::Config {
                key: "auth.password.passes",
                message: "must be at least 2",
            });
        }
        let params =
            Params::new(config.memory_kib, config.passes, 1, None).map_err(|_| Error::Config {
                key: "auth.password",
                message: "argon2 does not take these costs",
            })?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = hash(&argon2, b"a password that nobody has")?;
        Ok(Self {
            inner: Arc::new(Inner {
                argon2,
                pool: Pool::new(config),
                dummy,
            }),
        })
    }

    /// Checks that a password may be chosen, and brings it to its one form.
    ///
    /// # Errors
    ///
    /// [`InvalidPassword`] says what is wrong with it.
    pub fn check(&self, password: &Secret<String>) -> Result<Secret<String>, InvalidPassword> {
        policy::prepare_new(password)
    }

    /// Hashes a password that [`Passwords::check`] has accepted.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] when too many wait.
    pub async fn hash(&self, password: &Secret<String>) -> Result<PasswordHash, Error> {
        let (inner, password) = (Arc::clone(&self.inner), password.clone());
        self.inner
            .pool
            .run(move || hash(&inner.argon2, password.expose().as_bytes()))
            .await?
    }

    /// Checks a password against a hash, or against nothing in the same time. Gives a new hash when
    /// the stored one is weaker than what is configured now.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when it is wrong, [`Error::Busy`] when too many wait.
    pub async fn verify(
        &self,
        password: &Secret<String>,
        stored: Option<&PasswordHash>,
    ) -> Result<Option<PasswordHash>, Error> {
        let prepared = policy::prepare(password).ok_or(Error::Credentials)?;
        let known = stored.is_some();
        let stored = stored.cloned().unwrap_or_else(|| self.inner.dummy.clone());
        let inner = Arc::clone(&self.inner);
        let checked = self
            .inner
            .pool
            .run(move || check(&inner.argon2, &prepared, &stored))
            .await?;
        match checked? {
            Checked::Right { renewed } if known => Ok(renewed),
            _ => Err(Error::Credentials),
        }
    }
}

enum Checked {
    Right { renewed: Option<PasswordHash> },
    Wrong,
}

fn check(
    argon2: &Argon2<'_>,
    password: &Secret<String>,
    stored: &PasswordHash,
) -> Result<Checked, Error> {
    let parsed = phc::PasswordHash::new(stored.expose())
        .map_err(|_| Error::Crypto("a stored hash cannot be read"))?;
    let bytes = password.expose().as_bytes();
    if argon2.verify_password(bytes, &parsed).is_err() {
        return Ok(Checked::Wrong);
    }
    let weaker = match Params::try_from(&parsed) {
        Ok(params) => {
            params.m_cost() < argon2.params().m_cost() || params.t_cost() < argon2.params().t_cost()
        }
        Err(_) => true,
    };
    let renewed = if weaker {
        Some(hash(argon2, bytes)?)
    } else {
        None
    };
    Ok(Checked::Right { renewed })
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<PasswordHash, Error> {
    let hash: phc::PasswordHash = argon2
        .hash_password(password)
        .map_err(|_| Error::Crypto("a password could not be hashed"))?;
    Ok(PasswordHash(hash.to_string()))
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}
