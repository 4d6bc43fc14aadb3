//! Keys for what the service itself seals and reads back: cursors, stored signing keys, signed
//! URLs.
//!
//! A [`KeyRing`] holds one or more named master keys. The first seals, all of them open, so a key
//! is replaced by putting a new one in front and taking the old one away once nothing sealed by it
//! is in use. No master key is ever used directly: each purpose gets its own subkey by
//! HKDF-SHA-256 (RFC 5869), so that a cursor can never pass for a signed URL.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::Secret;

/// Length of a master key and of a subkey, in bytes.
pub const KEY_LENGTH: usize = 32;
const TAG_LENGTH: usize = 16;

/// A set of named master keys; see the [module](self).
///
/// # Examples
///
/// ```
/// use saas_core::{KeyRing, Purpose};
///
/// const TICKET: Purpose = Purpose::new("app/ticket/1");
///
/// let keys = KeyRing::generate()?;
/// let sealed = keys.seal(TICKET, &[b"acme"], b"seat 12");
/// assert_eq!(keys.open(TICKET, &[b"acme"], &sealed).as_deref(), Ok(&b"seat 12"[..]));
/// // What was sealed for one is good for nobody else.
/// assert!(keys.open(TICKET, &[b"beta"], &sealed).is_err());
/// # Ok::<(), saas_core::KeyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct KeyRing {
    // INVARIANT: never empty; names are unique.
    keys: Vec<MasterKey>,
}

/// One master key with the name under which sealed values remember it.
#[derive(Debug, Clone)]
struct MasterKey {
    name: u8,
    secret: Secret<[u8; KEY_LENGTH]>,
}

/// What a subkey is for. A value sealed for one purpose cannot be opened for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Purpose(&'static str);

impl Purpose {
    /// Names a purpose. The name must be unique in the service and never change, such as
    /// `saas-core/cursor/1`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }
}

/// Says why a key ring could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not 32 bytes in base64url or hexadecimal.
    #[error("a key is 32 random bytes, written in base64url or in hexadecimal")]
    Malformed,
    /// The key is one that anybody would guess.
    #[error("the key is not random; make one with `openssl rand -hex 32`")]
    Weak,
    /// Two keys have the same name, or there is none.
    #[error("a key ring needs at least one key, and every name once")]
    Names,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random,
    /// There is more to encrypt than one message can have.
    #[error("a value is too long to be encrypted at once")]
    TooLong,
}

/// Says that sealed bytes were not sealed by this key ring for this purpose and context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value was not issued here, or has been changed")]
#[non_exhaustive]
pub struct NotSealedHere;

impl KeyRing {
    /// Makes a ring of one key, named 1.
    ///
    /// # Errors
    ///
    /// [`KeyError::Weak`] when the bytes are obviously not random.
    pub fn from_bytes(secret: [u8; KEY_LENGTH]) -> Result<Self, KeyError> {
        Self::from_named([(1, Secret::new(secret))])
    }

    /// Makes a ring of one key from its text form, as found in a configuration: 32 bytes in
    /// base64url (with or without padding) or hexadecimal.
    ///
    /// # Errors
    ///
    /// [`KeyError::Malformed`] or [`KeyError::Weak`].
    pub fn from_text(text: &Secret<String>) -> Result<Self, KeyError> {
        Self::from_bytes(parse_key(text.expose())?)
    }

    /// Makes a ring of several keys. The first seals, all open.
    ///
    /// # Errors
    ///
    /// [`KeyError::Names`] or [`KeyError::Weak`].
    pub fn from_named(
        keys: impl IntoIterator<Item = (u8, Secret<[u8; KEY_LENGTH]>)>,
    ) -> Result<Self, KeyError> {
        let mut ring = Self { keys: Vec::new() };
        for (name, secret) in keys {
            if ring.keys.iter().any(|key| key.name == name) {
                return Err(KeyError::Names);
            }
            if is_weak(secret.expose()) {
                return Err(KeyError::Weak);
            }
            ring.keys.push(MasterKey { name, secret });
        }
        if ring.keys.is_empty() {
            Err(KeyError::Names)
        } else {
            Ok(ring)
        }
    }

