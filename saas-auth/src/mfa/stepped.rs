//! Callers who have proven a moment ago all that they have.

use std::time::Duration;

use saas_core::{Level, Principal, PrincipalKind, UserId};
use saas_tenancy::Scope;

use super::{
    SecondFactors,
    policy::{Asked, Decision},
};
use crate::Error;

/// How long ago the proof may be.
const RECENT: Duration = Duration::from_secs(300);

/// A caller who has signed in within the last five minutes, with a second factor if they have one. Whoever changes
/// factors has to be one: a browser that was left open, or a password alone, is not enough.
#[derive(Debug, Clone)]
pub struct SteppedUp {
    scope: Scope,
    user: UserId,
}

impl SteppedUp {
    /// Gives the scope.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Gives the person.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }
}

impl SecondFactors {
    /// Makes sure that a caller has just proven all that they have. Of their tenants the strictest counts; but that
    /// they lack a factor does not, since this is where they get it.
    ///
    /// # Errors
    ///
    /// [`Error::StepUp`] says what is to be proven; [`Error::Factor`] when another tenant of theirs asks for a code by
    /// mail first, which its door alone sends; [`Error::Credentials`] when nobody calls, or a program;
    /// [`Error::Storage`].
    pub async fn stepped_up(&self, scope: &Scope) -> Result<SteppedUp, Error> {
        let caller = scope
            .principal()
            .filter(|caller| caller.kind() == PrincipalKind::User && caller.session().is_some())
            .ok_or(Error::Credentials)?;
        let asked = Asked {
            level: Level::Aal1,
            max_age: Some(RECENT),
        };
        let user = caller.subject();
        self.has_proven(scope, caller, asked).await?;
        Ok(SteppedUp {
            scope: scope.clone(),
            user,
        })
    }

    /// Makes sure that a caller has proven all that the strictest of their tenants asks and they can prove, for what
    /// belongs to the person and leads into all of them.
    ///
    /// # Errors
    ///
    /// As [`SecondFactors::stepped_up`].
    pub(crate) async fn has_proven_all(&self, scope: &Scope) -> Result<(), Error> {
        let caller = scope.principal().ok_or(Error::Credentials)?;
        self.has_proven(scope, caller, Asked::NOTHING).await
    }

    async fn has_proven(
        &self,
        scope: &Scope,
        caller: &Principal,
        asked: Asked,
    ) -> Result<(), Error> {
        match self.decide_everywhere(scope, caller, asked).await? {
            Decision::Allow | Decision::Enrol(_) => Ok(()),
            Decision::StepUp(level) => Err(Error::StepUp {
                level,
                max_age: asked.max_age,
            }),
            // The rule of another tenant: that of this one was asked at the door.
            Decision::Mail => Err(Error::Factor {
                message: "another of your organisations asks for a code by mail first: sign in there to do this",
            }),
            Decision::Deny => Err(Error::Credentials),
        }
    }
}
