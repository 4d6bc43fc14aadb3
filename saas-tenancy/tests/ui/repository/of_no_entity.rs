//! The entity of a repository is one.

use saas_tenancy::tenant_repository;

#[tenant_repository(entity = String)]
trait Projects {
    #[sql("SELECT name FROM projects WHERE {tenant}")]
    async fn names(&mut self) -> Result<Vec<(String,)>>;
}

fn main() {}
