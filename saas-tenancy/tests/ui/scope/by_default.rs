//! There is no default scope and no default tenant.

use saas_tenancy::{Scope, Tenant};

fn make() -> (Scope, Tenant) {
    (Scope::default(), Default::default())
}

fn main() {}
