//! A panic as an answer.

use std::any::Any;

use axum::{body::Body, response::IntoResponse as _};

use crate::{Code, Problem};

/// Answers for a handler that panicked. The message is for the log only: it may hold anything.
#[expect(
    clippy::needless_pass_by_value,
    reason = "tower-http hands the panic over by value"
)]
pub(super) fn answer(panic: Box<dyn Any + Send>) -> http::Response<Body> {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    tracing::error!(panic = message, "a handler panicked");
    Problem::new(Code::INTERNAL).into_response()
}
