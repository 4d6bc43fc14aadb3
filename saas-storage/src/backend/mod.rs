//! Where the bytes go.
//!
//! OpenDAL moves them; what a path means is decided here, and the same for all backends. Most of
//! all, a path is a file or a folder and never both, which object stores would allow and file systems
//! cannot.

#[cfg(feature = "azblob")]
mod azblob;
mod fs;
#[cfg(feature = "gcs")]
mod gcs;
mod memory;
mod receive;
#[cfg(any(feature = "s3", feature = "azblob", feature = "gcs"))]
mod remote;
#[cfg(feature = "s3")]
mod s3;

use std::{ops::Range, sync::Arc};

use crate::{Error, Placement, Storage, StorageConfig};

/// Opens the place that a configuration names. A folder is made when there is none; what follows
/// `fs://` is taken as it is, without decoding. An object store is not asked yet.
///
/// # Errors
///
/// [`Error::Config`].
pub fn open(config: &StorageConfig) -> Result<Arc<dyn Storage>, Error> {
    const FORMS: &str = "`storage.url` must be `fs://folder`, `memory://`, `s3://bucket`, `azblob://container` or `gcs://bucket`";
    let wrong = |message: &str| Error::Config(message.to_owned());
    let max_size = config.max_file_size;
    // The URL itself is not repeated: somebody may have put a credential there.
    let (service, place) = config.url.split_once("://").ok_or_else(|| wrong(FORMS))?;
    if matches!(service, "memory" | "fs") && config.placement == Placement::Bucket {
        return Err(wrong(
            "`storage.placement` is `bucket`, and a folder has no buckets",
        ));
    }
    match (service, place) {
        ("memory", "") => Ok(Arc::new(memory::Memory::open(max_size)?)),
        ("fs", folder) if folder.chars().all(|c| c == '/') => {
            Err(wrong("`storage.url` names no folder"))
        }
        ("fs", folder) => Ok(Arc::new(fs::Disk::open(folder.as_ref(), max_size)?)),
        #[cfg(feature = "s3")]
        ("s3", place) => Ok(Arc::new(remote::Remote::open(&s3::SERVICE, place, config)?)),
        #[cfg(feature = "azblob")]
        ("azblob", place) => Ok(Arc::new(remote::Remote::open(
            &azblob::SERVICE,
            place,
            config,
        )?)),
        #[cfg(feature = "gcs")]
        ("gcs", place) => Ok(Arc::new(remote::Remote::open(
            &gcs::SERVICE,
            place,
            config,
        )?)),
        #[cfg(not(all(feature = "s3", feature = "azblob", feature = "gcs")))]
        (service, _) if ["s3", "azblob", "gcs"].contains(&service) => Err(wrong(
            "saas-storage was built without the feature that `storage.url` needs",
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
