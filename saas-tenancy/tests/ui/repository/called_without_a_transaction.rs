//! A statement runs on a transaction in a tenant: not on the database, and not on a transaction of
//! the system.

use saas_tenancy::{Database, Error, SystemTx, tenant_repository};

#[tenant_repository]
trait Projects {
    #[sql("SELECT name FROM projects WHERE {tenant}")]
    async fn names(&mut self) -> Result<Vec<(String,)>>;
}

async fn use_it(mut database: Database, mut system: SystemTx) -> Result<(), Error> {
    database.names().await?;
    system.names().await?;
    Ok(())
}

fn main() {}
