//! Files of two tenants, on every backend.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    reason = "tests fail by panicking, and one prints what it measured"
)]

mod address;
mod agree;
#[cfg(feature = "azblob")]
mod azurite;
mod bulk;
mod conditional;
mod contend;
mod disk;
#[cfg(feature = "axum")]
mod download;
#[cfg(feature = "encrypt")]
mod encrypt;
mod files;
#[cfg(feature = "multipart")]
mod form;
mod grants;
mod isolation;
#[cfg(feature = "s3")]
mod object_store;
mod pages;
#[cfg(any(feature = "s3", feature = "azblob"))]
mod presign;
#[cfg(all(feature = "s3", feature = "azblob"))]
mod readers;
mod receive;
mod resume;
mod rows;
mod scan;
#[cfg(feature = "s3")]
mod server;
mod size;
mod sweep;
#[cfg(feature = "axum")]
mod tus;
#[cfg(feature = "axum")]
mod upload;
mod world;
