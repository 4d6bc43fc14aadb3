//! Caches and limits, as two tenants use them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests fail by panicking"
)]

mod cache;
#[cfg(feature = "axum")]
mod idempotency;
mod limit;
#[cfg(feature = "axum")]
mod network;
#[cfg(feature = "axum")]
mod requests;
mod settings;
mod ui;
