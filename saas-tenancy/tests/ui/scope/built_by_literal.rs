//! A scope is not built by hand.
fn forge(parts: std::sync::Arc<()>) -> saas_tenancy::Scope {
    saas_tenancy::Scope(parts)
}

fn main() {}
