//! What can fail in deciding and in changing who may do what.

/// Says what failed in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The rules could not be read or written.
    #[error("the rules of the tenant could not be reached")]
    Storage(#[from] saas_tenancy::Error),
    /// The rules could not be read by somebody for whom this caller waited.
    #[error("the rules of the tenant could not be read a moment ago")]
    NotLoaded,
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
    /// The tenant has as many rules and assignments as it may have.
    #[error("a tenant has at most {0} rules and assignments")]
    TooManyRules(u32),
    /// The tenant has as many groups as it may have.
    #[error("a tenant has at most {0} groups")]
    TooManyGroups(u32),
    /// A role would inherit from itself.
    #[error("the role `{0}` would inherit from itself")]
    RoleCycle(String),
    /// Roles would inherit from each other over too many steps.
    #[error("roles inherit over at most {0} steps")]
    RoleTooDeep(usize),
    /// A role would allow and deny the same.
    #[error("the permission `{0}` is allowed and denied at once")]
    Contradiction(String),
    /// The group does not exist in the tenant.
    #[error("the group `{0}` is unknown")]
    UnknownGroup(String),
    /// The name cannot be that of a group.
    #[error(
        "a group is named with up to 200 characters, none of them a control character, without space around"
    )]
    InvalidGroupName,
    /// A group of that name exists.
    #[error("the group `{0}` exists")]
    GroupExists(String),
    /// A group would be in a group.
    #[error("a group is in no other group")]
    NestedGroup,
    /// The program has no such edition.
    #[error("the edition `{0}` is unknown")]
    UnknownEdition(String),
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
    /// Two enums name a permission alike.
    #[error("the permission `{0}` is declared twice")]
    DuplicatePermission(String),
    /// Two routes have the same method and path.
    #[error("the route `{0}` is declared twice")]
    DuplicateRoute(String),
    /// A path is none, or says the same as another one.
    #[error("the route `{route}` cannot be: {cause}")]
    InvalidRoute {
        /// The method and the path.
        route: String,
        /// Why.
        cause: String,
    },
    /// A route asks for a permission that the presets do not have, so nobody could ever call it.
    #[error(
        "the route `{route}` asks for `{permission}`, which is not among the permissions of the program"
    )]
    UnknownRoutePermission {
        /// The method and the path.
        route: String,
        /// The permission.
        permission: &'static str,
    },
}

impl saas_tenancy::Lost for Error {
    fn lost(&self) -> bool {
        matches!(self, Self::Storage(error) if error.lost())
    }
}
