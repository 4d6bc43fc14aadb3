//! An OR beside `{tenant}` would open the query to every tenant.

use saas_tenancy::tenant_repository;

#[tenant_repository]
trait Projects {
    #[sql("SELECT name FROM projects WHERE {tenant} AND archived OR name = :name")]
    async fn find(&mut self, name: &str) -> Result<Vec<(String,)>>;
}

fn main() {}
