//! An entity whose rows belong to nobody does not compile.

use saas_core::Id;
use saas_tenancy::TenantEntity;


#[derive(TenantEntity)]
#[entity(table = "projects")]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    name: String,
}

fn main() {}
