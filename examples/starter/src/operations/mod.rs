//! What runs around the handlers: the socket, health, metrics.

pub(crate) mod health;
pub(crate) mod metrics;
mod reload;
mod serve;
mod sweep;
mod weigh;

pub(crate) use serve::serve;
pub(crate) use weigh::weigh;
