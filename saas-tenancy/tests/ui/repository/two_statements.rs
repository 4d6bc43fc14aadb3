//! One method runs one statement.
#[saas_tenancy::tenant_repository]
trait Notes {
    #[sql("DELETE FROM notes WHERE {tenant}; DELETE FROM notes")]
    async fn run(&mut self) -> Result<u64>;
}

fn main() {}
