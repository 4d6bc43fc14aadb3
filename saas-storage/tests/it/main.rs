//! Files of two tenants, on disk and in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    reason = "tests fail by panicking, and one prints what it measured"
)]

mod agree;
mod contend;
mod disk;
#[cfg(feature = "axum")]
mod download;
mod files;
mod pages;
mod receive;
mod size;
#[cfg(feature = "axum")]
mod upload;
mod world;
