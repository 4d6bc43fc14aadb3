//! The rules as Casbin has them, and where they are kept.

mod adapter;
pub(crate) mod model;
pub(crate) mod store;

pub use adapter::TenantAdapter;
use saas_tenancy::{EntityTable, Migration, Module, Reason};

/// The tables of this crate.
pub const MODULE: Module = Module::new("saas_rbac")
    .migrations(&[
        Migration::new(
            1,
            "policy",
            include_str!("../../migrations/sqlite/0001_policy.sql"),
            include_str!("../../migrations/postgres/0001_policy.sql"),
        ),
        Migration::postgres(
            2,
            "guards",
            include_str!("../../migrations/postgres/0002_guards.sql"),
        ),
    ])
    .entities(&[
        EntityTable::new::<store::PolicyRule>(),
        EntityTable::new::<store::RoleRow>(),
    ]);

/// Loads the rules of a tenant to decide about a request in it.
#[derive(Debug)]
#[non_exhaustive]
pub struct PolicyLoad;

impl Reason for PolicyLoad {
    const NAME: &'static str = "policy-load";
    const WHY: &'static str =
        "the rules of a tenant are loaded before anybody is allowed anything in it";
    const ROUTINE: bool = true;
}
