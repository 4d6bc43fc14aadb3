//! An entity has one id, and the second mark is the mistake.

use saas_core::{Id, TenantId};
use saas_tenancy::TenantEntity;


#[derive(TenantEntity)]
#[entity(table = "projects")]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    #[entity(id)]
    other_id: Id<Project>,
    #[entity(tenant)]
    tenant_id: TenantId,
}

fn main() {}
