//! In an ON clause of an outer join a condition on the other table lets its rows through.
#[saas_tenancy::tenant_repository]
trait Notes {
    #[sql("SELECT n.id FROM notes n LEFT JOIN tags t ON {tenant n} AND {tenant t}")]
    async fn run(&mut self) -> Result<Vec<(i64,)>>;
}

fn main() {}
