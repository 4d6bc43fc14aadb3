//! An entity without `new` has no value from which a row could be inserted.

use saas_core::{Id, TenantId};
use saas_tenancy::{Error, TenantEntity, TenantTx};


#[derive(Debug, TenantEntity)]
#[entity(table = "projects")]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    #[entity(tenant)]
    tenant_id: TenantId,
    name: String,
}

async fn use_it(tx: &mut TenantTx) -> Result<(), Error> {
    tx.repo::<Project>().insert(()).await?;
    Ok(())
}

fn main() {}
