//! The tenant is a condition.
#[saas_tenancy::tenant_repository]
trait Notes {
    #[sql("SELECT {tenant} FROM notes")]
    async fn run(&mut self) -> Result<Vec<(i64,)>>;
}

fn main() {}
