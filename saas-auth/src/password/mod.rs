//! Passwords: what may be chosen, and argon2id (RFC 9106) with a pepper, in a bounded pool.

mod breached;
mod hasher;
mod pepper;
mod policy;
mod pool;
mod strength;

use std::{fmt, sync::Arc};

use argon2::Params;
use saas_core::{KeyRing, Secret};

pub use breached::{BreachedError, BreachedFile, BreachedPasswords, Sha1Digest};
use hasher::{Checked, Hasher};
use pepper::Peppers;
pub use policy::{InvalidPassword, NewPassword};
use pool::Pool;
use strength::Context;

use crate::{Error, PasswordConfig, Unchecked};

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
/// A hash is also made with a key of the service, which is not in the database. Keep that key: without
/// it no password verifies. After the key ring got a new first key, each sign-in hashes anew.
///
/// # Examples
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use saas_auth::{PasswordConfig, Passwords};
/// use saas_core::{KeyRing, Secret};
///
/// let passwords = Passwords::new(&PasswordConfig::default(), &KeyRing::generate()?)?;
/// let password = Secret::from("a horse, a battery, a staple");
/// let chosen = passwords.check(&password, &["ann@acme.test"]).await?;
/// let hash = passwords.hash(&chosen).await?;
/// assert!(passwords.verify_without_limit(&password, Some(&hash)).await.is_ok());
///
/// let personal = Secret::from("Ann@Acme.test");
/// assert!(passwords.check(&personal, &["ann@acme.test"]).await.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
    breached: Option<Arc<dyn BreachedPasswords>>,
}

#[derive(Debug)]
struct Inner {
    hasher: Hasher,
    pool: Pool,
    config: PasswordConfig,
    /// Checked against when there is no account, so that it takes as long as when there is one.
    dummy: PasswordHash,
}

impl Passwords {
    /// Prepares hashing, with the first of these keys.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the costs or the score are below the least that is accepted,
    /// [`Error::BreachedPasswords`] when the configured list cannot be read.
    pub fn new(config: &PasswordConfig, keys: &KeyRing) -> Result<Self, Error> {
        let wrong = |key, message| Err(Error::Config { key, message });
        if config.memory_kib < PasswordConfig::MIN_MEMORY_KIB {
            return wrong("auth.password.memory_kib", "must be at least 19456");
        }
        if config.passes < PasswordConfig::MIN_PASSES {
            return wrong("auth.password.passes", "must be at least 2");
        }
        if !(PasswordConfig::MIN_SCORE..=4).contains(&config.min_score) {
            return wrong("auth.password.min_score", "must be from 2 to 4");
        }
        let Ok(params) = Params::new(config.memory_kib, config.passes, 1, None) else {
            return wrong("auth.password", "argon2 does not take these costs");
        };
        let list = config.breached_list.as_ref().map(BreachedFile::open);
        let list = list.transpose().map_err(Error::BreachedPasswords)?;
        let breached = list.map(|list| Arc::new(list) as Arc<dyn BreachedPasswords>);
        let hasher = Hasher::new(params, Peppers::new(keys)?);
        let dummy = hasher.hash(&Secret::from("a password that nobody has"))?;
        Ok(Self {
            inner: Arc::new(Inner {
                hasher,
                pool: Pool::new(config),
                config: config.clone(),
                dummy,
            }),
            breached,
        })
    }

    /// Refuses new passwords that this list has, instead of those of the configured file.
    #[must_use]
    pub fn with_breached(mut self, list: Arc<dyn BreachedPasswords>) -> Self {
        self.breached = Some(list);
        self
    }

    /// Checks that a password may be chosen, and brings it to its one form. What others know of its
    /// holder and of the service, such as address, name and tenant, it may not be made of: give those
    /// texts as `context`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPassword`] says what is wrong with it, [`Error::Busy`] that too many wait,
    /// [`Error::BreachedPasswords`] that the list did not answer and the configuration wants it to.
    pub async fn check(
        &self,
        password: &Secret<String>,
        context: &[&str],
    ) -> Result<NewPassword, Error> {
        let new = NewPassword::long_enough(policy::prepare(password)?)?;
        let (judged, context) = (new.clone(), Context::of(context));
        let least = self.inner.config.min_score;
        self.inner
            .pool
            .run(move || strength::judge(judged.expose(), &context, least))
            .await??;
        self.check_breached(&new).await?;
        Ok(new)
    }

    async fn check_breached(&self, password: &NewPassword) -> Result<(), Error> {
        let Some(list) = &self.breached else {
            return Ok(());
        };
        let digest = Sha1Digest::of(password.expose());
        let patience = self.inner.config.breached_timeout.into();
        let error = match tokio::time::timeout(patience, list.contains(&digest)).await {
            Ok(Ok(false)) => return Ok(()),
            Ok(Ok(true)) => return Err(InvalidPassword::Breached.into()),
            Ok(Err(error)) => error,
            Err(late) => BreachedError::new(late),
        };
        let reason = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(reason, "a new password could not be looked up: {error}");
        match self.inner.config.breached_unavailable {
            Unchecked::Refuse => Err(Error::BreachedPasswords(error)),
            Unchecked::Accept => Ok(()),
        }
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
    /// the stored one is weaker than what is configured now or was made with another key.
    ///
    /// Nothing here counts how often somebody guesses; the doors of [`SignIns`](crate::SignIns) do.
    ///
    /// A hash whose key is gone is no password's: that is told the log and not the client, who would see
    /// from it that there is an account.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when it is wrong, [`Error::Busy`] when too many wait.
    pub async fn verify_without_limit(
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
