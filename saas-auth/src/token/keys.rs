//! The keys that sign tokens, kept in the database and shared by all instances.
//!
//! For each [`Algorithm`] there is one active key, which signs, and one next key, which is published ahead so
//! that whoever caches the key set knows it before it signs. A retired key verifies until the tokens it signed
//! have expired. A row that the master key did not seal signs nothing and verifies nothing.
//!
//! No token makes anybody read the keys: an unknown `kid` is refused with what is in memory. Whoever
//! runs the service calls [`Keys::reload`] now and then.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use jsonwebtoken::{DecodingKey, EncodingKey};
use saas_core::{Clock, KeyRing, Timestamp};
use saas_tenancy::{Database, Row, SystemScope, SystemTx, Value};

use super::{Algorithm, Jwk, JwkSet, sealed::KeyMaterial};
use crate::{Error, SigningKeys};

const LOAD: &str =
    "SELECT kid, private_key, state, retired_at FROM saas_signing_keys ORDER BY created_at, kid";
const INSERT: &str = "INSERT INTO saas_signing_keys (kid, algorithm, public_key, private_key, state, created_at) \
                      VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
const RETIRE: &str = "UPDATE saas_signing_keys SET state = 'retired', retired_at = $2 WHERE kid = $1 AND state = 'active'";
const PROMOTE: &str =
    "UPDATE saas_signing_keys SET state = 'active' WHERE state = 'next' AND algorithm = $1";
const REMOVE: &str = "DELETE FROM saas_signing_keys WHERE state = 'retired' AND retired_at < $1";

/// The signing keys of the service; cheap to clone.
///
/// ```
/// use saas_auth::{Error, JwkSet, Keys, TokenConfig};
/// use saas_tenancy::Database;
///
/// async fn keys(database: &Database, config: &TokenConfig) -> Result<Keys, Error> {
///     Keys::load_or_create(database, config.key_overlap()).await
/// }
///
/// /// Now and then, on one of the instances; the others learn of it when they reload.
/// async fn rotate(keys: &Keys) -> Result<JwkSet, Error> {
///     keys.rotate().await?;
///     Ok(keys.public())
/// }
/// # let _ = (keys, rotate);
/// ```
#[derive(Clone)]
pub struct Keys {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    master: KeyRing,
    clock: Arc<dyn Clock>,
    /// How long a retired key still verifies.
    overlap: Duration,
    current: ArcSwap<KeySet>,
}

/// The keys as they were loaded last.
pub(super) struct KeySet {
    active: HashMap<Algorithm, SigningKey>,
    verifying: HashMap<String, VerifyingKey>,
    public: JwkSet,
}

pub(super) struct SigningKey {
    pub(super) kid: String,
    pub(super) key: EncodingKey,
}

pub(super) struct VerifyingKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
    /// The end of a retired key.
    until: Option<Timestamp>,
}

impl Keys {
    /// Loads the keys, and makes them when there are none. Two instances that start at once end with
    /// the same keys.
    ///
    /// `overlap` is how long a retired key still verifies. It has to cover the lifetime of a token and
    /// the time until every instance has [reloaded](Keys::reload), as
    /// [`TokenConfig::key_overlap`](crate::TokenConfig::key_overlap) does.
    ///
    /// # Errors
    ///
    /// [`Error::Crypto`] when a stored key cannot be opened with the master key.
    ///
    /// # Cancel safety
    ///
    /// Calling again goes on.
    pub async fn load_or_create(database: &Database, overlap: Duration) -> Result<Self, Error> {
        let inner = Inner {
            database: database.clone(),
            master: database.keys().clone(),
            clock: Arc::clone(database.clock()),
            overlap,
            current: ArcSwap::from_pointee(KeySet::empty()),
        };
        let keys = Self {
            inner: Arc::new(inner),
        };
        let known = keys.load().await?;
        let missing = |algorithm: &Algorithm| !known.active.contains_key(algorithm);
        for algorithm in Algorithm::ALL.into_iter().filter(missing) {
            let mut tx = keys.write();
            for state in ["active", "next"] {
                keys.insert(&mut tx, algorithm, state).await?;
            }
            tx.commit().await?;
        }
        keys.reload().await?;
        Ok(keys)
    }

    /// Reads the keys again, to learn of a rotation by another instance.
    ///
    /// # Errors
    ///
    /// As [`Keys::load_or_create`]. The keys that were loaded before stay in use.
    pub async fn reload(&self) -> Result<(), Error> {
        let set = self.load().await?;
        for algorithm in Algorithm::ALL {
            set.signing(algorithm)?;
        }
        self.inner.current.store(Arc::new(set));
        Ok(())
    }

