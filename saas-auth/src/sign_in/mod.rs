//! The doors: every way to prove who one is.
//!
//! A door gives an [`Authenticated`], which nothing outside of this crate can make, and sessions and tokens
//! begin with nothing else. So a door that forgets a check that the others make does not exist: they end in
//! one function.

#[cfg(feature = "passkeys")]
mod passkey;
mod password;
mod second;
mod switch;
mod throttle;

use std::{fmt, time::Duration};

use saas_core::{Level, SessionId, Timestamp, UserId};
use saas_tenancy::{Scope, Tenant};

pub use password::SignIns;

use crate::{
    Device, Error,
    mfa::{Claim, Cleared, Pending, Wanted},
};

/// Somebody who has just proven who they are, as a member of one tenant.
#[derive(Clone)]
pub struct Authenticated {
    scope: Scope,
    user: UserId,
    at: Timestamp,
    methods: Vec<String>,
    device: Device,
    origin: Option<SessionId>,
    /// Of which state of the account this is; none where a session that is locked meanwhile says so.
    generation: Option<i64>,
    /// When what comes of it ends in any case.
    until: Option<Timestamp>,
}

impl Authenticated {
    /// The one place where somebody becomes authenticated: with a claim that the policy about second factors has
    /// cleared, which has no other maker.
    pub(crate) fn new(scope: Scope, cleared: Cleared, device: Device) -> Self {
        let Claim {
            user, at, methods, ..
        } = cleared.into_claim();
        Self {
            scope,
            user,
            at,
            methods,
            device,
            origin: None,
            generation: None,
            until: None,
        }
    }

    /// Says which state of the account was looked at. Nothing begins when it has changed since.
    pub(crate) const fn of_generation(mut self, generation: i64) -> Self {
        self.generation = Some(generation);
        self
    }

    /// Says when everything that comes of it ends.
    pub(crate) const fn until(mut self, until: Timestamp) -> Self {
        self.until = Some(until);
        self
    }

    /// Says from which session of a browser this comes.
    pub(crate) const fn of_session(mut self, session: SessionId) -> Self {
        self.origin = Some(session);
        self
    }

    /// Gives the tenant.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        self.scope.tenant()
    }

    /// Gives the person.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// Gives the time of the proof.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Gives the ways of the proof (RFC 8176).
    #[must_use]
    pub fn methods(&self) -> &[String] {
        &self.methods
    }

    /// Tells where it came from.
    #[must_use]
    pub const fn device(&self) -> &Device {
        &self.device
    }

    pub(crate) const fn generation(&self) -> Option<i64> {
        self.generation
    }

    pub(crate) const fn end(&self) -> Option<Timestamp> {
        self.until
    }

    pub(crate) const fn origin(&self) -> Option<SessionId> {
        self.origin
    }

    pub(crate) const fn scope(&self) -> &Scope {
        &self.scope
    }
}

impl fmt::Debug for Authenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticated")
            .field("user", &self.user)
            .field("tenant", &self.tenant().id())
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}

/// What a door leads to.
#[derive(Debug)]
#[must_use = "somebody stands in the door"]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever opens a door has to say what happens in either case"
)]
pub enum Entry {
    /// The person is in.
    Authenticated(Box<Authenticated>),
    /// A second factor is wanted first; see [`SignIns::by_second_factor`].
    Pending(Box<Pending>),
}

impl Entry {
    /// Gives who is in, for where nobody can be asked for more.
    ///
    /// # Errors
    ///
    /// [`Error::StepUp`] or [`Error::EnrolmentRequired`] says what would be wanted: for a code by mail, to sign in anew.
    pub fn authenticated(self) -> Result<Authenticated, Error> {
        match self {
            Self::Authenticated(who) => Ok(*who),
            Self::Pending(pending) => Err(pending.wanted().into()),
        }
    }
}

impl Error {
    /// Nothing of before counts, not even of this moment.
    pub(crate) const SIGN_IN_ANEW: Self = Self::StepUp {
        level: Level::Aal1,
        max_age: Some(Duration::ZERO),
    };
}

impl From<Wanted> for Error {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Proof(level) => Self::StepUp {
                level,
                max_age: None,
            },
            Wanted::Enrolment(level) => Self::EnrolmentRequired(level),
            // At the door there is one to be had, and nowhere else.
            Wanted::MailedCode => Self::SIGN_IN_ANEW,
        }
    }
}
