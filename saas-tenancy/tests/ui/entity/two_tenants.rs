//! A row belongs to one tenant.

use saas_core::{Id, TenantId};
use saas_tenancy::TenantEntity;


#[derive(TenantEntity)]
#[entity(table = "projects")]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(tenant)]
    owner_id: TenantId,
}

fn main() {}
