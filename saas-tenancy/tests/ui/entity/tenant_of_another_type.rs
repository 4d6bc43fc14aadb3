//! The tenant is a `TenantId` and its column is called `tenant_id`; policies and SQL rely on both.

use saas_core::Id;
use saas_tenancy::TenantEntity;


#[derive(TenantEntity)]
#[entity(table = "projects")]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    #[entity(tenant)]
    company: String,
}

fn main() {}
