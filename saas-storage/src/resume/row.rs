//! Uploads and their parts as rows.

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{TenantEntity, tenant_repository};

use super::{Upload, number};
use crate::Error;

/// An upload. Its id is that of the row of its file.
#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "saas_uploads", new = "NewUploadRow")]
pub(crate) struct UploadRow {
    #[entity(id)]
    pub(crate) id: Id<UploadRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    /// Who began it: `user:` and an id.
    #[entity(fixed)]
    pub(crate) actor: String,
    #[entity(fixed)]
    pub(crate) path: String,
    #[entity(fixed)]
    pub(crate) size: i64,
    /// How many bytes the parts have.
    pub(crate) received: i64,
    #[entity(fixed)]
    pub(crate) metadata: String,
    pub(crate) expires_at: Timestamp,
    #[entity(created)]
    pub(crate) created_at: Timestamp,
}

/// A part of an upload. The object that holds its bytes is named after the id.
#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "saas_upload_parts", new = "NewPartRow")]
pub(crate) struct PartRow {
    #[entity(id)]
    pub(crate) id: Id<PartRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    #[entity(fixed)]
    pub(crate) upload_id: Id<UploadRow>,
    /// Where it begins.
    #[entity(fixed)]
    pub(crate) start: i64,
    #[entity(fixed)]
    pub(crate) size: i64,
}

#[tenant_repository(entity = UploadRow)]
pub(crate) trait UploadRows {
    #[sql(
        "UPDATE saas_uploads SET received = :received, expires_at = :expires_at WHERE {tenant} AND id = :id AND received = :before"
    )]
    async fn move_upload(
        &mut self,
        id: Id<UploadRow>,
        before: i64,
        received: i64,
        expires_at: Timestamp,
    ) -> Result<u64>;

    #[sql(
        "SELECT count(*) FROM saas_uploads WHERE {tenant} AND actor = :actor AND received < size"
    )]
    async fn open_uploads(&mut self, actor: &str) -> Result<(i64,)>;

    #[sql("SELECT * FROM saas_uploads WHERE {tenant} AND expires_at <= :now ORDER BY id LIMIT 100")]
    async fn expired_uploads(&mut self, now: Timestamp) -> Result<Vec<UploadRow>>;

    #[sql(
        "SELECT * FROM saas_upload_parts WHERE {tenant} AND upload_id = :upload AND start = :start"
    )]
    async fn part_at(&mut self, upload: Id<UploadRow>, start: i64) -> Result<Option<PartRow>>;

    #[sql("DELETE FROM saas_upload_parts WHERE {tenant} AND upload_id = :upload")]
    async fn drop_parts(&mut self, upload: Id<UploadRow>) -> Result<u64>;

    #[sql("DELETE FROM saas_uploads WHERE {tenant} AND id = :id")]
    async fn drop_upload(&mut self, id: Id<UploadRow>) -> Result<u64>;
}

impl UploadRow {
    pub(super) fn upload(self) -> Result<Upload, Error> {
        let damaged = |_| Error::Backend("the row of an upload cannot be read".into());
        Ok(Upload {
            id: Id::from_uuid(self.id.as_uuid()),
            path: self.path.parse().map_err(damaged)?,
            size: number(self.size),
            received: number(self.received),
            metadata: self.metadata,
            expires_at: self.expires_at,
        })
    }
}
