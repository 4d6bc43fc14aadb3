//! The secret of a browser's session, as its cookie carries it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_core::{Id, Secret};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::SessionRow;
use crate::Error;

const SECRET: usize = 32;
/// Row and secret in base64url without padding.
const ENCODED: usize = (16 + SECRET) * 4 / 3;

/// Which row, and the secret that proves that it was given out here.
#[derive(Debug)]
pub(crate) struct Text {
    pub(super) row: Id<SessionRow>,
    secret: Secret<[u8; SECRET]>,
}

impl Text {
    pub(super) fn generate(row: Id<SessionRow>) -> Result<Self, Error> {
        let mut secret = [0; SECRET];
        getrandom::fill(&mut secret).map_err(|_| Error::Crypto("no random bytes"))?;
        Ok(Self {
            row,
            secret: Secret::new(secret),
        })
    }

    /// Reads what a browser sent. There is one spelling of each text only.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() != ENCODED {
            return None;
        }
        let bytes = Secret::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let (row, secret) = bytes.expose().split_first_chunk::<16>()?;
        Some(Self {
            row: Id::from_uuid(Uuid::from_bytes(*row)),
            secret: Secret::new(secret.try_into().ok()?),
        })
    }

    pub(super) fn write(&self) -> Secret<String> {
        let row = self.row.as_uuid();
        let parts: [&[u8]; 2] = [row.as_bytes(), self.secret.expose()];
        let bytes = Secret::new(parts.concat());
        Secret::new(URL_SAFE_NO_PAD.encode(bytes.expose()))
    }

    /// Gives what is kept of the secret. 256 random bits need no slow hash.
    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.secret.expose()).to_vec()
    }

    pub(super) fn matches(&self, hash: Option<&[u8]>) -> bool {
        hash.is_some_and(|hash| self.hash().ct_eq(hash).into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pwd_17_a_secret_is_256_random_bits_kept_as_a_hash() {
        let text = Text::generate(Id::generate()).unwrap();
        let written = text.write();
        let read = Text::parse(written.expose()).unwrap();
        assert_eq!(read.row, text.row);
        assert!(read.matches(Some(&text.hash())));
        assert!(!read.matches(None));
        assert!(!read.matches(Some(&[])));
        assert_eq!(text.hash().len(), 32);
        assert!(
            !text
                .hash()
                .windows(8)
                .any(|part| text.secret.expose().starts_with(part))
        );
    }

    proptest! {
        #[test]
        fn any_cookie_is_read_or_refused(value in "([ -~]{0,12}|__Host-session-0101010101010101=([A-Za-z0-9_-]{64}|[ -~]{0,4})|;[ \t\u{a0}]?|[\u{80}-\u{ff}]|=){0,4}") {
            super::super::fuzzing::session_cookie(value.as_bytes());
        }

        #[test]
        fn a_text_has_one_spelling(text in "[A-Za-z0-9_-]{64}") {
            let value = format!("__Host-session-0101010101010101={text}");
            super::super::fuzzing::session_cookie(value.as_bytes());
        }
    }
}
