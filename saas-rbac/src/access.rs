//! What a route asks of its caller.

use crate::Permission;

/// The demand of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// The caller is signed in to the tenant.
    Member,
    /// The caller holds the permission of that name.
    Permission(&'static str),
}

impl Access {
    /// Asks for nothing but a caller who is signed in to the tenant.
    #[must_use]
    pub const fn member() -> Self {
        Self::Member
    }

    /// Asks for a permission. The enum of permissions converts into it by itself.
    #[must_use]
    pub fn permission<P: Permission>(permission: &P) -> Self {
        Self::Permission(permission.name())
    }
}

/// What a route can be given as its demand: a permission of the program, or an [`Access`].
///
/// It is a trait of its own so that a route without one is told what is missing.
#[diagnostic::on_unimplemented(
    message = "a route says who may call it, and `{Self}` does not",
    label = "neither a permission nor an `Access`",
    note = "give a variant of the program's permissions, or `Access::member()`; only after `.public()` a route takes none"
)]
pub trait IntoAccess {
    /// Gives the demand.
    fn into_access(self) -> Access;
}

impl<P: Permission> IntoAccess for P {
    fn into_access(self) -> Access {
        Access::permission(&self)
    }
}

impl IntoAccess for Access {
    fn into_access(self) -> Access {
        self
    }
}
