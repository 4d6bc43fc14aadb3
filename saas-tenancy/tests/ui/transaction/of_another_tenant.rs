//! The tenant of a transaction is that of its scope, and cannot be changed.

use saas_tenancy::{Scope, Tenant, TenantTx};

fn turn(tx: &mut TenantTx, other: Scope, tenant: Tenant) {
    *tx.scope() = other;
    tx.scope = tenant;
    tx.into_tenant(&tenant);
}

fn main() {}
