//! `*` over two tables has two columns `id`, and which of them is read would be chance.

use saas_tenancy::tenant_repository;

#[tenant_repository]
trait Projects {
    #[sql("SELECT * FROM tasks t JOIN projects p ON {tenant p} WHERE {tenant t}")]
    async fn both(&mut self) -> Result<Vec<(String,)>>;
}

fn main() {}
