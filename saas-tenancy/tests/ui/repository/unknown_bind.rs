//! A bind that is no argument is an error in the statement, with the arguments that there are.

use saas_tenancy::tenant_repository;

#[tenant_repository]
trait Projects {
    #[sql("SELECT name FROM projects WHERE {tenant} AND archived = :archive")]
    async fn archived(&mut self, archived: bool) -> Result<Vec<(String,)>>;
}

fn main() {}
