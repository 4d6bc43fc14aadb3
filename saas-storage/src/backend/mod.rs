//! Where the bytes go.
//!
//! OpenDAL moves them; what a path means is decided here, and the same for all backends. Most of
//! all, a path is a file or a folder and never both, which object stores would allow and file systems
//! cannot.

mod fs;
mod memory;
mod receive;

use std::{fmt, ops::Range, sync::Arc};

use async_trait::async_trait;
use saas_tenancy::Scope;

use crate::{ByteStream, Error, FileInfo, FilePage, Key, Prefix, PutOptions};

/// Keeps files; implemented by whoever has another place for them, or wraps one.
///
/// # Contract
///
/// - **Space.** What is put in the scope of a tenant is reached in the scope of that tenant only.
///   For another tenant it is as if it did not exist.
/// - **Whole or not at all.** A file appears in one step, with all its bytes, after its stream has
///   ended without an error. Whatever happens before, the older file stays, and nothing that was
///   received is kept for long.
/// - **Cancellation.** Each future may be dropped at any point. What it began is then undone or
///   finished, in the background if need be.
/// - **Bounded.** Memory depends neither on the size of a file nor on how many there are. A slow
///   backend slows the stream down.
/// - **File or folder.** `a` and `a/b` are not there at the same time: the later `put` is refused
///   with [`Error::Conflict`]. A folder is there as long as there is a file in it.
/// - **One version.** The description that `get` returns belongs to the bytes in its stream.
/// - **Order.** `list` gives names in the order of their bytes, each once.
#[async_trait]
pub trait Backend: fmt::Debug + Send + Sync + 'static {
    /// Writes a file. A stream that gives more than [`PutOptions::limit`] is refused with
    /// [`Error::TooLarge`], one that fails with [`Error::Source`].
    async fn put(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        options: PutOptions,
    ) -> Result<FileInfo, Error>;

    /// Reads a file or a range of it. A range that begins or ends behind the end of the file, or
    /// before its own start, is refused with [`Error::Range`].
    async fn get(
        &self,
        scope: &Scope,
        key: &Key,
        range: Option<Range<u64>>,
    ) -> Result<(FileInfo, ByteStream), Error>;

    /// Describes a file, or says [`Error::NotFound`]. A folder is no file.
    async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error>;

    /// Deletes a file. Of several callers at once, one is told that there was one.
    async fn delete(&self, scope: &Scope, key: &Key) -> Result<bool, Error>;

    /// Lists at most `limit` files behind `after`. A folder that does not exist is empty.
    async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<FilePage, Error>;
}

/// Opens the place that a URL names: `fs://folder` (relative to the working directory),
/// `fs:///folder` (absolute) or `memory://`. What follows `fs://` is taken as it is, without
/// decoding.
///
/// # Errors
///
/// [`Error::Config`].
pub fn open_backend(url: &str) -> Result<Arc<dyn Backend>, Error> {
    const FORMS: &str = "must be `fs://folder` or `memory://`";
    let wrong = |message: &str| Error::Config(message.to_owned());
    match url.split_once("://") {
        Some(("memory", "")) => Ok(Arc::new(memory::Memory::open()?)),
        Some(("fs", folder)) if folder.chars().all(|c| c == '/') => Err(wrong("names no folder")),
        Some(("fs", folder)) => Ok(Arc::new(fs::Disk::open(folder.as_ref())?)),
        // The URL itself is not repeated: it can hold a credential.
        Some(("s3" | "azblob" | "gcs", _)) => Err(wrong(
            "this version keeps files in `fs://` and `memory://` only",
        )),
        _ => Err(wrong(FORMS)),
    }
}

/// Tells whether a range lies inside a file, and gives the whole file where none is asked for.
fn check_range(range: Option<Range<u64>>, size: u64) -> Result<Range<u64>, Error> {
    match range.unwrap_or(0..size) {
        range if range.start > range.end || range.end > size => Err(Error::Range { size }),
        range => Ok(range),
    }
}
