//! What stands around every handler and knows no tenant.
//!
//! [`stack`] puts the layers around a service, in the one order that is written down there.
//! [`serve`] runs it on a socket. [`Json`], [`Path`] and [`Query`] are the extractors of axum with
//! problems as rejections.

mod body;
mod config;
mod cors;
mod extract;
mod finish;
mod limit;
mod panic;
mod request;
mod request_id;
mod serve;
mod stack;

pub use body::BodyFault;
pub use config::{CorsConfig, EdgeConfig};
pub use extract::{Json, Path, Query, read_body};
pub use limit::{Limits, LimitsLayer, LimitsService};
pub use request::{RequestLayer, RequestService};
pub use request_id::RequestId;
pub use serve::{ServeConfig, serve};
pub use stack::stack;
