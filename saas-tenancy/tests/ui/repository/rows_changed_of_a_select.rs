//! `u64` is the number of rows changed, which a SELECT does not have, and a change gives no rows by
//! itself.

use saas_tenancy::tenant_repository;

#[tenant_repository]
trait Projects {
    #[sql("SELECT count(*) FROM projects WHERE {tenant}")]
    async fn count(&mut self) -> Result<u64>;

    #[sql("SELECT count(*) FROM projects WHERE {tenant}")]
    async fn number(&mut self) -> Result<i64>;

    #[sql("DELETE FROM projects WHERE {tenant}")]
    async fn deleted(&mut self) -> Result<Vec<(String,)>>;
}

fn main() {}
