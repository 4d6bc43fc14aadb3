//! People let programs in (RFC 6749, section 4.1, and OpenID Connect Core, section 3.1).
//!
//! A `GET` changes nothing here. While a person signs in and is asked, the request travels with the browser,
//! sealed, with the time at which it was made; so a sign-in that was asked for can be told from one before, and
//! nothing has to be kept of what nobody comes back to. A request that waits for consent is bound to the session
//! that was asked, and so is the code: whoever signs in meanwhile in another tab allows nothing with it.

mod asked;
mod decision;
mod destination;
mod fault;
mod pending;
mod pushed;
mod routes;

/// Where people are sent to.
pub(crate) const PATH: &str = "/oauth/authorize";

pub(super) use asked::Micros;
pub use destination::Destination;
pub(super) use fault::Fault;
pub use pending::{AskedScope, PendingConsent};
pub use pushed::push;
pub use routes::{authorize, authorize_by_form};
