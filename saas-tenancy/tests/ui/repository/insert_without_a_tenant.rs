//! What is inserted belongs to the tenant.
#[saas_tenancy::tenant_repository]
trait Notes {
    #[sql("INSERT INTO notes (id) VALUES (:id)")]
    async fn run(&mut self, id: i64) -> Result<u64>;
}

fn main() {}
