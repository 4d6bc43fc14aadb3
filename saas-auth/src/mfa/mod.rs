//! Second factors, and one policy for all doors.
//!
//! - [`SecondFactors`] keeps what people prove themselves with besides a password: codes by time (RFC 6238), passkeys
//!   (WebAuthn, with the feature `passkeys`) and recovery codes. They belong to the person, and are the same in every tenant;
//!   A code by mail is a weak one, for those who have none of these (`mailed.rs`);
//! - a tenant asks for them by [rules](MfaRule), of everybody or of a role;
//! - whoever comes through a door has a claim, and one pure function says whether it is enough (`policy.rs`). Only
//!   what it has cleared becomes [`Authenticated`](crate::Authenticated), so a door that forgets to ask does not
//!   compile;
//! - who has to prove more first is [`Pending`], which is no session: no route knows it but those for second factors;
//! - `MfaLayer` asks the same function at every request, so that a new rule reaches whoever is signed in, and
//!   `Fresh` asks it in a handler.

mod clearance;
mod deciding;
mod enrolling;
mod factor;
#[cfg(feature = "axum")]
mod fresh;
#[cfg(feature = "axum")]
mod layer;
mod mailed;
mod naming;
#[cfg(feature = "passkeys")]
pub(crate) mod passkey;
mod pending;
mod policy;
mod proving;
mod recovery;
mod remembered;
mod rule;
mod second_factors;
#[cfg(feature = "axum")]
mod service;
mod stepped;
pub(crate) mod store;
mod totp;

pub use clearance::Wanted;
pub(crate) use clearance::{Claim, Clearance, Cleared};
pub use enrolling::RecoveryCodes;
pub use factor::{Factor, FactorKind, TotpEnrolment};
#[cfg(feature = "axum")]
pub use fresh::{Aal1, Aal2, AtLeast, Fresh, PhishingResistant};
#[cfg(feature = "axum")]
pub use layer::MfaLayer;
pub(crate) use mailed::MailedCode;
#[cfg(feature = "passkeys")]
pub(crate) use passkey::{Asker, METHODS, RelyingParty};
#[cfg(feature = "passkeys")]
pub use passkey::{PasskeyAnswer, PasskeyChallenge, PasskeyEnrolment, PasskeyProof};
pub use pending::Pending;
pub use policy::Requirement;
pub(crate) use policy::{Asked, REMEMBERED};
pub use proving::Proof;
pub use remembered::RememberedDevice;
pub(crate) use remembered::forget_devices;
pub use rule::MfaRule;
pub(crate) use rule::RuleRow;
pub(crate) use second_factors::tell_of_reset;
pub use second_factors::{MemberRoles, SecondFactors};
#[cfg(feature = "axum")]
pub use service::MfaService;
pub use stepped::SteppedUp;
