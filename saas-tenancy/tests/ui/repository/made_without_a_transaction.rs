//! The repository of an entity comes from a transaction in a tenant, and from nowhere else.

use saas_core::{Id, TenantId};
use saas_tenancy::{Database, Repository, SystemTx, TenantEntity, TenantTx};

#[derive(TenantEntity)]
#[entity(table = "projects")]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    #[entity(tenant)]
    tenant_id: TenantId,
}

fn use_it(database: &mut Database, system: &mut SystemTx, tx: &mut TenantTx) {
    let _ = database.repo::<Project>();
    let _ = system.repo::<Project>();
    let _ = Repository::<Project>::new(tx);
    let _ = tx.repo::<String>();
}

fn main() {}
