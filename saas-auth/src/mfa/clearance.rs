//! What a door has found out, and whether that is enough.

use saas_core::{Level, Timestamp, UserId};
use saas_tenancy::Tenant;

use super::policy::{self, Decision, Strength};

/// Who somebody has proven to be at a door, and how. It is good for nothing until the policy has cleared it.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) tenant: Tenant,
    pub(crate) user: UserId,
    /// When the proof began.
    pub(crate) at: Timestamp,
    /// The ways of the proof (RFC 8176).
    pub(crate) methods: Vec<String>,
}

impl Claim {
    pub(crate) fn level(&self) -> Level {
        Level::of(&self.methods)
    }

    /// What it is worth for a rule; see [`policy::standing`].
    pub(crate) fn standing(&self) -> Strength {
        policy::standing(&self.methods)
    }
}

/// A claim that the policy has cleared. Nothing else makes one, and nobody becomes authenticated without: a door
/// that forgets to ask does not compile.
#[derive(Debug, Clone)]
pub(crate) struct Cleared(Claim);

impl Cleared {
    pub(crate) const fn claim(&self) -> &Claim {
        &self.0
    }

    pub(crate) fn into_claim(self) -> Claim {
        self.0
    }
}

/// What the policy says about a claim.
#[derive(Debug)]
pub(crate) enum Clearance {
    Cleared(Cleared),
    /// More is to be proven, or enrolled, first.
    Pending(Claim, Wanted),
    Denied,
}

/// What is wanted of somebody before they may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wanted {
    /// Proof of a second factor that they have, up to this level.
    Proof(Level),
    /// A second factor that they have to enrol first, for this level.
    Enrolment(Level),
    /// The code that they were just sent by mail, as [`Proof::Mailed`](super::Proof::Mailed): they have no other factor.
    MailedCode,
}

impl Clearance {
    pub(super) fn of(decision: Decision, claim: Claim) -> Self {
        match decision {
            Decision::Allow => Self::Cleared(Cleared(claim)),
            Decision::StepUp(level) => Self::Pending(claim, Wanted::Proof(level)),
            Decision::Enrol(level) => Self::Pending(claim, Wanted::Enrolment(level)),
            Decision::Mail => Self::Pending(claim, Wanted::MailedCode),
            Decision::Deny => Self::Denied,
        }
    }
}
