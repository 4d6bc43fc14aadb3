#[derive(Permission, Clone, Copy)]
#[permission(types = "can", group = "All")]
pub enum Can {
    /// See the projects
    /// of the tenant.
    #[permission("projects:read")]
    ReadProjects,
    #[permission("projects:settings:write-all", group = "Settings")]
    WriteSettings,
}

#[derive(Permission)]
#[permission(crate = "facade::rbac")]
enum Other {
    #[permission("things:read")]
    Read,
}
