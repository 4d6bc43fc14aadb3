//! The keys that sign tokens, kept in the database and shared by all instances.
//!
//! There is one active key, which signs, and one next key, which is published ahead so that whoever
//! caches the key set knows it before it signs. A retired key verifies until the tokens it signed
//! have expired. Private keys are sealed with XChaCha20-Poly1305 under the master key, bound to
//! their id.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use jsonwebtoken::{DecodingKey, EncodingKey};
use saas_core::{Clock, Id, KeyRing, Purpose, Timestamp};
use saas_tenancy::{Database, SystemScope, SystemTx, Value};

use super::{Jwk, JwkSet};
use crate::{Error, SigningKeys};

const SEALING: Purpose = Purpose::new("saas-auth/signing-key/1");
const NONCE: usize = 24;

const LOAD: &str = "SELECT kid, public_key, private_key, state, retired_at FROM saas_signing_keys ORDER BY created_at";
const INSERT: &str = "INSERT INTO saas_signing_keys (kid, public_key, private_key, state, created_at) \
                      VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
const RETIRE: &str =
    "UPDATE saas_signing_keys SET state = 'retired', retired_at = $1 WHERE state = 'active'";
const PROMOTE: &str = "UPDATE saas_signing_keys SET state = 'active' WHERE state = 'next'";

/// The signing keys of the service; cheap to clone.
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

pub(super) struct KeySet {
    pub(super) active: Option<SigningKey>,
    pub(super) verifying: HashMap<String, DecodingKey>,
    public: JwkSet,
}

pub(super) struct SigningKey {
    pub(super) kid: String,
    pub(super) key: EncodingKey,
}

impl Keys {
    /// Loads the keys, and makes them when there are none. Two instances that start at once end with
    /// the same keys.
    ///
    /// # Errors
    ///
    /// [`Error::Crypto`] when a stored key cannot be opened with the master key.
    pub async fn load_or_create(database: &Database, overlap: Duration) -> Result<Self, Error> {
        let empty = KeySet {
            active: None,
            verifying: HashMap::new(),
            public: JwkSet { keys: Vec::new() },
        };
        let inner = Inner {
            database: database.clone(),
            master: database.keys().clone(),
            clock: Arc::clone(database.clock()),
            overlap,
            current: ArcSwap::from_pointee(empty),
        };
        let keys = Self {
            inner: Arc::new(inner),
        };
        let mut tx = keys.write();
        for state in ["active", "next"] {
            keys.insert(&mut tx, state).await?;
        }
        tx.commit().await?;
        keys.reload().await?;
        Ok(keys)
    }

    /// Reads the keys again, to learn of a rotation by another instance.
    ///
    /// # Errors
    ///
    /// As [`Keys::load_or_create`]. The keys that were loaded before stay in use.
    pub async fn reload(&self) -> Result<(), Error> {
        let inner = &self.inner;
        let mut tx = inner
            .database
            .system_read(&SystemScope::<SigningKeys>::enter());
        let rows = tx.fetch_all(LOAD, &[]).await?;
        drop(tx);
        let mut set = KeySet {
            active: None,
            verifying: HashMap::new(),
            public: JwkSet { keys: Vec::new() },
        };
        for row in rows {
            let (kid, public, sealed): (String, Vec<u8>, Vec<u8>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let (state, retired): (String, Option<Timestamp>) = (row.get(3)?, row.get(4)?);
            if retired
                .is_some_and(|retired| inner.clock.now() > retired.saturating_add(inner.overlap))
            {
                continue;
            }
            if state == "active" {
                let private = self.open(&kid, &sealed)?;
                set.active = Some(SigningKey {
                    kid: kid.clone(),
                    key: EncodingKey::from_ed_der(&private),
                });
            }
            let x = URL_SAFE_NO_PAD.encode(&public);
            set.public.keys.push(Jwk::ed25519(&kid, &x));
            let key = DecodingKey::from_ed_components(&x)
                .map_err(|_| Error::Crypto("a public key cannot be read"))?;
            set.verifying.insert(kid, key);
        }
        if set.active.is_none() {
            return Err(Error::Crypto("there is no active signing key"));
        }
        inner.current.store(Arc::new(set));
        Ok(())
    }

    /// Makes the next key the active one, and a new next key.
    ///
    /// # Errors
    ///
    /// As [`Keys::load_or_create`].
    pub async fn rotate(&self) -> Result<(), Error> {
        let mut tx = self.write();
        tx.execute(RETIRE, &[Value::Timestamp(self.inner.clock.now())])
            .await?;
        tx.execute(PROMOTE, &[]).await?;
        self.insert(&mut tx, "next").await?;
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

    fn write(&self) -> SystemTx {
        self.inner
            .database
            .system_write(&SystemScope::<SigningKeys>::enter())
    }

    async fn insert(&self, tx: &mut SystemTx, state: &'static str) -> Result<(), Error> {
        let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new())
            .map_err(|_| Error::Crypto("no key could be made"))?;
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref())
            .map_err(|_| Error::Crypto("no key could be made"))?;
        let kid = Id::<Self>::generate().to_string();
        let sealed = self.seal(&kid, document.as_ref())?;
        let values = [
            Value::Text(kid),
            Value::Bytes(pair.public_key().as_ref().to_vec()),
            Value::Bytes(sealed),
            Value::Text(state.to_owned()),
            Value::Timestamp(self.inner.clock.now()),
        ];
        tx.execute(INSERT, &values).await?;
        Ok(())
    }

    /// Seals a private key: the name of the master key, the nonce, the ciphertext.
    fn seal(&self, kid: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let (name, subkey) = self
            .inner
            .master
            .sealing(SEALING)
            .ok_or(Error::Crypto("there is no master key"))?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| Error::Crypto("no random bytes"))?;
        let payload = Payload {
            msg: plain,
            aad: kid.as_bytes(),
        };
        let sealed = XChaCha20Poly1305::new(subkey.expose().into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::Crypto("a key could not be sealed"))?;
        Ok([&[name][..], &nonce, &sealed].concat())
    }

    fn open(&self, kid: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let wrong =
            Error::Crypto("a stored signing key does not open with the configured master key");
        let Some((name, rest)) = sealed.split_first() else {
            return Err(wrong);
        };
        let Some((nonce, ciphertext)) = rest.split_first_chunk::<NONCE>() else {
            return Err(wrong);
        };
        let Some(subkey) = self.inner.master.opening(*name, SEALING) else {
            return Err(wrong);
        };
        let payload = Payload {
            msg: ciphertext,
            aad: kid.as_bytes(),
        };
        XChaCha20Poly1305::new(subkey.expose().into())
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| wrong)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("public", &self.public())
            .finish_non_exhaustive()
    }
}
