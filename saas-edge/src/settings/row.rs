//! Settings as rows.

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{TenantEntity, tenant_repository};

/// What a tenant has set.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_settings", new = "NewSettingRow")]
pub(crate) struct SettingRow {
    #[entity(id)]
    pub(crate) id: Id<SettingRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    #[entity(fixed)]
    pub(crate) name: String,
    /// As JSON.
    pub(crate) value: String,
    #[entity(updated)]
    pub(crate) updated_at: Timestamp,
}

#[tenant_repository(entity = SettingRow)]
pub(crate) trait SettingRows {
    #[sql("SELECT * FROM saas_settings WHERE {tenant}")]
    async fn setting_rows(&mut self) -> Result<Vec<SettingRow>>;

    #[sql("SELECT * FROM saas_settings WHERE {tenant} AND name = :name")]
    async fn setting_row(&mut self, name: &str) -> Result<Option<SettingRow>>;

    #[sql(
        "INSERT INTO saas_settings (tenant_id, id, name, value, updated_at) VALUES ({tenant_id}, :id, :name, :value, :now) ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
    )]
    async fn set_setting(
        &mut self,
        id: Id<SettingRow>,
        name: &str,
        value: &str,
        now: Timestamp,
    ) -> Result<u64>;

    #[sql("DELETE FROM saas_settings WHERE {tenant} AND name = :name")]
    async fn unset_setting(&mut self, name: &str) -> Result<u64>;
}
