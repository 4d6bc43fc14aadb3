//! Layered configuration.

mod period;
pub use period::{InvalidPeriod, Period};
