//! The rows.

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{TenantEntity, tenant_repository};

/// One line of a Casbin policy.
#[derive(Debug, Clone, PartialEq, Eq, TenantEntity)]
#[entity(table = "saas_policy_rules", new = "NewRule")]
pub(crate) struct PolicyRule {
    #[entity(id)]
    pub(crate) id: Id<PolicyRule>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    /// `p` or `g`.
    #[entity(fixed)]
    pub(crate) ptype: String,
    #[entity(fixed)]
    pub(crate) v0: String,
    #[entity(fixed)]
    pub(crate) v1: String,
    #[entity(fixed)]
    pub(crate) v2: String,
    #[entity(fixed)]
    pub(crate) v3: String,
}

/// A role that a tenant made.
#[derive(Debug, Clone, PartialEq, Eq, TenantEntity)]
#[entity(table = "saas_roles", new = "NewRoleRow")]
pub(crate) struct RoleRow {
    #[entity(id)]
    pub(crate) id: Id<RoleRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    #[entity(fixed)]
    pub(crate) name: String,
    #[entity(fixed)]
    pub(crate) description: String,
    #[entity(created)]
    pub(crate) created_at: Timestamp,
}

/// The statements over rules and roles.
#[tenant_repository(entity = PolicyRule)]
pub(crate) trait Rules {
    #[sql("SELECT * FROM saas_policy_rules WHERE {tenant} ORDER BY id")]
    async fn all_rules(&mut self) -> Result<Vec<PolicyRule>>;

    #[sql(
        "SELECT * FROM saas_policy_rules WHERE {tenant} AND ptype = 'g' AND v0 = :subject ORDER BY v1"
    )]
    async fn groupings_of(&mut self, subject: &str) -> Result<Vec<PolicyRule>>;

    #[sql(
        "SELECT * FROM saas_policy_rules WHERE {tenant} AND ptype = 'p' AND v0 = :subject ORDER BY v2, v3"
    )]
    async fn permissions_of_role(&mut self, subject: &str) -> Result<Vec<PolicyRule>>;

    #[sql("SELECT * FROM saas_policy_rules WHERE {tenant} AND ptype = 'p' ORDER BY v0, v2, v3")]
    async fn all_permissions(&mut self) -> Result<Vec<PolicyRule>>;

    #[sql("SELECT count(*) FROM saas_roles WHERE {tenant}")]
    async fn count_roles(&mut self) -> Result<(i64,)>;

    // Writing the rows, though nothing changes, makes a second transaction wait that would take
    // away another holder at the same time.
    #[sql("UPDATE saas_policy_rules SET v3 = v3 WHERE {tenant} AND ptype = 'g' AND v1 = :role")]
    async fn lock_holders(&mut self, role: &str) -> Result<u64>;

    #[sql("SELECT count(*) FROM saas_policy_rules WHERE {tenant} AND ptype = 'g' AND v1 = :role")]
    async fn count_holders(&mut self, role: &str) -> Result<(i64,)>;

    #[sql(
        "DELETE FROM saas_policy_rules WHERE {tenant} AND ptype = :ptype AND v0 = :v0 AND v1 = :v1 AND v2 = :v2 AND v3 = :v3"
    )]
    async fn delete_rule(
        &mut self,
        ptype: &str,
        v0: &str,
        v1: &str,
        v2: &str,
        v3: &str,
    ) -> Result<u64>;

    #[sql("DELETE FROM saas_policy_rules WHERE {tenant} AND ptype = 'p' AND v0 = :subject")]
    async fn delete_permissions(&mut self, subject: &str) -> Result<u64>;

    #[sql("DELETE FROM saas_policy_rules WHERE {tenant}")]
    async fn delete_all_rules(&mut self) -> Result<u64>;

    #[sql("SELECT * FROM saas_roles WHERE {tenant} ORDER BY name")]
    async fn all_roles(&mut self) -> Result<Vec<RoleRow>>;

    #[sql("SELECT * FROM saas_roles WHERE {tenant} AND name = :name")]
    async fn role_named(&mut self, name: &str) -> Result<Option<RoleRow>>;
}

impl NewRule {
    pub(crate) fn grouping(user: &str, role: &str, domain: &str) -> Self {
        Self {
            ptype: "g".to_owned(),
            v0: user.to_owned(),
            v1: role.to_owned(),
            v2: domain.to_owned(),
            v3: String::new(),
        }
    }

    pub(crate) fn permission(role: &str, domain: &str, permission: &str) -> Self {
        // The object and the action are one column each, so that Casbin reads the row as it is.
        let (object, action) = super::model::parts(permission);
        Self {
            ptype: "p".to_owned(),
            v0: role.to_owned(),
            v1: domain.to_owned(),
            v2: object.to_owned(),
            v3: action.to_owned(),
        }
    }
}

impl PolicyRule {
    /// Gives the permission of a `p` line.
    pub(crate) fn permission(&self) -> String {
        format!("{}:{}", self.v2, self.v3)
    }
}
