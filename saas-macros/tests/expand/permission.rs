#[derive(Permission, Clone, Copy)]
pub enum Can {
    /// See the projects
    /// of the tenant.
    #[permission("projects:read")]
    ReadProjects,
    #[permission("projects:settings:write-all")]
    WriteSettings,
}

#[derive(Permission)]
#[permission(crate = "facade::rbac")]
enum Other {
    #[permission("things:read")]
    Read,
}
