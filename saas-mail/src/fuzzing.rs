//! What has to hold whatever somebody writes. Property tests ask it of texts that look like something, and the
//! targets under `fuzz/` of any others; it panics when it does not hold.

pub use crate::template::fuzzing::*;
