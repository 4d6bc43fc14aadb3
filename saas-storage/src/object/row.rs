//! Files as rows.

use saas_core::{Id, TenantId, Timestamp, UserId};
use saas_tenancy::{TenantEntity, tenant_repository};

/// One version of a file. The object that holds its bytes is named after the id.
#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "saas_files", new = "NewFileRow", patch = "FileRowPatch")]
pub(crate) struct FileRow {
    #[entity(id)]
    pub(crate) id: Id<FileRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    /// What it is called, while it can be seen.
    #[entity(unique, filter)]
    pub(crate) name: Option<String>,
    /// What it is called, or was.
    pub(crate) path: String,
    /// One of [`UPLOADING`], [`STAGED`], [`KEPT`], [`DROPPED`], [`LOST`].
    pub(crate) state: String,
    /// Bytes; while it is being received those that are reserved for it.
    pub(crate) size: i64,
    pub(crate) sha256: Option<Vec<u8>>,
    pub(crate) media_type: Option<String>,
    #[entity(fixed)]
    pub(crate) owner_id: Option<UserId>,
    #[entity(fixed)]
    pub(crate) fields: serde_json::Value,
    /// How often a file of this name was written.
    pub(crate) revision: i64,
    #[entity(created)]
    pub(crate) created_at: Timestamp,
    #[entity(updated)]
    pub(crate) updated_at: Timestamp,
}

/// Its parts arrive, in as many requests as it takes.
pub(crate) const UPLOADING: &str = "uploading";
/// It is being received, or was when the process ended.
pub(crate) const STAGED: &str = "staged";
/// It can be seen.
pub(crate) const KEPT: &str = "kept";
/// It was deleted or written over, and its object is about to go.
pub(crate) const DROPPED: &str = "dropped";
/// Its object is not there, though nobody deleted it.
pub(crate) const LOST: &str = "lost";

#[tenant_repository(entity = FileRow)]
pub(crate) trait FileRows {
    #[sql("SELECT * FROM saas_files WHERE {tenant} AND name = :name")]
    async fn file_named(&mut self, name: &str) -> Result<Option<FileRow>>;

    #[sql(
        "SELECT * FROM saas_files WHERE {tenant} AND name > :after AND name < :before ORDER BY name LIMIT :limit"
    )]
    async fn files_between(
        &mut self,
        after: &str,
        before: &str,
        limit: i64,
    ) -> Result<Vec<FileRow>>;

    #[sql("SELECT * FROM saas_files WHERE {tenant} AND id > :after ORDER BY id LIMIT 500")]
    async fn files_after(&mut self, after: Id<FileRow>) -> Result<Vec<FileRow>>;

    #[sql(
        "SELECT CAST(coalesce(sum(size), 0) AS BIGINT), count(*) FROM saas_files WHERE {tenant} AND state <> 'lost'"
    )]
    async fn files_used(&mut self) -> Result<(i64, i64)>;
}
