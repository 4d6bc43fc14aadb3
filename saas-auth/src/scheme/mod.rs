//! The credential of a request, and what became of it.

mod bearer;
mod cookie;
mod forgery;
mod stored;

use saas_core::{Principal, Problem};

pub(crate) use bearer::bearer;
#[cfg(feature = "pages")]
pub(crate) use cookie::principal;
pub use forgery::FormToken;
pub(crate) use forgery::same_origin;
pub(crate) use stored::Stored;

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
