//! What axum handlers take as arguments.

use std::{fmt, marker::PhantomData};

use axum::extract::FromRequestParts;
use http::request::Parts;
use saas_core::{Code, Problem};
use saas_tenancy::{Admission, Scope};

use crate::{
    Access, PermissionType,
    guard::{Guarding, answer, refuse, scope},
};

/// The proof that the caller holds the permission `P`, for handlers that say in their signature what they need.
///
/// ```
/// use saas_rbac::{Access, Allowed, Permission, Routes};
///
/// #[derive(Permission, Clone, Copy)]
/// #[permission(types = "can")]
/// enum Can {
///     #[permission("keys:read")]
///     ReadKeys,
/// }
///
/// async fn keys(caller: Allowed<can::ReadKeys>) -> String {
///     secret_of(&caller)
/// }
///
/// // Nobody calls this without having asked.
/// fn secret_of(caller: &Allowed<can::ReadKeys>) -> String {
///     format!("the keys of {}", caller.scope().tenant().name())
/// }
///
/// let routes = Routes::<()>::new().get("/keys", Can::ReadKeys, keys);
/// # let _ = routes;
/// ```
///
/// It is asked for before the handler runs, whatever the route declares; who lacks it is refused as the route
/// refuses. It has no constructor, and on a public route there is none.
pub struct Allowed<P> {
    scope: Scope,
    permission: PhantomData<fn() -> P>,
}

impl<P> Allowed<P> {
    /// Gives the scope of the caller.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }
}

impl<P, S> FromRequestParts<S> for Allowed<P>
where
    P: PermissionType,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let scope = scope(parts.extensions.get::<Admission>())?.clone();
        let Some(Guarding { authorizer, access }) = parts.extensions.get() else {
            tracing::error!("`Allowed` is an argument of handlers of guarded `Routes` only");
            return Err(Problem::new(Code::INTERNAL));
        };
        let wanted = Access::permission(&P::permission());
        let decision = authorizer.decide(&scope, &wanted).await?;
        answer(decision).map_err(|problem| refuse(problem, access))?;
        Ok(Self {
            scope,
            permission: PhantomData,
        })
    }
}

impl<P> fmt::Debug for Allowed<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowed")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
