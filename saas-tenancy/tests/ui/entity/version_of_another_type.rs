//! The version is counted by the database layer, so it is an `i64` and nobody gives it.

use saas_core::{Id, TenantId};
use saas_tenancy::TenantEntity;


#[derive(TenantEntity)]
#[entity(table = "projects")]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(version, fixed)]
    version: u32,
}

fn main() {}
