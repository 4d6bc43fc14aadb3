//! The guard of one route: it decides before the handler is called.

mod layer;
mod service;
mod verdict;

pub use layer::GuardLayer;
pub use service::GuardService;
