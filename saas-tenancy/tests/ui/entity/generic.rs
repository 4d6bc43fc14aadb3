//! One table, one type.

use saas_core::{Id, TenantId};
use saas_tenancy::TenantEntity;


#[derive(TenantEntity)]
#[entity(table = "projects")]
struct Project<T> {
    #[entity(id)]
    id: Id<T>,
    #[entity(tenant)]
    tenant_id: TenantId,
}

fn main() {}
