//! A tenant exists only when the registry says so.
fn forge(id: saas_core::TenantId, slug: saas_tenancy::Slug, now: saas_core::Timestamp) -> saas_tenancy::Tenant {
    saas_tenancy::Tenant::new(id, slug, String::new(), saas_tenancy::Status::Active, now)
}

fn main() {}
