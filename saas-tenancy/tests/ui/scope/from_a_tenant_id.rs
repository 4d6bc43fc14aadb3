//! An id is only a name: it gives no access.
fn forge(id: saas_core::TenantId) -> saas_tenancy::Scope {
    saas_tenancy::Scope::from(id)
}

fn main() {}
