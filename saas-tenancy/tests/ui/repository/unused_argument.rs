//! An argument that the statement does not use is an error at the argument.

use saas_tenancy::tenant_repository;

#[tenant_repository]
trait Projects {
    #[sql("SELECT name FROM projects WHERE {tenant}")]
    async fn archived(&mut self, archived: bool) -> Result<Vec<(String,)>>;
}

fn main() {}
