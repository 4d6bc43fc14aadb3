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
