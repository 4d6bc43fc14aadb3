//! Nobody lists the rows of a tenant of his choice.

use saas_core::{Id, TenantId};
use saas_tenancy::TenantEntity;


#[derive(TenantEntity)]
#[entity(table = "projects")]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    #[entity(tenant, filter)]
    tenant_id: TenantId,
}

fn main() {}
