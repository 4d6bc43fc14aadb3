//! What goes in and out: contents, descriptions, pages, and how to write.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use saas_core::Timestamp;
use serde::Serialize;

use crate::{Error, Key};

/// How many files a page can have.
pub const MAX_PAGE: usize = 1000;

/// The contents of a file, piece by piece.
pub type ByteStream =
    Pin<Box<dyn Stream<Item = Result<Bytes, Box<dyn std::error::Error + Send + Sync>>> + Send>>;

/// Describes a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileInfo {
    /// Its name.
    pub path: Key,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, where the backend knows. An object store says so when the file is
    /// read or listed, and not when it was just written.
    pub modified_at: Option<Timestamp>,
    /// Differs between two versions that have the same size and time. It is part of the validator
    /// and of no answer.
    #[serde(skip)]
    version: Option<u64>,
    /// The validator of the backend, in place of one made from the rest.
    #[serde(skip)]
    etag: Option<String>,
}

impl FileInfo {
    /// Describes a file; for backends.
    #[must_use]
    pub const fn new(path: Key, size: u64, modified_at: Option<Timestamp>) -> Self {
        Self {
            path,
            size,
            modified_at,
            version: None,
            etag: None,
        }
    }

    /// Adds a number that the backend gives to each version of a file, such as its inode.
    #[must_use]
    pub const fn with_version(mut self, version: u64) -> Self {
        self.version = Some(version);
        self
    }

    /// Adds the validator that the backend gives to each version of a file, as it stands in the header
    /// of HTTP, with its quotes.
    #[must_use]
    pub fn with_etag(mut self, etag: impl Into<String>) -> Self {
        self.etag = Some(etag.into());
        self
    }

    /// Gives a validator (RFC 9110, section 8.8.3), where the backend has one or knows when the file
    /// was written. Object stores and memory have strong ones.
    ///
    /// That of a disk is weak because none of size, time and inode promises that two files that
    /// agree in it have the same bytes: others may put files there too, clocks of file systems tick
    /// every few milliseconds, and an inode is used again.
    #[must_use]
    pub fn etag(&self) -> Option<String> {
        if self.etag.is_some() {
            return self.etag.clone();
        }
        let time = self.modified_at?.as_micros();
        Some(match self.version {
            Some(version) => format!("W/\"{:x}-{time:x}-{version:x}\"", self.size),
            None => format!("W/\"{:x}-{time:x}\"", self.size),
        })
    }
}

/// A page of files, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FilePage {
    /// The files.
    pub items: Vec<FileInfo>,
    /// The name to go on after; absent on the last page.
    pub next: Option<Key>,
}

impl FilePage {
    /// Makes a page; for backends.
    #[must_use]
    pub const fn new(items: Vec<FileInfo>, next: Option<Key>) -> Self {
        Self { items, next }
    }
}

/// Says how to write a file.
///
/// ```
/// use saas_storage::{Existing, PutOptions};
///
/// let avatar = PutOptions::default().max_size(1 << 20).existing(Existing::Keep);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutOptions {
    max_size: u64,
    existing: Existing,
    sha256: Option<[u8; 32]>,
    named_by_us: bool,
}

/// Says what becomes of a file that has the name already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Existing {
    /// The new file takes its place, in one step.
    #[default]
    Replace,
    /// It stays, and the new one is refused with [`Error::Exists`]. Of many that come at once exactly
    /// one is kept.
    Keep,
    /// The new file takes the place of the version that has this validator (of
    /// [`FileInfo::etag`]), and is refused with [`Error::Changed`] where there is another or none.
    Match(String),
}

impl Default for PutOptions {
    fn default() -> Self {
        Self {
            max_size: u64::MAX,
            existing: Existing::Replace,
            sha256: None,
            named_by_us: false,
        }
    }
}

impl PutOptions {
    /// Lets the file have so many bytes at most. It can only lower the bound of the configuration.
    #[must_use]
    pub const fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = bytes;
        self
    }

    /// Says what becomes of a file that has the name already.
    #[must_use]
    pub fn existing(mut self, existing: Existing) -> Self {
        self.existing = existing;
        self
    }

    /// Says which bytes the file has. Others are refused with [`Error::Digest`], and nothing is kept.
    #[must_use]
    pub const fn sha256(mut self, digest: [u8; 32]) -> Self {
        self.sha256 = Some(digest);
        self
    }

    /// Gives the SHA-256 that the bytes must have; for backends.
    #[must_use]
    pub const fn digest(&self) -> Option<[u8; 32]> {
        self.sha256
    }

    /// Gives the bound; for backends.
    #[must_use]
    pub const fn limit(&self) -> u64 {
        self.max_size
    }

    /// Gives what becomes of an existing file; for backends.
    #[must_use]
    pub const fn on_existing(&self) -> &Existing {
        &self.existing
    }

    /// Says that the name was just made and is of this crate alone, so that nothing can be in its way.
    pub(crate) const fn named_by_us(mut self) -> Self {
        self.named_by_us = true;
        self
    }

    /// Tells whether nothing can be in the way of the name.
    pub(crate) const fn is_named_by_us(&self) -> bool {
        self.named_by_us
    }

    /// Gives the same for bytes that stand for those of the caller, of which there may be so many.
    #[cfg(feature = "encrypt")]
    pub(crate) fn in_place_of(self, max_size: u64) -> Self {
        Self {
            max_size,
            existing: self.existing,
            sha256: None,
            named_by_us: self.named_by_us,
        }
    }

    /// Judges what was found under the name; for backends.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`], [`Error::Changed`].
    pub fn check(&self, found: Option<&FileInfo>) -> Result<(), Error> {
        match &self.existing {
            Existing::Keep if found.is_some() => Err(Error::Exists),
            Existing::Match(etag) if found.and_then(FileInfo::etag).as_ref() != Some(etag) => {
                Err(Error::Changed)
            }
            _ => Ok(()),
        }
    }
}
