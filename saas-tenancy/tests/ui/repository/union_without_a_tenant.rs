//! Each branch needs its own tenant.
#[saas_tenancy::tenant_repository]
trait Notes {
    #[sql("SELECT id FROM notes WHERE {tenant} UNION SELECT id FROM notes")]
    async fn run(&mut self) -> Result<Vec<(i64,)>>;
}

fn main() {}
