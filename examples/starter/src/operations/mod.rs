//! What runs around the handlers: the socket, health, metrics, versions.

pub(crate) mod health;
pub(crate) mod metrics;
mod serve;
mod sweep;
pub(crate) mod version;

pub(crate) use serve::serve;
