//! A system transaction has no tenant, so it has no repositories.
#[derive(saas_tenancy::TenantEntity)]
#[entity(table = "notes")]
struct Note {
    #[entity(id)]
    id: saas_core::Id<Note>,
    #[entity(tenant)]
    tenant_id: saas_core::TenantId,
}

fn reach(tx: &mut saas_tenancy::SystemTx) {
    let _ = tx.repo::<Note>();
}

fn main() {}
