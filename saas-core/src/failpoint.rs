//! Places at which a test lets the service die, hang or wait.
//!
//! They are there with the feature `failpoints`, which no release has; without it, to reach one does nothing. Which of
//! them act is in the variable `FAILPOINTS`, in the words of the crate `fail`, such as
//! `tenancy/before-commit=5%return(abort)`: besides what that crate has (`off`, `sleep`, `panic`, `print`, `pause`,
//! `delay`), `return(abort)` ends the process as `kill -9` does, and `return(hang)` goes on never.
//!
//! ```
//! use saas_core::failpoint::Failpoint;
//!
//! async fn pay() {
//!     // What was done until here is lost, or is not.
//!     Failpoint::BeforeCommit.reach().await;
//! }
//! # drop(pay());
//! ```

/// A place at which something can be made to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failpoint {
    /// A transaction is about to be committed: `tenancy/before-commit`.
    BeforeCommit,
    /// A transaction was committed, and nobody knows of it yet: `tenancy/after-commit`.
    AfterCommit,
    /// An event was handled and is not noted as delivered: `tenancy/event-handled`.
    EventHandled,
    /// A request with an `Idempotency-Key` was claimed and not begun: `edge/request-claimed`.
    RequestClaimed,
    /// The bytes of a file have arrived, and it has no name yet: `storage/file-received`.
    FileReceived,
    /// A file has its name, and the version before is not removed: `storage/file-kept`.
    FileKept,
}

impl Failpoint {
    /// Every place.
    pub const ALL: &[Self] = &[
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::EventHandled,
        Self::RequestClaimed,
        Self::FileReceived,
        Self::FileKept,
    ];

    /// Gives the name, as `FAILPOINTS` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeCommit => "tenancy/before-commit",
            Self::AfterCommit => "tenancy/after-commit",
            Self::EventHandled => "tenancy/event-handled",
            Self::RequestClaimed => "edge/request-claimed",
            Self::FileReceived => "storage/file-received",
            Self::FileKept => "storage/file-kept",
        }
    }

    /// Does what was asked for here, which is nothing unless a test did.
    ///
    /// # Panics
    ///
    /// When that was asked for.
    #[cfg_attr(
        not(feature = "failpoints"),
        expect(clippy::unused_async, reason = "it waits where it was told to")
    )]
    pub async fn reach(self) {
        #[cfg(feature = "failpoints")]
        armed::reach(self).await;
    }

    /// Reads `FAILPOINTS`. What it says holds until the value is dropped.
    ///
    /// # Errors
    ///
    /// [`UnknownFailpoint`] when it names a place that does not exist.
    ///
    /// # Panics
    ///
    /// When what it says cannot be read.
    #[cfg(feature = "failpoints")]
    pub fn arm() -> Result<Armed, UnknownFailpoint> {
        armed::arm()
    }
}

#[cfg(feature = "failpoints")]
pub use armed::{Armed, UnknownFailpoint};

#[cfg(feature = "failpoints")]
mod armed {
    use std::fmt;

    use super::Failpoint;

    /// What `FAILPOINTS` says, until it is dropped.
    pub struct Armed {
        _scenario: fail::FailScenario<'static>,
    }

    impl fmt::Debug for Armed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_list().entries(fail::list()).finish()
        }
    }

    /// Says that there is no such place.
    #[derive(Debug, thiserror::Error)]
    #[error("`FAILPOINTS` names `{0}`, which does not exist")]
    pub struct UnknownFailpoint(String);

    pub(super) fn arm() -> Result<Armed, UnknownFailpoint> {
        let armed = Armed {
            _scenario: fail::FailScenario::setup(),
        };
        let known = |name: &str| Failpoint::ALL.iter().any(|point| point.name() == name);
        match fail::list().into_iter().find(|(name, _)| !known(name)) {
            Some((name, _)) => Err(UnknownFailpoint(name)),
            None => Ok(armed),
        }
    }

    pub(super) async fn reach(point: Failpoint) {
        match asked(point.name()).as_deref() {
            Some("abort") => std::process::abort(),
            Some("hang") => std::future::pending().await,
            _ => {}
        }
    }

    fn asked(name: &str) -> Option<String> {
        fail::fail_point!(name, |argument| argument);
        None
    }
}
