//! Bytes in chunks, each sealed by itself, so that a part of a file can be read alone.
//!
//! This is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: *Online Authenticated-Encryption and its
//! Nonce-Reuse Misuse-Resistance*, CRYPTO 2015, section 7) over AES-256-GCM (NIST SP 800-38D). The nonce
//! holds the number of the chunk and whether it is the last one, so chunks cannot be left out, added,
//! repeated or put into another order. It holds nothing random: each file has a key of its own. What
//! is not encrypted and has to be the same is the associated data: tenant, name and header.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use bytes::BytesMut;
use saas_core::Secret;

use crate::Error;

/// Bytes in a chunk, before it is sealed.
pub(super) const CHUNK: u64 = 64 * 1024;
/// Bytes that sealing adds to one.
pub(super) const TAG: u64 = 16;

/// Seals and opens the chunks of one file.
pub(super) struct Sealer {
    key: LessSafeKey,
    context: Vec<u8>,
}

impl Sealer {
    pub(super) fn new(key: &Secret<[u8; 32]>, context: Vec<u8>) -> Result<Self, Error> {
        let key = UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| Error::Sealed)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            context,
        })
    }

    pub(super) fn seal(&self, number: u64, last: bool, chunk: &mut BytesMut) -> Result<(), Error> {
        let context = Aad::from(self.context.as_slice());
        self.key
            .seal_in_place_append_tag(nonce(number, last)?, context, chunk)
            .map_err(|_| Error::Sealed)
    }

    pub(super) fn open(&self, number: u64, last: bool, chunk: &mut BytesMut) -> Result<(), Error> {
        let context = Aad::from(self.context.as_slice());
        let opened = self
            .key
            .open_in_place(nonce(number, last)?, context, chunk)
            .map_err(|_| Error::Sealed)?
            .len();
        chunk.truncate(opened);
        Ok(())
    }
}

/// Seven bytes of nothing, the number in four, and one that says whether it is the last.
fn nonce(number: u64, last: bool) -> Result<Nonce, Error> {
    // 256 TiB; no store takes so much.
    let number = u32::try_from(number).map_err(|_| Error::Sealed)?;
    let [a, b, c, d] = number.to_be_bytes();
    let bytes = [0, 0, 0, 0, 0, 0, 0, a, b, c, d, u8::from(last)];
    Ok(Nonce::assume_unique_for_key(bytes))
}

/// Gives how many chunks a file of so many bytes has. An empty file has one, which is empty.
pub(super) const fn count(plain: u64) -> u64 {
    if plain == 0 { 1 } else { plain.div_ceil(CHUNK) }
}

/// Gives how many bytes the sealed chunks of a file have.
pub(super) const fn sealed_size(plain: u64) -> u64 {
    plain.saturating_add(count(plain).saturating_mul(TAG))
}

/// Gives how many bytes the file has whose sealed chunks have so many; none where no file has.
pub(super) const fn plain_size(sealed: u64) -> Option<u64> {
    let chunks = sealed.div_ceil(CHUNK + TAG);
    let Some(plain) = sealed.checked_sub(chunks * TAG) else {
        return None;
    };
    if sealed > 0 && sealed_size(plain) == sealed {
        Some(plain)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_told_from_each_other() {
        for plain in [
            0,
            1,
            CHUNK - 1,
            CHUNK,
            CHUNK + 1,
            2 * CHUNK,
            2 * CHUNK + 1,
            5 << 40,
        ] {
            assert_eq!(plain_size(sealed_size(plain)), Some(plain), "{plain}");
        }
        for sealed in [0, 1, TAG - 1, CHUNK + TAG + 1, CHUNK + 2 * TAG] {
            assert_eq!(plain_size(sealed), None, "{sealed}");
        }
    }

    proptest! {
        #[test]
        fn each_size_comes_back(plain in 0..1_u64 << 50) {
            prop_assert_eq!(plain_size(sealed_size(plain)), Some(plain));
        }

        #[test]
        fn a_chunk_opens_only_as_what_it_was_sealed_as(
            text: Vec<u8>, number in 0..1_u64 << 33, last: bool, other in 0..1_u64 << 32, other_last: bool, flip: prop::sample::Index,
        ) {
            let sealer = |context: &[u8]| Sealer::new(&Secret::new([7; 32]), context.to_vec()).unwrap();
            let mut sealed = BytesMut::from(&*text);
            let done = sealer(b"a").seal(number, last, &mut sealed);
            prop_assert_eq!(done.is_ok(), u32::try_from(number).is_ok());
            if done.is_err() {
                return Ok(());
            }
            let mut opened = sealed.clone();
            prop_assert!(sealer(b"a").open(number, last, &mut opened).is_ok());
            prop_assert_eq!(opened, text);
            prop_assert!(sealer(b"b").open(number, last, &mut sealed.clone()).is_err());
            if (number, last) != (other, other_last) {
                prop_assert!(sealer(b"a").open(other, other_last, &mut sealed.clone()).is_err());
            }
            let at = flip.index(sealed.len());
            sealed[at] ^= 1;
            prop_assert!(sealer(b"a").open(number, last, &mut sealed).is_err());
        }
    }
}
