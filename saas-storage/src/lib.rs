//! Files of tenants, over OpenDAL.
//!
//! A file is reached with a [`Scope`](saas_tenancy::Scope) and a [`Key`]: the scope says whose it
//! is, and the key is a checked path that cannot leave the tenant's space.
//!
//! ```
//! use saas_storage::Key;
//!
//! assert!("reports/2026/may.pdf".parse::<Key>().is_ok());
//! for wrong in ["", "/etc/passwd", "../beta/x", "a//b", "a/./b", "a\\b", "a%2fb", "a\0b"] {
//!     assert!(wrong.parse::<Key>().is_err(), "{wrong:?}");
//! }
//! ```
//!
//! Files are streamed both ways, so their size does not matter to memory, and a file that was not
//! received to its end is never seen.
//!
//! An application holds an `Arc<dyn Storage>` that [`open`] made from its configuration. Folders on disk
//! and memory come with the crate, object stores with the features `s3`, `azblob` and `gcs`, and all
//! give the same answers: what OpenDAL and the services do differently is settled here.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod backend;
mod config;
#[cfg(any(feature = "axum", feature = "s3", feature = "azblob", feature = "gcs"))]
mod disposition;
#[cfg(feature = "axum")]
mod download;
#[cfg(feature = "encrypt")]
mod encrypt;
mod error;
mod file;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod grant;
mod key;
mod measure;
mod module;
mod object;
mod problem;
mod resume;
mod scan;
mod storage;
#[cfg(all(doctest, feature = "axum", feature = "encrypt"))]
mod surfaces;
mod sweep;
mod upload;

pub use address::{
    Presigned, SignConfig, SignRequest, SignedAccess, SignedFile, SignedMethod, SignedUrl,
    UrlSigner,
};
pub use backend::open;
pub use config::{Placement, StorageConfig};
#[cfg(feature = "axum")]
pub use download::download;
#[cfg(feature = "encrypt")]
pub use encrypt::{Encrypted, KeyProvider, LocalKeys, TenantKeys};
pub use error::Error;
pub use file::{ByteStream, Existing, FileInfo, FilePage, MAX_PAGE, PutOptions};
pub use grant::{Grant, GrantTo, Grants, GrantsConfig, LinkAccess, NewGrant, Pass, ShareLink};
pub use key::{InvalidKey, Key, Prefix};
pub use measure::{Measured, Operation, OperationCounts, StorageMetrics};
#[cfg(feature = "encrypt")]
pub use module::KEYS_MODULE;
pub use module::MODULE;
pub use object::{File, FileFacts, Files, FilesConfig, FolderPage, Usage};
#[cfg(feature = "axum")]
pub use resume::{TUS_DISCOVERY, tus};
pub use resume::{Upload, Uploads, UploadsConfig};
pub use scan::{Scan, ScanVerdict, Scanned};
pub use storage::Storage;
pub use sweep::Swept;

#[cfg(feature = "multipart")]
pub use upload::{Form, FormFile};
#[cfg(feature = "axum")]
pub use upload::{announced_size, body_stream, put_options};
