//! What can be allowed in this service, and what the built-in roles may do.

use std::error::Error;

use saas_auth::oauth::ScopeInfo;
use saas_core::TenantId;
use saas_rbac::{Authorizer, Permission, Presets, Roles};
use saas_tenancy::{Database, Reason, Registry, SystemScope};

use crate::config::StarterConfig;

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
    /// Say which second factors members need.
    #[permission("mfa-rules:write")]
    WriteMfaRules,
    /// See the roles.
    #[permission("roles:read")]
    ReadRoles,
    /// Make, change and remove roles and groups.
    #[permission("roles:write")]
    WriteRoles,
    /// See the programs that the tenant has registered.
    #[permission("clients:read")]
    ReadClients,
    /// Register, change and remove programs.
    #[permission("clients:write")]
    WriteClients,
    /// See what the tenant has set for itself.
    #[permission("settings:read")]
    ReadSettings,
    /// Set from which networks the tenant is used, and the like.
    #[permission("settings:write")]
    WriteSettings,
    /// See who changed what.
    #[permission("audit:read")]
    ReadAudit,
}

/// What the built-in roles may do; the owner may do everything.
pub(crate) fn presets() -> Presets {
    use Can::{
        DeleteProjects, ReadClients, ReadFiles, ReadMembers, ReadProjects, ReadRoles, ReadSettings,
        WriteFiles, WriteMembers, WriteProjects,
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
            ReadClients,
            ReadSettings,
        ])
        .user(&[
            ReadProjects,
            WriteProjects,
            ReadFiles,
            WriteFiles,
            ReadMembers,
        ])
}

/// What programs may ask people for: the permissions, in the words of their doc comments.
pub(crate) fn scopes() -> Vec<ScopeInfo> {
    let presets = presets();
    let permissions = presets.permissions().iter();
    permissions
        .map(|permission| ScopeInfo::new(permission.name, permission.description))
        .collect()
}

/// Looks through the roles of all tenants.
pub(crate) struct CheckRoles;

impl Reason for CheckRoles {
    const NAME: &'static str = "check-roles";
    const WHY: &'static str = "an operator looks for roles that name permissions which the service does not have any more";
}

/// Lists the permissions, for people.
pub(crate) fn listed() -> String {
    let presets = presets();
    let mut lines = Vec::new();
    for known in presets.permissions() {
        let holds = |role: &&str| {
            let held = presets.get(role).unwrap_or_default();
            held.contains(&known.name)
        };
        let roles = [Presets::OWNER, Presets::ADMIN, Presets::USER];
        let roles: Vec<&str> = roles.into_iter().filter(holds).collect();
        lines.push(format!(
            "{:<16} {:<48} {}",
            known.name,
            known.description,
            roles.join(", ")
        ));
    }
    lines.join("\n")
}

/// Lists the roles of tenants that name permissions which there are not.
pub(crate) async fn unknown(
    database: &Database,
    config: &StarterConfig,
) -> Result<Vec<String>, Box<dyn Error>> {
    let registry = Registry::new(database.clone(), &config.tenancy.registry);
    let authorizer = Authorizer::new(database.clone(), presets(), &config.rbac);
    let (roles, system) = (Roles::new(authorizer), SystemScope::<CheckRoles>::enter());
    let (mut found, mut after): (Vec<String>, Option<TenantId>) = (Vec::new(), None);
    loop {
        let tenants = registry.list(&system, after).await?;
        let Some(last) = tenants.last() else {
            return Ok(found);
        };
        after = Some(last.id());
        for tenant in &tenants {
            let mut tx = database.read(&system.within(tenant));
            for role in roles.list(&mut tx).await? {
                let (slug, name) = (tenant.slug(), &role.name);
                let unknown = role.unknown.iter();
                found.extend(unknown.map(|permission| format!("{slug} {name} {permission}")));
            }
        }
    }
}
