//! With two tables `{tenant}` says of which one it speaks, and names one that there is.

use saas_tenancy::tenant_repository;

#[tenant_repository]
trait Notes {
    #[sql("SELECT n.id FROM notes n JOIN tags t ON t.note_id = n.id WHERE {tenant}")]
    async fn tagged(&mut self) -> Result<Vec<(i64,)>>;

    #[sql("SELECT n.id FROM notes n WHERE {tenant notes}")]
    async fn all(&mut self) -> Result<Vec<(i64,)>>;
}

fn main() {}
