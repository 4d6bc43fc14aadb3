//! The credential of a request, and what became of it.

mod bearer;
mod cookie;
mod forgery;

use http::request::Parts;
use saas_core::{Principal, Problem};

pub(crate) use bearer::bearer;
pub(crate) use cookie::{carries_session, session};
pub use forgery::FormToken;
pub(crate) use forgery::same_origin;

/// What became of a credential. Absent and wrong are told apart: the one goes on as nobody, the
/// other is refused.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// There is none.
    NotAttempted,
    /// It is good.
    Verified(Principal),
    /// It is not.
    Refused(Problem),
}

/// Tells whether a request names a credential in its header. Then no other is looked at.
pub(crate) fn has_authorization(parts: &Parts) -> bool {
    parts.headers.contains_key(http::header::AUTHORIZATION)
}
