//! Each table needs its own tenant.
#[saas_tenancy::tenant_repository]
trait Notes {
    #[sql("SELECT n.id FROM notes n JOIN tags t ON t.note_id = n.id WHERE {tenant n}")]
    async fn run(&mut self) -> Result<Vec<(i64,)>>;
}

fn main() {}
