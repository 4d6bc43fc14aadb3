//! The words of tenants, as rows.

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{TenantEntity, tenant_repository};

/// The words of a tenant for one template in one language.
#[derive(Debug, Clone, PartialEq, Eq, TenantEntity)]
#[entity(
    table = "saas_mail_templates",
    new = "NewTemplateRow",
    patch = "TemplateRowPatch"
)]
pub(crate) struct TemplateRow {
    #[entity(id)]
    pub(crate) id: Id<TemplateRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    #[entity(fixed)]
    pub(crate) template: String,
    /// Empty for those in no language.
    #[entity(fixed)]
    pub(crate) locale: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    #[entity(created)]
    pub(crate) created_at: Timestamp,
    #[entity(updated)]
    pub(crate) updated_at: Timestamp,
}

#[tenant_repository(entity = TemplateRow)]
pub(crate) trait TemplateRows {
    #[sql("SELECT * FROM saas_mail_templates WHERE {tenant} AND template = :template")]
    async fn templates_named(&mut self, template: &str) -> Result<Vec<TemplateRow>>;

    #[sql(
        "SELECT * FROM saas_mail_templates WHERE {tenant} AND template = :template AND locale = :locale"
    )]
    async fn template_in(&mut self, template: &str, locale: &str) -> Result<Option<TemplateRow>>;

    #[sql("SELECT * FROM saas_mail_templates WHERE {tenant} ORDER BY template, locale")]
    async fn all_templates(&mut self) -> Result<Vec<TemplateRow>>;

    #[sql("SELECT count(*) FROM saas_mail_templates WHERE {tenant}")]
    async fn count_templates(&mut self) -> Result<(i64,)>;
}
