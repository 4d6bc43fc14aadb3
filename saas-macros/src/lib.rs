//! Derives and attributes of the family.
//!
//! Use them through the crates that re-export them: `saas_tenancy::TenantEntity`,
//! `saas_tenancy::tenant_repository`, `saas_rbac::Permission`. Each macro goes the same way: parse
//! the attributes, check everything, and then either report every mistake at once, each on the token
//! that is wrong, or expand to short code that calls into the library.

mod entity;
mod errors;
mod names;
mod permission;
mod repository;

use proc_macro::TokenStream;

/// Makes a struct the row of a tenant's table.
///
/// On the struct: `#[entity(table = "projects", new = "NewProject", patch = "ProjectPatch")]`. The
/// types named by `new` and `patch` are made by the derive: what a caller gives on insert, and what
/// it may change. Without them the entity is inserted from, and changed by, nothing.
///
/// On the fields:
///
/// | attribute | meaning |
/// |---|---|
/// | `id` | the id, an `Id<…>`; the column is `id` |
/// | `tenant` | whose row it is, a `TenantId`; the column is `tenant_id` |
/// | `version` | an `i64` that counts the changes and guards against lost updates |
/// | `created`, `updated` | a `Timestamp` that the database layer sets |
/// | `filter`, `sort` | lists can be filtered or sorted by it |
/// | `unique` | its value occurs once in a tenant |
/// | `fixed` | is given on insert and never changed |
/// | `references = "table"` | points at a row of that table, in the same tenant |
#[proc_macro_derive(TenantEntity, attributes(entity))]
pub fn tenant_entity(input: TokenStream) -> TokenStream {
    entity::derive(input.into()).into()
}

/// Makes a trait of hand-written statements a repository of the tenant's transaction.
///
/// Each method is `async fn name(&mut self, …) -> Result<X>` with `#[sql("…")]`, where `X` is
/// `Vec<T>`, `Option<T>`, `T`, `u64` (rows changed) or `()`. In the statement:
///
/// | written | meaning |
/// |---|---|
/// | `{tenant}` | `tenant_id = …` of the one table of the statement |
/// | `{tenant p}` | the same for the table with the alias `p` |
/// | `{tenant_id}` | the tenant itself, among the values of an `INSERT` |
/// | `{shared t}` | the table `t`, which belongs to no tenant |
/// | `:name` | the argument of that name |
///
/// Every table of the statement needs its own `{tenant}`. A statement without it does not compile,
/// nor does one in which an `OR` beside it would open the query.
#[proc_macro_attribute]
pub fn tenant_repository(attributes: TokenStream, item: TokenStream) -> TokenStream {
    repository::expand(attributes.into(), item.into()).into()
}

/// Makes the variants of an enum permissions.
///
/// Each variant has a name: `#[permission("projects:read")]`. Its doc comment is the description.
#[proc_macro_derive(Permission, attributes(permission))]
pub fn permission(input: TokenStream) -> TokenStream {
    permission::derive(input.into()).into()
}
