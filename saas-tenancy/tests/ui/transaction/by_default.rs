//! There is no transaction without a database and a scope.

fn forge() -> saas_tenancy::TenantTx {
    saas_tenancy::TenantTx::default()
}

fn main() {}
