/// A project of a tenant.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "projects", new = "NewProject", patch = "ProjectPatch")]
pub struct Project {
    #[entity(id)]
    pub id: Id<Project>,
    #[entity(tenant)]
    pub tenant_id: TenantId,
    /// What the project is called.
    #[entity(filter, sort, unique)]
    pub name: String,
    #[entity(filter)]
    pub owner: Option<String>,
    #[entity(fixed, references = "accounts")]
    pub account_id: Id<Account>,
    #[entity(rename = "kind", filter)]
    pub r#type: Kind,
    #[entity(version)]
    pub version: i64,
    #[entity(created, sort)]
    pub created_at: Timestamp,
    #[entity(updated)]
    pub updated_at: Timestamp,
}
