//! Keys as rows.

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{TenantEntity, tenant_repository};

/// A request that was made, or is being made.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_idempotency_keys", new = "NewKeyRow")]
pub(crate) struct KeyRow {
    #[entity(id)]
    pub(crate) id: Id<KeyRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    /// The hash of caller and key.
    #[entity(fixed)]
    pub(crate) key: Vec<u8>,
    /// The hash of the request.
    pub(crate) fingerprint: Vec<u8>,
    /// The status of the answer; none while there is none.
    pub(crate) status: Option<i64>,
    /// The answer, encrypted; none when it was too large.
    pub(crate) answer: Option<Vec<u8>>,
    /// Since when the request is made, which tells one who claims the key from another.
    pub(crate) claimed_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

#[tenant_repository(entity = KeyRow)]
pub(crate) trait KeyRows {
    #[sql("SELECT * FROM saas_idempotency_keys WHERE {tenant} AND key = :key")]
    async fn key_row(&mut self, key: &[u8]) -> Result<Option<KeyRow>>;

    // Whoever is second finds another time.
    #[sql(
        "UPDATE saas_idempotency_keys SET claimed_at = :now, expires_at = :until, fingerprint = :fingerprint, status = NULL, answer = NULL WHERE {tenant} AND id = :id AND claimed_at = :before"
    )]
    async fn claim_again(
        &mut self,
        id: Id<KeyRow>,
        before: Timestamp,
        now: Timestamp,
        until: Timestamp,
        fingerprint: &[u8],
    ) -> Result<u64>;

    #[sql(
        "UPDATE saas_idempotency_keys SET status = :status, answer = :answer WHERE {tenant} AND id = :id AND claimed_at = :claimed AND status IS NULL"
    )]
    async fn keep_answer(
        &mut self,
        id: Id<KeyRow>,
        claimed: Timestamp,
        status: i64,
        answer: Option<Vec<u8>>,
    ) -> Result<u64>;

    #[sql(
        "DELETE FROM saas_idempotency_keys WHERE {tenant} AND id = :id AND claimed_at = :claimed AND status IS NULL"
    )]
    async fn release_key(&mut self, id: Id<KeyRow>, claimed: Timestamp) -> Result<u64>;

    #[sql(
        "DELETE FROM saas_idempotency_keys WHERE {tenant} AND id IN (SELECT id FROM saas_idempotency_keys WHERE {tenant} AND expires_at <= :now ORDER BY expires_at LIMIT :most)"
    )]
    async fn forget_keys(&mut self, now: Timestamp, most: i64) -> Result<u64>;
}
