//! Neither a scope, nor a tenant, nor a principal comes from outside.

use saas_core::Principal;
use saas_tenancy::{Scope, Tenant};
use serde::Deserialize as _;

fn forge(json: &serde_json::Value) {
    let _ = Scope::deserialize(json);
    let _ = Tenant::deserialize(json);
    let _ = Principal::deserialize(json);
}

fn main() {}
