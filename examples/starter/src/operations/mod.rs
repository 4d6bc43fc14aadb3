//! What runs around the handlers: the socket, health, metrics, versions.

pub(crate) mod health;
pub(crate) mod metrics;
mod reload;
mod serve;
mod sweep;
pub(crate) mod version;
mod weigh;

pub(crate) use serve::serve;
pub(crate) use weigh::weigh;
