//! A column has a name that needs no quotes in either database.

use saas_core::{Id, TenantId};
use saas_tenancy::TenantEntity;

#[derive(TenantEntity)]
#[entity(table = "notes")]
struct Note {
    #[entity(id)]
    id: Id<Note>,
    #[entity(tenant)]
    tenant_id: TenantId,
    order: i64,
    #[entity(rename = "xmin")]
    least: i64,
    CamelCase: String,
}

fn main() {}
