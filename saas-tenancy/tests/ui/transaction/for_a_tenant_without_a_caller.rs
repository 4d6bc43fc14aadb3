//! A resolved tenant alone is not enough: somebody has to be admitted to it.
fn open(database: &saas_tenancy::Database, tenant: &saas_tenancy::Tenant) -> saas_tenancy::TenantTx {
    database.write(tenant)
}

fn main() {}
