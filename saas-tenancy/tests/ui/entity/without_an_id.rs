//! An entity whose rows have no name does not compile.

use saas_core::TenantId;
use saas_tenancy::TenantEntity;


#[derive(TenantEntity)]
#[entity(table = "projects")]
struct Project {
    #[entity(tenant)]
    tenant_id: TenantId,
    name: String,
}

fn main() {}
