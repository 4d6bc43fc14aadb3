//! Where tenant and caller meet: the only way from a request to a [`Scope`](crate::Scope).

mod layer;
mod service;
mod verdict;

pub use layer::AdmitLayer;
pub use service::AdmitService;
pub use verdict::Admission;
use verdict::admit;
