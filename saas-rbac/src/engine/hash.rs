//! Hashing of ids, which are random already.

use std::hash::{BuildHasher, Hasher};

/// Hashes ids by their own random bits. Only ids that this program has made are hashed so: nobody who could
/// choose them could make many collide.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ByItself;

#[derive(Debug, Default)]
pub(crate) struct Mixed(u64);

/// Spreads the bits: a UUID has some that are always the same (RFC 9562, section 5.7).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl BuildHasher for ByItself {
    type Hasher = Mixed;

    fn build_hasher(&self) -> Mixed {
        Mixed::default()
    }
}

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(SPREAD);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(u64::try_from(word).unwrap_or(u64::MAX));
    }

    fn write_isize(&mut self, word: isize) {
        self.write_usize(word.unsigned_abs());
    }

    fn finish(&self) -> u64 {
        // The table takes its place from the low bits and its mark from the high ones.
        self.0 ^ (self.0 >> 32)
    }
}
