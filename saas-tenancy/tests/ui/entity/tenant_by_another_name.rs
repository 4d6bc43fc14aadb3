//! The column of the tenant has one name.
#[derive(saas_tenancy::TenantEntity)]
#[entity(table = "notes")]
struct Note {
    #[entity(id)]
    id: saas_core::Id<Note>,
    #[entity(tenant)]
    owner: saas_core::TenantId,
}

fn main() {}
