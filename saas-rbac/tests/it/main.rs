//! Permissions, from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod casbin;
mod engine;
mod escalation;
mod explain;
mod guard;
mod roles;
mod rule;
mod ui;
mod watch;
mod world;
