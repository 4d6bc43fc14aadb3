//! A transaction in a tenant begins with a scope: not with an id, not with a tenant, not with
//! nothing.

use saas_core::TenantId;
use saas_tenancy::{Database, Tenant, TenantTx};

fn from_id(database: &Database, id: TenantId) -> TenantTx {
    database.write(&id)
}

fn from_tenant(database: &Database, tenant: &Tenant) -> TenantTx {
    database.read(tenant)
}

fn from_nothing(database: &Database) -> TenantTx {
    database.write()
}

fn main() {}
