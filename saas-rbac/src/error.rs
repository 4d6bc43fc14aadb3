//! What can fail in deciding and in changing who may do what.

/// Says what failed in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The rules could not be read or written.
    #[error("the rules of the tenant could not be reached")]
    Storage(#[from] saas_tenancy::Error),
    /// Casbin refused the rules.
    #[error("casbin refuses the rules: {0}")]
    Casbin(String),
    /// A model, a policy or a request is not what it has to be.
    #[error(transparent)]
    Policy(#[from] crate::casbin::PolicyError),
    /// The role does not exist in the tenant.
    #[error("the role `{0}` is unknown")]
    UnknownRole(String),
    /// The permission does not exist in the program.
    #[error("the permission `{0}` is unknown")]
    UnknownPermission(String),
    /// The name cannot be that of a role.
    #[error("a role is named with a-z, 0-9 and `-`, beginning with a letter, up to 63")]
    InvalidRoleName,
    /// A role of that name exists.
    #[error("the role `{0}` exists")]
    RoleExists(String),
    /// The tenant has as many roles of its own as it may have.
    #[error("a tenant has at most {0} roles of its own")]
    TooManyRoles(u32),
    /// A built-in role cannot be changed.
    #[error("the role `{0}` is built in")]
    BuiltIn(String),
    /// The role is held by somebody.
    #[error("the role `{0}` is in use")]
    InUse(String),
    /// The change would give or take what the caller does not hold.
    #[error("nobody gives what he lacks")]
    Escalation,
    /// The change would leave the tenant without an owner.
    #[error("a tenant needs an owner")]
    LastOwner,
    /// Two routes have the same method and path.
    #[error("the route `{0}` is declared twice")]
    DuplicateRoute(String),
}
