//! The guard of one route: it decides before the handler is called.

mod layer;
mod public;
mod service;
mod verdict;

pub use layer::GuardLayer;
pub(crate) use public::PublicLayer;
pub use service::GuardService;
pub(crate) use verdict::{answer, refuse, scope};

use std::sync::Arc;

use crate::{Access, Authorizer};

/// What stands in the extensions of a request that a guard has let through.
#[derive(Debug, Clone)]
pub(crate) struct Guarding {
    pub(crate) authorizer: Authorizer,
    pub(crate) access: Arc<Access>,
}
