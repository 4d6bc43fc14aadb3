//! A key as it is kept.

use saas_core::{Id, TenantId, Timestamp, UserId};
use saas_tenancy::{TenantEntity, tenant_repository};

use super::ApiKey;
use crate::opaque::{Kind, Opaque};

/// Begins every key.
pub(crate) const PREFIX: &str = "sak_";

/// A key as its holder has it.
pub(super) type Text = Opaque<ApiKeyRow>;

impl Kind for ApiKeyRow {
    const PREFIX: &'static str = PREFIX;
}

/// The row of a key.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_api_keys", new = "NewApiKeyRow")]
pub(crate) struct ApiKeyRow {
    #[entity(id)]
    pub(super) id: Id<ApiKeyRow>,
    #[entity(tenant)]
    pub(super) tenant_id: TenantId,
    pub(super) account_id: UserId,
    pub(super) name: String,
    pub(super) secret_hash: Vec<u8>,
    /// What it may be used for (RFC 6749, section 3.3).
    pub(super) scope: String,
    #[entity(created)]
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) seen_at: Option<Timestamp>,
}

/// The statements over keys.
#[tenant_repository(entity = ApiKeyRow)]
pub(super) trait Keys {
    /// A key whose member may be here.
    #[sql(
        "SELECT k.* FROM saas_api_keys k WHERE {tenant k} AND k.id = :id AND EXISTS (SELECT 1 FROM saas_memberships m WHERE {tenant m} AND m.id = k.account_id AND m.active)"
    )]
    async fn usable_key(&mut self, id: Id<ApiKeyRow>) -> Result<Option<ApiKeyRow>>;

    #[sql(
        "SELECT * FROM saas_api_keys WHERE {tenant} AND account_id = :account ORDER BY created_at DESC"
    )]
    async fn keys_of(&mut self, account: UserId) -> Result<Vec<ApiKeyRow>>;

    #[sql("SELECT count(*) FROM saas_api_keys WHERE {tenant} AND account_id = :account")]
    async fn count_keys(&mut self, account: UserId) -> Result<(i64,)>;

    #[sql("UPDATE saas_api_keys SET seen_at = :now WHERE {tenant} AND id = :id")]
    async fn key_seen(&mut self, now: Timestamp, id: Id<ApiKeyRow>) -> Result<u64>;

    #[sql("DELETE FROM saas_api_keys WHERE {tenant} AND account_id = :account AND id = :id")]
    async fn remove_key(&mut self, account: UserId, id: Id<ApiKeyRow>) -> Result<u64>;

    #[sql("DELETE FROM saas_api_keys WHERE {tenant} AND account_id = :account")]
    async fn remove_keys(&mut self, account: UserId) -> Result<u64>;

    #[sql(
        "DELETE FROM saas_api_keys WHERE {tenant} AND account_id = :account AND expires_at <= :now"
    )]
    async fn forget_ended(&mut self, account: UserId, now: Timestamp) -> Result<u64>;
}

impl From<ApiKeyRow> for ApiKey {
    fn from(row: ApiKeyRow) -> Self {
        Self {
            id: Id::from_uuid(row.id.as_uuid()),
            user: row.account_id,
            name: row.name,
            scopes: row.scope.split(' ').map(str::to_owned).collect(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            seen_at: row.seen_at,
        }
    }
}
