//! Inside parentheses an OR could switch the tenant off.
#[saas_tenancy::tenant_repository]
trait Notes {
    #[sql("DELETE FROM notes WHERE ({tenant} OR 1 = 1)")]
    async fn run(&mut self) -> Result<u64>;
}

fn main() {}
