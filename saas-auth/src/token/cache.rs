//! Tokens that were verified a moment ago.

use moka::sync::Cache as Moka;
use sha2::{Digest as _, Sha256};

use super::verify::Known;

/// Keyed by the whole SHA-256 of the token: a guess would have to be a collision.
#[derive(Debug)]
pub(super) struct Cache(Moka<[u8; 32], Known>);

impl Cache {
    pub(super) fn new(entries: u32) -> Self {
        Self(Moka::builder().max_capacity(u64::from(entries)).build())
    }

    pub(super) fn digest(token: &str) -> [u8; 32] {
        Sha256::digest(token.as_bytes()).into()
    }

    pub(super) fn get(&self, digest: &[u8; 32]) -> Option<Known> {
        self.0.get(digest)
    }

    pub(super) fn insert(&self, digest: [u8; 32], known: Known) {
        self.0.insert(digest, known);
    }
}
