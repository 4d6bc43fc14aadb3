//! Passkeys (WebAuthn Level 3): keys of a device that sign for nobody but us.
//!
//! The protocol is that of `webauthn-rs`; here is what a service has to see to besides. Where each rule stands:
//!
//! - **whose they are** (`relying_party.rs`): one id for the whole installation, since factors belong to the person and
//!   are the same in every tenant; and of each tenant the exact origins from which they may be used;
//! - **what is kept** (`store.rs`, `sealing.rs`): the public key and its counter, sealed for person and row, in the table of
//!   second factors. The id of a credential is there once;
//! - **enrolment** (`enrol.rs`): the challenge is kept in the row that waits to be confirmed, so one person has one
//!   at a time;
//! - **proof** (`challenge.rs`, `prove.rs`): the challenge travels sealed, bound to tenant, person and who asked, so
//!   whoever opens a page writes nothing; the row that says it was used comes with the first good answer;
//! - **what browsers answer** (`answer.rs`): bounded in size before anything reads it, and of an exact origin.
//!
//! The device has to verify its holder each time, so a passkey alone is two factors: `pop` and `uv`, see
//! [`Level`](saas_core::Level). Nobody is asked which device it is (attestation `none`).

mod answer;
mod challenge;
mod enrol;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod prove;
mod relying_party;
mod sealing;
mod store;

pub use answer::PasskeyAnswer;
pub(crate) use challenge::Asker;
pub use challenge::{PasskeyChallenge, PasskeyProof};
pub use enrol::PasskeyEnrolment;
pub(crate) use prove::METHODS;
pub(crate) use relying_party::RelyingParty;
