//! A transaction is not built by hand.
fn forge(database: saas_tenancy::Database, scope: saas_tenancy::Scope) -> saas_tenancy::TenantTx {
    saas_tenancy::TenantTx { database, scope, session: None, slot: None }
}

fn main() {}
