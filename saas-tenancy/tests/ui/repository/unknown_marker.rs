//! A marker that does not exist is told from those that do.

use saas_tenancy::tenant_repository;

#[tenant_repository]
trait Projects {
    #[sql("SELECT name FROM projects WHERE {tennant}")]
    async fn archived(&mut self) -> Result<Vec<(String,)>>;
}

fn main() {}
