//! Two fields cannot be the same column.

use saas_core::{Id, TenantId};
use saas_tenancy::TenantEntity;


#[derive(TenantEntity)]
#[entity(table = "projects")]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    #[entity(tenant)]
    tenant_id: TenantId,
    name: String,
    #[entity(rename = "name")]
    title: String,
}

fn main() {}
