//! Addresses that somebody without a session may use, once they are signed.
//!
//! An object store signs its own (S3 by AWS Signature Version 4, Azure by a service SAS, Google by V4),
//! and the bytes then do not pass through the service. For a folder and for memory the service signs
//! with its [`KeyRing`](saas_core::KeyRing) and serves the address itself; so it does for every upload,
//! unless that is asked for otherwise, because an object store signs no bound on the size.
//!
//! ```text
//! {base}/{tenant}/{key}?signature={name of the key, method, end, bounds, tag}
//! ```
//!
//! Tenant and key stand in the path, where logs and people read them; the tag covers them with all the
//! rest. What is signed cannot be taken back one by one: it ends within minutes, and all at once when
//! the key that signed it leaves the ring.

mod claim;
mod signer;

use std::{collections::BTreeMap, time::Duration};

use saas_core::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::signer::{SignConfig, SignedAccess, SignedFile, UrlSigner};

/// What an address is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum SignedMethod {
    /// To read the file.
    Get,
    /// To write it.
    Put,
}

impl SignedMethod {
    /// Gives the name of the method.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
        }
    }
}

/// Says what is to be signed.
///
/// ```
/// use std::time::Duration;
/// use saas_storage::SignRequest;
///
/// let avatar = SignRequest::put(Duration::from_secs(300)).max_size(1 << 20).content_type("image/png");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignRequest {
    pub(crate) method: SignedMethod,
    pub(crate) expires_in: Duration,
    pub(crate) max_size: Option<u64>,
    pub(crate) content_type: Option<String>,
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) keep: bool,
    pub(crate) direct: bool,
    pub(crate) file_name: Option<String>,
}

impl SignRequest {
    const fn new(method: SignedMethod, expires_in: Duration) -> Self {
        Self {
            method,
            expires_in,
            max_size: None,
            content_type: None,
            sha256: None,
            keep: false,
            direct: false,
            file_name: None,
        }
    }

    /// To read the file.
    #[must_use]
    pub const fn get(expires_in: Duration) -> Self {
        Self::new(SignedMethod::Get, expires_in)
    }

    /// To write the file.
    #[must_use]
    pub const fn put(expires_in: Duration) -> Self {
        Self::new(SignedMethod::Put, expires_in)
    }

    /// Says under which name what is read is saved; otherwise it is the last segment of the key.
    #[must_use]
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Bounds the size of an upload, in bytes.
    #[must_use]
    pub const fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = Some(bytes);
        self
    }

    /// Says which `Content-Type` an upload must be sent with.
    #[must_use]
    pub fn content_type(mut self, kind: impl Into<String>) -> Self {
        self.content_type = Some(kind.into());
        self
    }

    /// Says which bytes an upload must have.
    #[must_use]
    pub const fn sha256(mut self, digest: [u8; 32]) -> Self {
        self.sha256 = Some(digest);
        self
    }

    /// Lets an upload create the file and not write over one.
    #[must_use]
    pub const fn keep_existing(mut self) -> Self {
        self.keep = true;
        self
    }

    /// Lets an upload go to the object store itself, where there is one. The store then holds to the
    /// type and to nothing else: neither to a bound on the size, nor to the digest, nor to whether the
    /// name is free. Whoever uses this looks at what arrived before anybody else does.
    #[must_use]
    pub const fn insecure_direct_upload(mut self) -> Self {
        self.direct = true;
        self
    }
}

/// A signed address.
///
/// Whoever has it has the file: it belongs in no log and under no link that others see.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SignedUrl {
    /// The address.
    pub url: String,
    /// The method that it was signed for.
    pub method: SignedMethod,
    /// Headers that have to be sent along.
    pub headers: BTreeMap<String, String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedUrl")
            .field("method", &self.method)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// An address that a service signed itself; for backends.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Presigned {
    /// The address.
    pub url: String,
    /// Headers that have to be sent along.
    pub headers: BTreeMap<String, String>,
}

impl Presigned {
    /// Names an address; for backends.
    #[must_use]
    pub const fn new(url: String, headers: BTreeMap<String, String>) -> Self {
        Self { url, headers }
    }
}

impl std::fmt::Debug for Presigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Presigned(…)")
    }
}
