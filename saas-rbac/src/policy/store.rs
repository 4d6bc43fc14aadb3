//! The rows.

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{TenantEntity, tenant_repository};

use super::lines;

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
    /// `allow` or `deny` of a `p`.
    #[entity(fixed)]
    pub(crate) v4: String,
}

/// A role that a tenant made.
#[derive(Debug, Clone, PartialEq, Eq, TenantEntity)]
#[entity(table = "saas_roles", new = "NewRoleRow", patch = "RoleRowPatch")]
pub(crate) struct RoleRow {
    #[entity(id)]
    pub(crate) id: Id<RoleRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    #[entity(fixed)]
    pub(crate) name: String,
    pub(crate) description: String,
    #[entity(created)]
    pub(crate) created_at: Timestamp,
}

/// A group that a tenant made.
#[derive(Debug, Clone, PartialEq, Eq, TenantEntity)]
#[entity(table = "saas_groups", new = "NewGroupRow")]
pub(crate) struct GroupRow {
    #[entity(id)]
    pub(crate) id: Id<GroupRow>,
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
    #[sql(
        "SELECT * FROM saas_policy_rules WHERE {tenant} AND id > :after ORDER BY id LIMIT :limit"
    )]
    async fn rules_after(&mut self, after: Id<PolicyRule>, limit: i64) -> Result<Vec<PolicyRule>>;

    /// What roles allow and inherit, and the edition, without those who hold them.
    #[sql(
        "SELECT * FROM saas_policy_rules WHERE {tenant} AND (ptype <> 'g' OR v0 LIKE 'role:%') ORDER BY id"
    )]
    async fn rules_of_roles(&mut self) -> Result<Vec<PolicyRule>>;

    #[sql(
        "SELECT * FROM saas_policy_rules WHERE {tenant} AND ptype = 'g' AND v0 = :subject ORDER BY v1"
    )]
    async fn groupings_of(&mut self, subject: &str) -> Result<Vec<PolicyRule>>;

    #[sql(
        "SELECT * FROM saas_policy_rules WHERE {tenant} AND v0 = :subject AND ptype IN ('p', 'g') ORDER BY id"
    )]
    async fn rules_of(&mut self, subject: &str) -> Result<Vec<PolicyRule>>;

    #[sql("SELECT * FROM saas_policy_rules WHERE {tenant} AND ptype = 'edition'")]
    async fn edition(&mut self) -> Result<Option<PolicyRule>>;

    #[sql(
        "SELECT count(*) FROM saas_policy_rules WHERE {tenant} AND ptype = 'g' AND v0 = :member AND v1 = :of"
    )]
    async fn count_groupings(&mut self, member: &str, of: &str) -> Result<(i64,)>;

    #[sql("SELECT count(*) FROM saas_roles WHERE {tenant}")]
    async fn count_roles(&mut self) -> Result<(i64,)>;

    #[sql("SELECT count(*) FROM saas_policy_rules WHERE {tenant} AND ptype = 'g' AND v1 = :role")]
    async fn count_holders(&mut self, role: &str) -> Result<(i64,)>;

    // A group can be empty, so its having the role means nothing.
    #[sql(
        "SELECT count(*) FROM saas_policy_rules WHERE {tenant} AND ptype = 'g' AND v1 = :role AND v0 LIKE 'user:%'"
    )]
    async fn count_people(&mut self, role: &str) -> Result<(i64,)>;

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

    /// What a role, a group or a person is, inherits or belongs to.
    #[sql("DELETE FROM saas_policy_rules WHERE {tenant} AND v0 = :subject AND ptype IN ('p', 'g')")]
    async fn delete_rules_of(&mut self, subject: &str) -> Result<u64>;

    #[sql("DELETE FROM saas_policy_rules WHERE {tenant} AND ptype = 'g' AND v1 = :subject")]
    async fn delete_members_of(&mut self, subject: &str) -> Result<u64>;

    #[sql("DELETE FROM saas_policy_rules WHERE {tenant} AND ptype = 'edition'")]
    async fn delete_edition(&mut self) -> Result<u64>;

    #[sql("SELECT count(*) FROM saas_policy_rules WHERE {tenant}")]
    async fn count_rules(&mut self) -> Result<(i64,)>;

    #[sql(
        "SELECT * FROM saas_policy_rules WHERE {tenant} AND ptype = 'g' AND v1 = :subject ORDER BY v0"
    )]
    async fn members_of(&mut self, subject: &str) -> Result<Vec<PolicyRule>>;

    #[sql("SELECT * FROM saas_groups WHERE {tenant} ORDER BY name")]
    async fn all_groups(&mut self) -> Result<Vec<GroupRow>>;

    #[sql("SELECT count(*) FROM saas_groups WHERE {tenant}")]
    async fn count_groups(&mut self) -> Result<(i64,)>;

    #[sql("SELECT * FROM saas_roles WHERE {tenant} ORDER BY name")]
    async fn all_roles(&mut self) -> Result<Vec<RoleRow>>;

    #[sql("SELECT * FROM saas_roles WHERE {tenant} AND name = :name")]
    async fn role_named(&mut self, name: &str) -> Result<Option<RoleRow>>;
}

impl NewRule {
    pub(crate) fn grouping(member: &str, of: &str, domain: &str) -> Self {
        Self {
            ptype: "g".to_owned(),
            v0: member.to_owned(),
            v1: of.to_owned(),
            v2: domain.to_owned(),
            v3: String::new(),
            v4: String::new(),
        }
    }

    pub(crate) fn permission(role: &str, domain: &str, permission: &str, allows: bool) -> Self {
        // The object and the action are one column each, so that Casbin reads the row as it is.
        let (object, action) = lines::parts(permission);
        Self {
            ptype: "p".to_owned(),
            v0: role.to_owned(),
            v1: domain.to_owned(),
            v2: object.to_owned(),
            v3: action.to_owned(),
            v4: if allows { "allow" } else { "deny" }.to_owned(),
        }
    }

    pub(crate) fn edition(name: &str) -> Self {
        Self {
            ptype: lines::EDITION.to_owned(),
            v0: name.to_owned(),
            v1: String::new(),
            v2: String::new(),
            v3: String::new(),
            v4: String::new(),
        }
    }
}

impl PolicyRule {
    /// Gives the permission of a `p` line.
    pub(crate) fn permission(&self) -> String {
        lines::permission(&self.v2, &self.v3)
    }

    /// Whether a `p` line denies. Whatever is not an allow does.
    pub(crate) fn denies(&self) -> bool {
        self.v4 != "allow"
    }
}
