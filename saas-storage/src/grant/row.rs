//! Grants as rows.

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{TenantEntity, tenant_repository};

use super::{Grant, GrantTo};
use crate::Error;

/// A grant to read one file.
#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "saas_file_grants", new = "NewGrantRow")]
pub(crate) struct GrantRow {
    #[entity(id)]
    pub(crate) id: Id<GrantRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    pub(crate) path: String,
    /// One of [`USER`], [`ROLE`], [`LINK`].
    #[entity(fixed)]
    pub(crate) kind: String,
    /// The id of a person, or the name of a role.
    #[entity(fixed)]
    pub(crate) subject: String,
    #[entity(fixed)]
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) uses: i64,
    #[entity(fixed)]
    pub(crate) max_uses: Option<i64>,
    #[entity(fixed)]
    pub(crate) created_by: String,
    #[entity(created)]
    pub(crate) created_at: Timestamp,
}

pub(super) const USER: &str = "user";
pub(super) const ROLE: &str = "role";
pub(super) const LINK: &str = "link";

#[tenant_repository(entity = GrantRow)]
pub(crate) trait GrantRows {
    #[sql("SELECT * FROM saas_file_grants WHERE {tenant} AND path = :path ORDER BY id LIMIT 500")]
    async fn grants_of(&mut self, path: &str) -> Result<Vec<GrantRow>>;

    #[sql(
        "SELECT * FROM saas_file_grants WHERE {tenant} AND kind = :kind AND subject = :subject AND path > :after AND (expires_at IS NULL OR expires_at > :now) AND (max_uses IS NULL OR uses < max_uses) ORDER BY path LIMIT 1000"
    )]
    async fn grants_to(
        &mut self,
        kind: &str,
        subject: &str,
        now: Timestamp,
        after: &str,
    ) -> Result<Vec<GrantRow>>;

    #[sql(
        "SELECT * FROM saas_file_grants WHERE {tenant} AND path = :path AND kind = :kind AND subject = :subject AND (expires_at IS NULL OR expires_at > :now) AND (max_uses IS NULL OR uses < max_uses) ORDER BY id LIMIT 1"
    )]
    async fn grant_for(
        &mut self,
        path: &str,
        kind: &str,
        subject: &str,
        now: Timestamp,
    ) -> Result<Option<GrantRow>>;

    #[sql(
        "UPDATE saas_file_grants SET uses = uses + 1 WHERE {tenant} AND id = :id AND (expires_at IS NULL OR expires_at > :now) AND (max_uses IS NULL OR uses < max_uses)"
    )]
    async fn use_grant(&mut self, id: Id<GrantRow>, now: Timestamp) -> Result<u64>;

    #[sql("DELETE FROM saas_file_grants WHERE {tenant} AND path = :path")]
    async fn end_grants(&mut self, path: &str) -> Result<u64>;

    #[sql("DELETE FROM saas_file_grants WHERE {tenant} AND kind = :kind AND subject = :subject")]
    async fn end_grants_to(&mut self, kind: &str, subject: &str) -> Result<u64>;

    #[sql("UPDATE saas_file_grants SET path = :to WHERE {tenant} AND path = :from")]
    async fn move_grants(&mut self, to: &str, from: &str) -> Result<u64>;
}

impl GrantRow {
    pub(super) fn grant(self) -> Result<Grant, Error> {
        let damaged = || Error::Backend("the row of a grant cannot be read".into());
        let to = match self.kind.as_str() {
            USER => GrantTo::User(self.subject.parse().map_err(|_| damaged())?),
            ROLE => GrantTo::Role(self.subject),
            LINK => GrantTo::Link,
            _ => return Err(damaged()),
        };
        let number = |column| u64::try_from(column).unwrap_or(0);
        Ok(Grant {
            id: Id::from_uuid(self.id.as_uuid()),
            path: self.path.parse().map_err(|_| damaged())?,
            to,
            expires_at: self.expires_at,
            uses: number(self.uses),
            max_uses: self.max_uses.map(number),
            created_by: self.created_by,
            created_at: self.created_at,
        })
    }
}
