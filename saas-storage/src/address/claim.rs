//! What a signature says, as bytes.

use saas_core::Timestamp;

use super::SignedMethod;

/// Of this form.
const FORM: u8 = 1;

/// What a signature says beside tenant and key, which it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) method: SignedMethod,
    pub(super) keep: bool,
    pub(super) expires_at: Timestamp,
    pub(super) max_size: Option<u64>,
    pub(super) sha256: Option<[u8; 32]>,
    pub(super) content_type: Option<String>,
}

impl Claim {
    /// Each member has a fixed place, and the only one without a fixed length is the last.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let method = match self.method {
            SignedMethod::Get => 0,
            SignedMethod::Put => 1,
        };
        let mut bytes = vec![FORM, method, u8::from(self.keep)];
        bytes.extend(self.expires_at.as_micros().to_be_bytes());
        bytes.extend(self.max_size.unwrap_or(u64::MAX).to_be_bytes());
        match self.sha256 {
            Some(digest) => {
                bytes.push(1);
                bytes.extend(digest);
            }
            None => bytes.push(0),
        }
        if let Some(kind) = &self.content_type {
            bytes.extend(kind.as_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let ([FORM, method, keep], rest) = bytes.split_first_chunk()? else {
            return None;
        };
        let (expires_at, rest) = rest.split_first_chunk()?;
        let (max_size, rest) = rest.split_first_chunk()?;
        let (sha256, rest) = match rest.split_first()? {
            (0, rest) => (None, rest),
            (1, rest) => {
                let (digest, rest) = rest.split_first_chunk()?;
                (Some(*digest), rest)
            }
            _ => return None,
        };
        let content_type = std::str::from_utf8(rest).ok()?;
        Some(Self {
            method: match method {
                0 => SignedMethod::Get,
                1 => SignedMethod::Put,
                _ => return None,
            },
            keep: match keep {
                0 => false,
                1 => true,
                _ => return None,
            },
            expires_at: Timestamp::from_micros(i64::from_be_bytes(*expires_at)).ok()?,
            max_size: Some(u64::from_be_bytes(*max_size)).filter(|size| *size != u64::MAX),
            sha256,
            content_type: (!content_type.is_empty()).then(|| content_type.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_claim_comes_back(
            put: bool, keep: bool, at in 0..4_000_000_000_000_000_i64,
            max_size in proptest::option::of(0..u64::MAX), sha256: Option<[u8; 32]>,
            content_type in proptest::option::of("[a-z]{1,8}/[a-z+.]{1,20}"),
        ) {
            let claim = Claim {
                method: if put { SignedMethod::Put } else { SignedMethod::Get },
                keep, expires_at: Timestamp::from_micros(at).unwrap(), max_size, sha256, content_type,
            };
            prop_assert_eq!(Claim::from_bytes(&claim.to_bytes()), Some(claim));
        }

        #[test]
        fn other_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            if let Some(claim) = Claim::from_bytes(&bytes) {
                prop_assert_eq!(claim.to_bytes(), bytes);
            }
        }
    }
}
