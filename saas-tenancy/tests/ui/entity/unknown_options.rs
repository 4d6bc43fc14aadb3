//! What an attribute does not know it says, with what there is; the others are still read.

use saas_core::{Id, TenantId};
use saas_tenancy::TenantEntity;


#[derive(TenantEntity)]
#[entity(table = "projects", insert = "NewProject", patch = ProjectPatch)]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(filtered, sort = true, unique, unique)]
    name: String,
}

fn main() {}
