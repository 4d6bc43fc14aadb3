//! Secrets that name their row: refresh tokens and keys of programs, as their holders have them.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_core::{Id, KeyRing, Purpose, Secret, TenantId};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::Error;

/// What kind of secret it is.
pub(crate) trait Kind: 'static {
    /// Begins every one, so that people and scanners for leaked secrets know what it is.
    const PREFIX: &'static str;
}

const SECRET: usize = 32;
const NEXT: Purpose = Purpose::new("saas-auth/next-refresh-token/1");
/// Tenant, row and secret in base64url without padding.
const ENCODED: usize = (16 + 16 + SECRET) * 4 / 3 + 1;

/// The parts: where the row is, and the secret that proves that it was issued here.
pub(crate) struct Opaque<K> {
    pub(crate) tenant: TenantId,
    pub(crate) row: Id<K>,
    secret: Secret<[u8; SECRET]>,
}

impl<K: Kind> Opaque<K> {
    /// Makes one for a row that is about to be inserted.
    pub(crate) fn generate(tenant: TenantId) -> Result<Self, Error> {
        let mut secret = [0; SECRET];
        getrandom::fill(&mut secret).map_err(|_| Error::Crypto("no random bytes"))?;
        Ok(Self {
            tenant,
            row: Id::generate(),
            secret: Secret::new(secret),
        })
    }

    /// Makes the one that comes after this one. Whoever holds this one and the master key makes the same one
    /// again; the master key alone, or the database, is not enough.
    pub(crate) fn next(&self, keys: &KeyRing, row: Id<K>) -> Result<Self, Error> {
        let (_, key) = keys
            .sealing(NEXT)
            .ok_or(Error::Crypto("there is no master key"))?;
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
        mac.update(self.secret.expose());
        mac.update(row.as_uuid().as_bytes());
        let secret = mac.sign().as_ref().try_into();
        Ok(Self {
            tenant: self.tenant,
            row,
            secret: Secret::new(secret.map_err(|_| Error::Crypto("a hash of another length"))?),
        })
    }

    /// Reads what a client sent. There is one spelling of each token only.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(K::PREFIX)?;
        if encoded.len() != ENCODED {
            return None;
        }
        let bytes = Secret::new(URL_SAFE_NO_PAD.decode(encoded).ok()?);
        let (tenant, rest) = bytes.expose().split_first_chunk::<16>()?;
        let (row, secret) = rest.split_first_chunk::<16>()?;
        Some(Self {
            tenant: Id::from_uuid(Uuid::from_bytes(*tenant)),
            row: Id::from_uuid(Uuid::from_bytes(*row)),
            secret: Secret::new(secret.try_into().ok()?),
        })
    }

    pub(crate) fn write(&self) -> Secret<String> {
        let (tenant, row) = (self.tenant.as_uuid(), self.row.as_uuid());
        let parts: [&[u8]; 3] = [tenant.as_bytes(), row.as_bytes(), self.secret.expose()];
        let bytes = Secret::new(parts.concat());
        Secret::new(format!(
            "{}{}",
            K::PREFIX,
            URL_SAFE_NO_PAD.encode(bytes.expose())
        ))
    }

    /// Gives what is kept of the secret. 256 random bits need no slow hash.
    pub(crate) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.secret.expose()).to_vec()
    }

    pub(crate) fn matches(&self, hash: &[u8]) -> bool {
        self.hash().ct_eq(hash).into()
    }
}

impl<K> fmt::Debug for Opaque<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opaque")
            .field("tenant", &self.tenant)
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug)]
    struct Row;

    impl Kind for Row {
        const PREFIX: &'static str = "srt_";
    }

    type Text = Opaque<Row>;

    #[test]
    fn a_token_comes_back_and_is_not_printed() {
        let token = Text::generate(Id::generate()).unwrap();
        let text = token.write();
        let back = Text::parse(text.expose()).unwrap();
        assert_eq!((back.tenant, back.row), (token.tenant, token.row));
        assert!(back.matches(&token.hash()));
        let (_, tail) = text.expose().split_at(text.expose().len() - 8);
        assert!(!format!("{token:?}").contains(tail));
    }

    #[test]
    fn the_next_token_is_the_same_for_whoever_asks_again_and_for_nobody_else() {
        let (keys, row) = (KeyRing::generate().unwrap(), Id::generate());
        let token = Text::generate(Id::generate()).unwrap();
        let next = token.next(&keys, row).unwrap().hash();
        assert_eq!(token.next(&keys, row).unwrap().hash(), next);
        let other = Text::generate(token.tenant).unwrap();
        assert_ne!(other.next(&keys, row).unwrap().hash(), next);
        assert_ne!(token.next(&keys, Id::generate()).unwrap().hash(), next);
        let others = KeyRing::generate().unwrap();
        assert_ne!(token.next(&others, row).unwrap().hash(), next);
    }

    #[test]
    fn oau_47_a_thousand_secrets_are_a_thousand() {
        let tenant = Id::generate();
        let mut hashes: Vec<_> = (0..1000)
            .map(|_| Text::generate(tenant).unwrap().hash())
            .collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 1000);
    }

    proptest! {
        #[test]
        fn what_can_be_read_has_one_spelling(text in "(srt_)?[A-Za-z0-9_=-]{80,90}|\\PC{0,200}") {
            crate::fuzzing::opaque(&text);
        }
    }
}
