//! The statement does not say who is asking.
#[saas_tenancy::tenant_repository]
trait Notes {
    #[sql("SELECT set_config('app.tenant_id', :other, true) FROM notes WHERE {tenant}")]
    async fn run(&mut self, other: String) -> Result<Vec<(i64,)>>;
}

fn main() {}
