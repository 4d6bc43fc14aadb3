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
//! An application holds a [`Storage`], which is cheap to clone. Where the bytes go is the business
//! of a [`Backend`]: folders on disk (`fs://`) and memory (`memory://`) come with the crate, and
//! both give the same answers.

mod backend;
mod config;
#[cfg(feature = "axum")]
mod download;
mod error;
mod file;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod key;
mod problem;
mod storage;
#[cfg(all(doctest, feature = "axum"))]
mod surfaces;
#[cfg(feature = "axum")]
mod upload;

pub use backend::{Backend, open_backend};
pub use config::StorageConfig;
#[cfg(feature = "axum")]
pub use download::download;
pub use error::Error;
pub use file::{ByteStream, Existing, FileInfo, FilePage, PutOptions};
pub use key::{InvalidKey, Key, Prefix};
pub use storage::Storage;
#[cfg(feature = "axum")]
pub use upload::body_stream;
