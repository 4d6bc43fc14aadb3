//! Whoever uses a repository with a mistake sees that mistake and no other.

use saas_tenancy::{Error, TenantTx, tenant_repository};

#[tenant_repository]
trait Projects {
    #[sql("SELECT name FROM projects WHERE name = :first")]
    async fn names(&mut self, first: &str) -> Result<Vec<(String,)>>;
}

async fn use_it(tx: &mut TenantTx) -> Result<usize, Error> {
    Ok(tx.names("a").await?.len())
}

fn main() {}
