//! The vocabulary that all crates of the family speak.
//!
//! Typed ids, times and the clock they come from, secrets, the proven caller, problems as clients
//! see them, sealed cursors, layered configuration, health, metrics. Plain data and small algorithms: in its
//! default form the crate knows no runtime, no database and no web framework.
//!
//! Tenants, and everything that touches their data, live in `saas-tenancy`: whoever mints access
//! must own what it guards.
//!
//! ```
//! use saas_core::{Code, Id, KeyRing, Problem};
//!
//! struct Invoice;
//!
//! fn find(text: &str) -> Result<Id<Invoice>, Problem> {
//!     text.parse().map_err(|_| Problem::new(Code::NOT_FOUND))
//! }
//!
//! assert!(find("not an id").is_err());
//! # let _ = KeyRing::generate()?;
//! # Ok::<(), saas_core::KeyError>(())
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod bus;
mod client_address;
pub mod config;
#[cfg(feature = "edge")]
pub mod edge;
pub mod failpoint;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod health;
mod id;
pub mod keys;
mod level;
pub mod limit;
pub mod mail;
pub mod metrics;
pub mod page;
mod principal;
pub mod problem;
#[cfg(feature = "sealing")]
mod sealing;
mod secret;
#[cfg(feature = "tasks")]
pub mod task;
#[cfg(feature = "telemetry")]
pub mod telemetry;
mod time;

pub use client_address::ClientAddress;
pub use id::{Id, InvalidId, SessionId, SessionTag, TenantId, TenantTag, UserId, UserTag};
pub use keys::{KeyError, KeyRing, Purpose};
pub use level::{InvalidLevel, Level};
pub use page::Page;
pub use principal::{Granted, Principal, PrincipalKind, VerifiedFacts};
pub use problem::{Code, FieldError, Problem};
pub use secret::Secret;
pub use time::{Clock, FixedClock, InvalidTimestamp, SystemClock, Timestamp};
