//! The guard of one route: it decides before the handler is called.

mod layer;
mod public;
mod service;
mod verdict;

pub use layer::GuardLayer;
pub(crate) use public::PublicLayer;
pub use service::GuardService;
pub(crate) use verdict::{answer, scope};
