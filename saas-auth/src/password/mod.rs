//! Passwords: argon2id (RFC 9106), in a bounded pool.

mod hasher;
mod policy;
mod pool;

use std::{fmt, sync::Arc};

use argon2::Params;
use saas_core::Secret;

use hasher::{Checked, Hasher};
pub use policy::{InvalidPassword, NewPassword};
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
///
/// # Examples
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use saas_auth::{PasswordConfig, Passwords};
/// use saas_core::Secret;
///
/// let passwords = Passwords::new(&PasswordConfig::default())?;
/// let password = Secret::from("a horse, a battery, a staple");
/// let hash = passwords.hash(&passwords.check(&password)?).await?;
/// assert!(passwords.verify(&password, Some(&hash)).await.is_ok());
/// assert!(passwords.check(&Secret::from("12345678")).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    hasher: Hasher,
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
        let wrong = |key, message| Err(Error::Config { key, message });
        if config.memory_kib < PasswordConfig::MIN_MEMORY_KIB {
            return wrong("auth.password.memory_kib", "must be at least 19456");
        }
        if config.passes < PasswordConfig::MIN_PASSES {
            return wrong("auth.password.passes", "must be at least 2");
        }
        let Ok(params) = Params::new(config.memory_kib, config.passes, 1, None) else {
            return wrong("auth.password", "argon2 does not take these costs");
        };
        let hasher = Hasher::new(params);
        let dummy = hasher.hash(&Secret::from("a password that nobody has"))?;
        Ok(Self {
            inner: Arc::new(Inner {
                hasher,
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
    pub fn check(&self, password: &Secret<String>) -> Result<NewPassword, InvalidPassword> {
        NewPassword::choose(password)
    }

    /// Hashes a password that [`Passwords::check`] has accepted.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] when too many wait.
    pub async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, Error> {
        let (inner, password) = (Arc::clone(&self.inner), password.clone());
        self.inner
            .pool
            .run(move || inner.hasher.hash(password.expose()))
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
        // What no password can be is refused at once. That tells nothing about accounts.
        let prepared = policy::prepare(password).map_err(|_| Error::Credentials)?;
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.inner.dummy).clone();
        let inner = Arc::clone(&self.inner);
        let checked = self
            .inner
            .pool
            .run(move || inner.hasher.check(&prepared, &stored))
            .await?;
        match checked? {
            Checked::Right { renewed } if known => Ok(renewed),
            _ => Err(Error::Credentials),
        }
    }
}
