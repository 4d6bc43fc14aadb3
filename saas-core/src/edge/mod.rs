//! What stands around every handler and knows no tenant.
//!
//! [`stack`] puts the layers around a service, in the one order that is written down there.
//! [`serve`] runs it on a socket that [`listen`] opens. [`Json`], [`Path`] and [`Query`] are the extractors of axum with
//! problems as rejections.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use saas_core::edge::{self, EdgeConfig, ServeConfig};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let router = Router::new().route("/", get(async || "here"));
//! let service = edge::stack(&EdgeConfig::default(), router)?;
//! let listener = edge::listen("127.0.0.1:8080").await?;
//! edge::serve(listener, service, ServeConfig::default(), edge::stop_signal()?).await?;
//! # Ok(())
//! # }
//! ```

mod ahead;
mod body;
mod coding;
mod compress;
mod condition;
mod config;
mod cors;
mod deprecation;
mod extract;
mod fields;
mod finish;
mod gate;
mod limit;
mod panic;
mod request;
mod request_id;
mod serve;
mod stack;
mod trace_context;
mod version;

pub use ahead::read_ahead;
pub use body::BodyFault;
pub use config::{CorsConfig, EdgeConfig};
pub use deprecation::{Deprecation, DeprecationLayer, DeprecationService};
pub use extract::{Json, Path, Query, read_body};
pub use fields::Fields;
pub use gate::GateFuture;
pub use limit::{Limits, LimitsLayer, LimitsService};
pub use request::{RequestLayer, RequestService};
pub use request_id::RequestId;
#[cfg(feature = "tls")]
pub use serve::TlsConfig;
#[cfg(any(unix, windows))]
pub use serve::stop_signal;
pub use serve::{ServeConfig, listen, serve};
pub use stack::{stack, stack_with};
pub use version::{ETag, IfMatch};
