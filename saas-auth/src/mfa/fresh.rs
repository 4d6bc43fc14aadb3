//! A caller who has just proven enough, as an argument of a handler.

use std::{marker::PhantomData, time::Duration};

use axum::extract::FromRequestParts;
use http::request::Parts;
use saas_core::{Code, Level, Principal, PrincipalKind, Problem};

use super::SecondFactors;
use crate::Error;

/// A level, as a type. It is implemented by [`Aal1`], [`Aal2`] and [`PhishingResistant`] alone.
pub trait AtLeast: sealed::Sealed {
    /// The level.
    const LEVEL: Level;
}

mod sealed {
    #[expect(unnameable_types, reason = "it is there to be named by nobody")]
    pub trait Sealed {}
}

macro_rules! levels {
    ($($name:ident, $what:literal)+) => {
        $(
            #[doc = concat!("The level ", $what, "; see [`Level::", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy)]
            #[non_exhaustive]
            pub struct $name;

            impl sealed::Sealed for $name {}

            impl AtLeast for $name {
                const LEVEL: Level = Level::$name;
            }
        )+
    };
}

levels! {
    Aal1, "`aal1`"
    Aal2, "`aal2`"
    PhishingResistant, "`phr`"
}

/// A person who has proven, within so many seconds, who they are at a level.
///
/// Anybody else is refused with the challenge of RFC 9470, which says what is wanted. The [`MfaLayer`](super::MfaLayer) has to stand around the route.
///
/// ```
/// use axum::{Router, routing::post};
/// use saas_auth::mfa::{Aal2, Fresh};
///
/// async fn pay(fresh: Fresh<Aal2, 300>) -> String {
///     fresh.principal().subject().to_string()
/// }
/// # let _ = Router::<()>::new().route("/pay", post(pay));
/// ```
#[derive(Debug, Clone)]
pub struct Fresh<L, const SECONDS: u64> {
    principal: Principal,
    level: PhantomData<L>,
}

impl<L, const SECONDS: u64> Fresh<L, SECONDS> {
    /// Gives the caller.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl<L: AtLeast, const SECONDS: u64, S: Sync> FromRequestParts<S> for Fresh<L, SECONDS> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let principal = parts.extensions.get::<Principal>().cloned();
        let principal = principal.ok_or(Code::UNAUTHENTICATED)?;
        let Some(factors) = parts.extensions.get::<SecondFactors>() else {
            tracing::error!("`Fresh` needs the `MfaLayer` around the route");
            return Err(Code::INTERNAL.into());
        };
        let age = Duration::from_secs(SECONDS);
        let is_fresh = principal.kind() == PrincipalKind::User
            && principal.session().is_some()
            && principal.level() >= L::LEVEL
            && factors.now() < principal.authenticated_at().saturating_add(age);
        if is_fresh {
            return Ok(Self {
                principal,
                level: PhantomData,
            });
        }
        Err(Error::StepUp {
            level: L::LEVEL,
            max_age: Some(age),
        }
        .into())
    }
}