    /// Makes a ring of one new random key, for tests and for a first start.
    ///
    /// # Errors
    ///
    /// [`KeyError::Random`] when the operating system gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let mut secret = [0; KEY_LENGTH];
        getrandom::fill(&mut secret).map_err(|_| KeyError::Random)?;
        Self::from_bytes(secret)
    }

    /// Gives the name and the subkey for `purpose` that new values are sealed with.
    #[must_use]
    pub fn sealing(&self, purpose: Purpose) -> Option<(u8, Secret<[u8; KEY_LENGTH]>)> {
        let key = self.keys.first()?;
        Some((key.name, key.subkey(purpose)?))
    }

    /// Gives the subkey for `purpose` of the key with that name, to open what it sealed.
    #[must_use]
    pub fn opening(&self, name: u8, purpose: Purpose) -> Option<Secret<[u8; KEY_LENGTH]>> {
        self.keys
            .iter()
            .find(|key| key.name == name)?
            .subkey(purpose)
    }

    /// Authenticates `payload` (it stays readable) under `context`, and gives text that is safe in
    /// a URL.
    ///
    /// `context` is what both sides know without sending it, such as the tenant: the text opens
    /// only under the same context.
    #[must_use]
    pub fn seal(&self, purpose: Purpose, context: &[&[u8]], payload: &[u8]) -> String {
        // INVARIANT: a ring has a first key. The empty text of the fallback opens nowhere.
        let Some((name, subkey)) = self.sealing(purpose) else {
            return String::new();
        };
        let mut bytes = Vec::with_capacity(1 + payload.len() + TAG_LENGTH);
        bytes.push(name);
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(&tag(&subkey, context, payload));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Gives the payload of a text made by [`KeyRing::seal`] with the same purpose and context.
    ///
    /// # Errors
    ///
    /// [`NotSealedHere`] for everything else, without saying what was wrong.
    pub fn open(
        &self,
        purpose: Purpose,
        context: &[&[u8]],
        sealed: &str,
    ) -> Result<Vec<u8>, NotSealedHere> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| NotSealedHere)?;
        let (name, rest) = bytes.split_first().ok_or(NotSealedHere)?;
        let (payload, found) = rest.split_last_chunk::<TAG_LENGTH>().ok_or(NotSealedHere)?;
        let subkey = self.opening(*name, purpose).ok_or(NotSealedHere)?;
        if bool::from(tag(&subkey, context, payload).ct_eq(found)) {
            Ok(payload.to_vec())
        } else {
            Err(NotSealedHere)
        }
    }
}

impl MasterKey {
    /// Derives the subkey. HKDF can fill 255 hash lengths and one is asked for, so it is there.
    fn subkey(&self, purpose: Purpose) -> Option<Secret<[u8; KEY_LENGTH]>> {
        let mut subkey = [0; KEY_LENGTH];
        let kdf = Hkdf::<Sha256>::new(None, self.secret.expose());
        kdf.expand(purpose.0.as_bytes(), &mut subkey).ok()?;
        Some(Secret::new(subkey))
    }
}

/// HMAC-SHA-256 cut to 128 bits (RFC 2104, section 5), over unambiguously joined parts.
fn tag(subkey: &Secret<[u8; KEY_LENGTH]>, context: &[&[u8]], payload: &[u8]) -> [u8; TAG_LENGTH] {
    // A key shorter than a block is padded with zeros (RFC 2104, section 2).
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(subkey.expose()) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in context.iter().chain([&payload]) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    let full = mac.finalize().into_bytes();
    let mut short = [0; TAG_LENGTH];
    for (to, from) in short.iter_mut().zip(full) {
        *to = from;
    }
    short
}

