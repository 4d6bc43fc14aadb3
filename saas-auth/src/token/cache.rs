//! Tokens that were verified a moment ago.

use moka::sync::Cache as Moka;
use sha2::{Digest as _, Sha256};

use super::verify::Known;

/// What was verified, by the whole SHA-256 of the token: another token with the same key would be a
/// collision. What it gives still has to be held against the clock and the keys of now.
#[derive(Debug)]
pub(super) struct Cache(Moka<Digest, Known>);

/// The key of a token.
pub(super) type Digest = [u8; 32];

impl Cache {
    pub(super) fn new(entries: u32) -> Self {
        Self(Moka::builder().max_capacity(u64::from(entries)).build())
    }

    pub(super) fn digest(token: &str) -> Digest {
        Sha256::digest(token.as_bytes()).into()
    }

    pub(super) fn get(&self, digest: &Digest) -> Option<Known> {
        self.0.get(digest)
    }

    pub(super) fn insert(&self, digest: Digest, known: Known) {
        self.0.insert(digest, known);
    }

    pub(super) fn forget(&self, digest: &Digest) {
        self.0.invalidate(digest);
    }
}
