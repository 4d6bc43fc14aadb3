//! A code that was used, as it is kept.

use saas_core::{Id, SessionId, TenantId, Timestamp};
use saas_tenancy::{TenantEntity, tenant_repository};

/// The row of a code that was presented, whether or not anything was given for it. The primary key decides which
/// of many at once is the first.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_used_codes", new = "NewUsedCode")]
pub(crate) struct UsedCodeRow {
    #[entity(id)]
    pub(super) id: Id<UsedCodeRow>,
    #[entity(tenant)]
    pub(super) tenant_id: TenantId,
    /// What was given for it.
    pub(super) session_id: Option<SessionId>,
    #[entity(created)]
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// The statements over used codes.
#[tenant_repository(entity = UsedCodeRow)]
pub(super) trait UsedCodes {
    #[sql("DELETE FROM saas_used_codes WHERE {tenant} AND expires_at <= :now")]
    async fn forget_codes(&mut self, now: Timestamp) -> Result<u64>;

    #[sql(
        "INSERT INTO saas_used_codes (tenant_id, id, created_at, expires_at) VALUES ({tenant_id}, :id, :now, :expires_at) ON CONFLICT DO NOTHING"
    )]
    async fn use_code(
        &mut self,
        id: Id<UsedCodeRow>,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<u64>;

    #[sql("UPDATE saas_used_codes SET session_id = :session WHERE {tenant} AND id = :id")]
    async fn given_for(&mut self, session: SessionId, id: Id<UsedCodeRow>) -> Result<u64>;
}