fn parse_key(text: &str) -> Result<[u8; KEY_LENGTH], KeyError> {
    let text = text.trim();
    let bytes = if text.len() == 2 * KEY_LENGTH {
        (0..KEY_LENGTH)
            .map(|i| {
                text.get(2 * i..2 * i + 2)
                    .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            })
            .collect::<Option<Vec<u8>>>()
    } else {
        let unpadded = text
            .trim_end_matches('=')
            .replace('+', "-")
            .replace('/', "_");
        URL_SAFE_NO_PAD.decode(unpadded).ok()
    };
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(KeyError::Malformed)
}

/// Finds keys that were typed and not drawn: few different bytes, or bytes that count up.
fn is_weak(key: &[u8; KEY_LENGTH]) -> bool {
    let mut seen = *key;
    seen.sort_unstable();
    let different = seen.chunk_by(|a, b| a == b).count();
    let counting = key
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if b.wrapping_sub(*a) == 1));
    // 32 random bytes hold fewer than 16 different values with a chance below 2^-60.
    different < 16 || counting
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURSOR: Purpose = Purpose::new("test/cursor");
    const URL: Purpose = Purpose::new("test/url");

    #[test]
    fn opens_only_what_it_sealed_for_the_same_purpose_and_context() {
        let ring = KeyRing::generate().unwrap();
        let sealed = ring.seal(CURSOR, &[b"tenant-a", b"projects"], b"payload");
        assert_eq!(
            ring.open(CURSOR, &[b"tenant-a", b"projects"], &sealed)
                .unwrap(),
            b"payload"
        );
        assert!(
            ring.open(URL, &[b"tenant-a", b"projects"], &sealed)
                .is_err()
        );
        assert!(
            ring.open(CURSOR, &[b"tenant-b", b"projects"], &sealed)
                .is_err()
        );
        assert!(
            ring.open(CURSOR, &[b"tenant-aprojects", b""], &sealed)
                .is_err()
        );
        assert!(
            KeyRing::generate()
                .unwrap()
                .open(CURSOR, &[b"tenant-a", b"projects"], &sealed)
                .is_err()
        );
    }

    #[test]
    fn refuses_every_changed_byte() {
        let ring = KeyRing::generate().unwrap();
        let sealed = ring.seal(CURSOR, &[], b"payload").into_bytes();
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] = if changed[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last character of base64 may hold bits that no byte uses; the decoder refuses those.
            assert!(ring.open(CURSOR, &[], &changed).is_err(), "byte {i}");
        }
    }

    #[test]
    fn a_new_key_opens_what_the_old_one_sealed() {
        let old = KeyRing::generate().unwrap();
        let sealed = old.seal(CURSOR, &[], b"x");
        let old_key = old.keys[0].secret.clone();
        let mut fresh = [0; KEY_LENGTH];
        getrandom::fill(&mut fresh).unwrap();
        let ring = KeyRing::from_named([(2, Secret::new(fresh)), (1, old_key)]).unwrap();
        assert!(ring.open(CURSOR, &[], &sealed).is_ok());
        assert!(
            old.open(CURSOR, &[], &ring.seal(CURSOR, &[], b"x"))
                .is_err()
        );
    }

    #[test]
    fn refuses_keys_that_nobody_drew() {
        let text = |text: &str| KeyRing::from_text(&Secret::from(text)).map(|_| ());
        assert_eq!(text(&"00".repeat(32)), Err(KeyError::Weak));
        assert_eq!(text(&"ab".repeat(32)), Err(KeyError::Weak));
        assert_eq!(
            text("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
            Err(KeyError::Weak)
        );
        assert_eq!(text("changeme"), Err(KeyError::Malformed));
        assert_eq!(text(""), Err(KeyError::Malformed));
        assert_eq!(text(&"é".repeat(32)), Err(KeyError::Malformed));
    }
}