    /// Makes the next keys the active ones, and new next keys. Retired keys that verify nothing any
    /// more are removed.
    ///
    /// When another instance has rotated since this one loaded the keys, its rotation counts and
    /// nothing more happens than a reload.
    ///
    /// # Errors
    ///
    /// As [`Keys::load_or_create`].
    ///
    /// # Cancel safety
    ///
    /// Either the keys have rotated or not.
    pub async fn rotate(&self) -> Result<(), Error> {
        let now = self.inner.clock.now();
        let current = Arc::clone(&self.current());
        let mut tx = self.write();
        for algorithm in Algorithm::ALL {
            let active = Value::Text(current.signing(algorithm)?.kid.clone());
            let retired = tx.execute(RETIRE, &[active, Value::Timestamp(now)]).await?;
            if retired == 1 {
                let name = Value::Text(algorithm.to_string());
                tx.execute(PROMOTE, &[name]).await?;
                self.insert(&mut tx, algorithm, "next").await?;
            }
        }
        let ended = Value::Timestamp(now.saturating_sub(self.inner.overlap));
        tx.execute(REMOVE, &[ended]).await?;
        tx.commit().await?;
        self.reload().await
    }

    /// Gives the public keys, for `/.well-known/jwks.json`.
    #[must_use]
    pub fn public(&self) -> JwkSet {
        self.inner.current.load().public.clone()
    }

    pub(super) fn current(&self) -> arc_swap::Guard<Arc<KeySet>> {
        self.inner.current.load()
    }

    async fn load(&self) -> Result<KeySet, Error> {
        let scope = SystemScope::<SigningKeys>::enter();
        let mut tx = self.inner.database.system_read(&scope);
        let rows = tx.fetch_all(LOAD, &[]).await?;
        drop(tx);
        let mut set = KeySet::empty();
        for row in rows {
            set.take(&self.inner, &row)?;
        }
        Ok(set)
    }

    fn write(&self) -> SystemTx {
        let scope = SystemScope::<SigningKeys>::enter();
        self.inner.database.system_write(&scope)
    }

    async fn insert(
        &self,
        tx: &mut SystemTx,
        algorithm: Algorithm,
        state: &'static str,
    ) -> Result<(), Error> {
        let key = KeyMaterial::generate(algorithm)?;
        let kid = public(&key)?.kid;
        let sealed = key.seal(&self.inner.master, &kid)?;
        let values = [
            Value::Text(kid),
            Value::Text(algorithm.to_string()),
            Value::Bytes(key.public),
            Value::Bytes(sealed),
            Value::Text(state.to_owned()),
            Value::Timestamp(self.inner.clock.now()),
        ];
        tx.execute(INSERT, &values).await?;
        Ok(())
    }
}

impl KeySet {
    fn empty() -> Self {
        Self {
            active: HashMap::new(),
            verifying: HashMap::new(),
            public: JwkSet { keys: Vec::new() },
        }
    }

    /// Gives the key that signs with an algorithm.
    pub(super) fn signing(&self, algorithm: Algorithm) -> Result<&SigningKey, Error> {
        let missing = Error::Crypto("there is no active signing key");
        self.active.get(&algorithm).ok_or(missing)
    }

    /// Gives the key of that name, if it verifies now.
    pub(super) fn verifying(&self, kid: &str, now: Timestamp) -> Option<&VerifyingKey> {
        let key = self.verifying.get(kid)?;
        let ended = key.until.is_some_and(|until| now > until);
        (!ended).then_some(key)
    }

    fn take(&mut self, inner: &Inner, row: &Row) -> Result<(), Error> {
        let (kid, sealed): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let (state, retired): (String, Option<Timestamp>) = (row.get(2)?, row.get(3)?);
        let until = retired.map(|retired| retired.saturating_add(inner.overlap));
        if until.is_some_and(|until| inner.clock.now() > until) {
            return Ok(());
        }
        let key = KeyMaterial::open(&inner.master, &kid, &sealed)?;
        let mut public = public(&key)?;
        public.kid.clone_from(&kid);
        let private = key.private.expose();
        let (encoding, decoding) = match &public.y {
            None => (
                EncodingKey::from_ed_der(private),
                DecodingKey::from_ed_components(&public.x),
            ),
            Some(y) => (
                EncodingKey::from_ec_der(private),
                DecodingKey::from_ec_components(&public.x, y),
            ),
        };
        if state == "active" {
            let signing = SigningKey {
                kid: kid.clone(),
                key: encoding,
            };
            self.active.insert(key.algorithm, signing);
        }
        self.public.keys.push(public);
        let verifying = VerifyingKey {
            algorithm: key.algorithm,
            key: decoding.map_err(|_| Error::Crypto("a public key cannot be read"))?,
            until,
        };
        self.verifying.insert(kid, verifying);
        Ok(())
    }
}

fn public(key: &KeyMaterial) -> Result<Jwk, Error> {
    Jwk::new(key.algorithm, &key.public).ok_or(Error::Crypto("a public key cannot be read"))
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("public", &self.public())
            .finish_non_exhaustive()
    }
}
