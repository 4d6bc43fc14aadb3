//! Databases and tenants for tests, in one line.
//!
//! A test gets a database of its own, in both dialects, with the roles that production has: an
//! owner who migrates, and a service that reads and writes under row-level security. Everything is
//! removed when the [`TestDatabase`] is dropped, so tests run in parallel and leave nothing behind.
//!
//! PostgreSQL is named by `TEST_DATABASE_URL`, a superuser's URL; `cargo xtask test` starts one and
//! sets it. Without it a test that asks for PostgreSQL fails and says so: nothing is skipped in
//! silence.
//!
//! Redis is named by `TEST_REDIS_URL`; a [`TestRedis`] has a prefix for the keys of its test, or a server of its own that
//! can be ended and frozen.
//!
//! A [`LeakProbe`] calls every operation of a service as one tenant with the ids of another.
//!
//! A [`FaultyLink`] stands between a service and its database, and breaks.
//!
//! This crate is a development dependency. It panics where a test has to fail.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot set up its world has failed"
)]

mod database;
mod faults;
mod probe;
mod redis;
mod reference;
mod tenants;

pub use database::TestDatabase;
pub use faults::FaultyLink;
pub use probe::{Leak, LeakProbe, LeakReport, ProbeTenant};
pub use redis::TestRedis;
pub use reference::assert_reference;
pub use tenants::TestSetup;
