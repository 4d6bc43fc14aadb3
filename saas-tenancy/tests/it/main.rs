//! The wall, from outside: what a program can reach, and what it cannot.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests fail by panicking"
)]

mod admit;
mod audit;
mod batch;
mod cancel;
mod domains;
mod isolation;
mod log;
mod migrate;
mod model;
mod outbox;
mod pages;
mod related;
mod replica;
mod repository;
mod server;
mod transaction;
mod ui;
mod verify;
mod world;
