//! What is written belongs to the tenant of the transaction, before and after.

use saas_core::TenantId;
use saas_tenancy::tenant_repository;

#[tenant_repository]
trait Notes {
    #[sql("INSERT INTO notes (tenant_id, title) VALUES (:tenant, :title)")]
    async fn plant(&mut self, tenant: TenantId, title: &str) -> Result<()>;

    #[sql("UPDATE notes SET tenant_id = :tenant WHERE {tenant}")]
    async fn give_away(&mut self, tenant: TenantId) -> Result<u64>;

    #[sql(
        "INSERT INTO notes (tenant_id, title) VALUES ({tenant_id}, :title)
         ON CONFLICT (title) DO UPDATE SET title = 'taken'"
    )]
    async fn overwrite(&mut self, title: &str) -> Result<u64>;
}

fn main() {}
