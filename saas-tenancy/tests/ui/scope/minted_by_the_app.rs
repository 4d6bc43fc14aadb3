//! The function that mints scopes is not for programs.
fn forge(tenant: saas_tenancy::Tenant, actor: saas_tenancy::Actor) -> saas_tenancy::Scope {
    saas_tenancy::Scope::mint(tenant, actor)
}

fn main() {}
