//! A device that asks, as it is kept, and the tries of those who type codes.

use saas_core::{Id, SessionId, TenantId, Timestamp, UserId};
use saas_tenancy::{TenantEntity, tenant_repository};

/// Nobody has answered yet.
pub(super) const ASKED: &str = "asked";
/// A person has let the device in.
pub(super) const ALLOWED: &str = "allowed";
/// A person has refused.
pub(super) const DENIED: &str = "denied";

/// The row of a device that asks.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_device_codes", new = "NewDeviceRow")]
pub(crate) struct DeviceRow {
    #[entity(id)]
    pub(super) id: Id<DeviceRow>,
    #[entity(tenant)]
    pub(super) tenant_id: TenantId,
    pub(super) secret_hash: Vec<u8>,
    pub(super) user_code_hash: Vec<u8>,
    pub(super) client: String,
    pub(super) scopes: String,
    pub(super) state: String,
    /// Who has answered, and in which session.
    pub(super) account_id: Option<UserId>,
    pub(super) session_id: Option<SessionId>,
    /// How many seconds the device has to wait between two polls.
    pub(super) pause: i64,
    pub(super) polled_at: Option<Timestamp>,
    #[entity(created)]
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// The statements over devices that ask.
#[tenant_repository(entity = DeviceRow)]
pub(super) trait Devices {
    #[sql("DELETE FROM saas_device_codes WHERE {tenant} AND expires_at <= :now")]
    async fn forget_devices(&mut self, now: Timestamp) -> Result<u64>;

    #[sql("SELECT * FROM saas_device_codes WHERE {tenant} AND user_code_hash = :hash")]
    async fn typed(&mut self, hash: Vec<u8>) -> Result<Option<DeviceRow>>;

    #[sql(
        "UPDATE saas_device_codes SET state = 'allowed', account_id = :account, session_id = :session WHERE {tenant} AND id = :id AND state = 'asked'"
    )]
    async fn allow_device(
        &mut self,
        account: UserId,
        session: SessionId,
        id: Id<DeviceRow>,
    ) -> Result<u64>;

    #[sql(
        "UPDATE saas_device_codes SET state = 'denied', account_id = :account WHERE {tenant} AND id = :id AND state = 'asked'"
    )]
    async fn deny_device(&mut self, account: UserId, id: Id<DeviceRow>) -> Result<u64>;

    #[sql(
        "UPDATE saas_device_codes SET polled_at = :now, pause = :pause WHERE {tenant} AND id = :id"
    )]
    async fn polled(&mut self, now: Timestamp, pause: i64, id: Id<DeviceRow>) -> Result<u64>;

    #[sql("DELETE FROM saas_device_codes WHERE {tenant} AND id = :id AND state = 'allowed'")]
    async fn let_in_once(&mut self, id: Id<DeviceRow>) -> Result<u64>;
}

/// A code that somebody typed and that there was not.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_device_tries", new = "NewTryRow")]
pub(crate) struct TryRow {
    #[entity(id)]
    pub(super) id: Id<TryRow>,
    #[entity(tenant)]
    pub(super) tenant_id: TenantId,
    pub(super) account_id: UserId,
    #[entity(created)]
    pub(super) created_at: Timestamp,
}

/// The statements over tries.
#[tenant_repository(entity = TryRow)]
pub(super) trait Tries {
    #[sql("DELETE FROM saas_device_tries WHERE {tenant} AND created_at <= :before")]
    async fn forget_tries(&mut self, before: Timestamp) -> Result<u64>;

    #[sql("SELECT * FROM saas_device_tries WHERE {tenant} AND account_id = :account LIMIT 100")]
    async fn tries_of(&mut self, account: UserId) -> Result<Vec<TryRow>>;
}
