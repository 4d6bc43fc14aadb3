//! The rules as Casbin has them, and where they are kept.

pub(crate) mod lines;
pub(crate) mod store;

use saas_tenancy::{EntityTable, Migration, Module, Reason};

use crate::casbin::store::CasbinRule;

/// The tables of this crate: to be migrated with those of the program, or nobody is allowed anything.
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
        Migration::new(
            3,
            "effects and groups",
            include_str!("../../migrations/sqlite/0003_effects_and_groups.sql"),
            include_str!("../../migrations/postgres/0003_effects_and_groups.sql"),
        ),
        Migration::new(
            4,
            "casbin",
            include_str!("../../migrations/sqlite/0004_casbin.sql"),
            include_str!("../../migrations/postgres/0004_casbin.sql"),
        ),
        Migration::postgres(
            5,
            "guards of groups and casbin",
            include_str!("../../migrations/postgres/0005_guards.sql"),
        ),
    ])
    .entities(&[
        EntityTable::new::<store::PolicyRule>(),
        EntityTable::new::<store::RoleRow>(),
        EntityTable::new::<store::GroupRow>(),
        EntityTable::new::<CasbinRule>(),
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
