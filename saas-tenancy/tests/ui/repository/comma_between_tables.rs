//! Tables are joined, not listed.
#[saas_tenancy::tenant_repository]
trait Notes {
    #[sql("SELECT n.id FROM notes n, tags t WHERE {tenant n} AND {tenant t}")]
    async fn run(&mut self) -> Result<Vec<(i64,)>>;
}

fn main() {}
