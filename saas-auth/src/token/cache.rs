//! Tokens that were verified a moment ago.

use std::time::Duration;

use moka::sync::Cache as Moka;
use sha2::{Digest as _, Sha256};

use super::verify::Known;

/// What was verified, by the whole SHA-256 of the token: another token with the same key would be a
/// collision. What it gives still has to be held against the clock and the keys of now.
#[derive(Debug)]
pub(super) struct Cache(Moka<Digest, Known>);

/// How many bytes a token usually has.
const USUAL: u32 = 1024;

/// The key of a token.
pub(super) type Digest = [u8; 32];

impl Cache {
    /// Makes one for so many tokens of the usual length; longer ones count for more. None is kept for longer than a
    /// token is good.
    pub(super) fn new(entries: u32, lifetime: Duration) -> Self {
        let cache = Moka::builder()
            .max_capacity(u64::from(entries) * u64::from(USUAL))
            .weigher(|_, known: &Known| known.size.max(USUAL))
            .time_to_live(lifetime);
        Self(cache.build())
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
