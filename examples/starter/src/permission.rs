//! What can be allowed in this service, and what the built-in roles may do.

use saas_rbac::{Permission, Presets};

/// The permissions.
#[derive(Debug, Clone, Copy, Permission)]
pub(crate) enum Can {
    /// See projects and their tasks.
    #[permission("projects:read")]
    ReadProjects,
    /// Create and change projects and their tasks.
    #[permission("projects:write")]
    WriteProjects,
    /// Delete projects.
    #[permission("projects:delete")]
    DeleteProjects,
    /// See and fetch files.
    #[permission("files:read")]
    ReadFiles,
    /// Store and delete files.
    #[permission("files:write")]
    WriteFiles,
    /// See who belongs to the tenant.
    #[permission("members:read")]
    ReadMembers,
    /// Add and remove members and give them roles.
    #[permission("members:write")]
    WriteMembers,
    /// See the roles.
    #[permission("roles:read")]
    ReadRoles,
    /// Make, change and remove roles and groups.
    #[permission("roles:write")]
    WriteRoles,
    /// See who changed what.
    #[permission("audit:read")]
    ReadAudit,
}

/// What the built-in roles may do; the owner may do everything.
pub(crate) fn presets() -> Presets {
    use Can::{
        DeleteProjects, ReadFiles, ReadMembers, ReadProjects, ReadRoles, WriteFiles, WriteMembers,
        WriteProjects,
    };
    Presets::new::<Can>()
        .admin(&[
            ReadProjects,
            WriteProjects,
            DeleteProjects,
            ReadFiles,
            WriteFiles,
            ReadMembers,
            WriteMembers,
            ReadRoles,
        ])
        .user(&[
            ReadProjects,
            WriteProjects,
            ReadFiles,
            WriteFiles,
            ReadMembers,
        ])
}
