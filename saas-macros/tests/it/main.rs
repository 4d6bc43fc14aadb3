//! What the macros expand to, and what they refuse.
//!
//! A macro crate exports nothing but its macros, so its modules are taken in here as they are. How the
//! errors look in a program is shown by the cases under `tests/ui` of the crates that re-export the
//! macros.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "tests fail by panicking, and the modules are those of the library"
)]

#[path = "../../src/entity/mod.rs"]
mod entity;
#[path = "../../src/errors.rs"]
mod errors;
#[path = "../../src/names.rs"]
mod names;
#[path = "../../src/options.rs"]
mod options;
#[path = "../../src/permission/mod.rs"]
mod permission;
#[path = "../../src/repository/mod.rs"]
mod repository;

mod expand;
mod refused;
mod statement;
