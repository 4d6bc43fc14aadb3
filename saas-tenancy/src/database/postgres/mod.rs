//! PostgreSQL: one pool, and every statement carries its tenant.

mod audit;
mod pool;
mod values;
mod watch;

pub(crate) use audit::audit;
pub(crate) use pool::{Pool, Pooled};
pub(crate) use values::{bind, read};
