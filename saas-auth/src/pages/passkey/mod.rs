//! What pages have of passkeys: forms that a script fills in, since nothing else can ask a device.
//!
//! The script is a file of ours (`passkey.js`), and only pages with such a form are let run one. The form stays hidden
//! where there is no script, and nothing is sent but by it: what the device answers goes the way of every other form.

#[cfg(feature = "passkeys")]
mod with;
#[cfg(not(feature = "passkeys"))]
mod without;

#[cfg(feature = "passkeys")]
pub(super) use with::{
    by_enrolment, by_second, confirm, instead_of_password, make, make_at_door, of_anybody,
    of_waiting,
};
#[cfg(not(feature = "passkeys"))]
pub(super) use without::{
    by_enrolment, by_second, confirm, instead_of_password, make, make_at_door, of_anybody,
    of_waiting,
};

use saas_core::{Id, Secret};

use crate::mfa::Factor;

/// A form that asks for a passkey.
pub(super) struct Ask {
    pub(super) options: String,
    pub(super) challenge: Secret<String>,
}

/// A form that makes a passkey.
pub(super) struct Make {
    pub(super) options: String,
    pub(super) factor: Id<Factor>,
}

/// What the script has filled in.
pub(super) struct Filled<'a> {
    pub(super) challenge: &'a Secret<String>,
    pub(super) answer: &'a str,
}
