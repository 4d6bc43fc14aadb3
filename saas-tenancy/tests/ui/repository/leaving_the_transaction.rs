//! A statement leaves the connection and its transaction as they are.

use saas_tenancy::tenant_repository;

#[tenant_repository]
trait Notes {
    #[sql("SET LOCAL app.tenant_id = 'x'")]
    async fn set(&mut self) -> Result<()>;

    #[sql("PRAGMA foreign_keys = off")]
    async fn pragma(&mut self) -> Result<()>;

    #[sql("COMMIT")]
    async fn commit(&mut self) -> Result<()>;
}

fn main() {}
