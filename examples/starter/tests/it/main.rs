//! The starter over HTTP, as a client sees it, on SQLite and on PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

mod cancel;
mod clients;
mod clock;
mod contract;
mod crash;
mod devices;
mod document;
mod edge;
mod enrolment;
mod failpoints;
mod faults;
mod files;
mod frames;
mod full;
mod hostile;
mod identity;
mod input;
mod isolation;
mod latency;
mod life;
mod limits;
mod load;
mod log;
mod measure;
mod mfa;
mod migrating;
mod openidconnect;
mod outage;
mod projects;
mod proxies;
mod restore;
mod revocation;
mod roles;
mod settings;
mod share;
mod size;
mod smuggling;
mod soak;
mod stop;
mod telemetry;
mod tls;
mod uploads;
mod world;
