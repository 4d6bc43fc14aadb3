//! Derives and attributes of the family.
//!
//! Use them through the crates that re-export them: `saas_tenancy::TenantEntity`,
//! `saas_tenancy::tenant_repository`, `saas_rbac::Permission`. Each macro goes the same way: read the
//! attributes (`attr`), understand the item (`model`), find every mistake (`check`), and then either
//! expand to short code that calls into the library (`expand`), or report all mistakes at once, each on
//! the token that is wrong, beside code that keeps the rest of the program free of errors (`fallback`).

mod entity;
mod errors;
mod names;
mod options;
mod permission;
mod repository;

use proc_macro::TokenStream;

/// Makes a struct the row of a tenant's table.
///
/// ```ignore
/// #[derive(Debug, Clone, TenantEntity)]
/// #[entity(table = "projects", new = "NewProject", patch = "ProjectPatch")]
/// pub struct Project {
///     #[entity(id)]
///     pub id: Id<Project>,
///     #[entity(tenant)]
///     pub tenant_id: TenantId,
///     /// What the project is called.
///     #[entity(filter, sort, unique)]
///     pub name: String,
///     #[entity(version)]
///     pub version: i64,
///     #[entity(created, sort)]
///     pub created_at: Timestamp,
/// }
/// ```
///
/// It implements `TenantEntity` and `FromRow`, and adds a constant such as `Project::NAME` for every
/// column that lists can be filtered or sorted by.
///
/// # On the struct
///
/// | option | meaning |
/// |---|---|
/// | `table = "projects"` | the table |
/// | `new = "NewProject"` | makes the type from which a row is inserted: the fields that the database layer does not set |
/// | `patch = "ProjectPatch"` | makes the type by which a row is changed: the same fields without the `fixed` ones, each an `Option` |
/// | `crate = "facade::tenancy"` | where saas-tenancy is found, when it is not called that |
///
/// Without `new` an entity that has fields to give cannot be inserted through its repository; without
/// `patch` an update changes only the version and the time of change.
///
/// # On the fields
///
/// | option | meaning |
/// |---|---|
/// | `id` | names the row within its tenant: `id: Id<…>` |
/// | `tenant` | says whose row it is: `tenant_id: TenantId` |
/// | `version` | an `i64` that counts the changes and guards against lost updates |
/// | `created`, `updated` | a `Timestamp` that the database layer sets |
/// | `deleted` | an `Option<Timestamp>`: what is deleted stays, and is seen by nobody |
/// | `filter`, `sort` | lists can be filtered or sorted by it; no order by an `Option` |
/// | `unique` | its value occurs once in a tenant |
/// | `fixed` | is given on insert and never changed |
/// | `references = "projects"` | points at a row of that table in the same tenant |
/// | `rename = "column"` | the name of the column, when the field is called otherwise |
///
/// The types of the fields implement `Column`. The struct has named fields and no generic parameters,
/// exactly one `id` and one `tenant`.
#[proc_macro_derive(TenantEntity, attributes(entity))]
pub fn tenant_entity(input: TokenStream) -> TokenStream {
    entity::derive(input.into()).into()
}

/// Makes a trait of hand-written statements a repository of the tenant's transaction.
///
/// ```ignore
/// #[tenant_repository(entity = Project)]
/// trait Projects {
///     #[sql("SELECT * FROM projects WHERE {tenant} AND archived = :archived ORDER BY created_at DESC")]
///     async fn archived(&mut self, archived: bool) -> Result<Vec<Project>>;
///
///     #[sql(
///         "SELECT count(*) FROM tasks t
///          JOIN projects p ON p.id = t.project_id AND {tenant p}
///          WHERE {tenant t} AND (t.done OR p.archived)"
///     )]
///     async fn finished(&mut self) -> Result<(i64,)>;
/// }
///
/// let archived = tx.archived(true).await?;
/// ```
///
/// # Methods
///
/// A method takes `&mut self` and arguments, by value or by reference, whose types implement `Column`
/// (or are `&str`, `&[u8]` or `Option<&str>`). It returns `Result<X>`, with the error of saas-tenancy, or
/// `Result<X, E>` with an `E` that the error converts into. `X` decides how the statement is run:
///
/// | `X` | |
/// |---|---|
/// | `Vec<T>` | all rows |
/// | `Option<T>` | the row, if there is one |
/// | `T` | the row; `Error::NotFound` if there is none |
/// | `u64` | the number of rows changed |
/// | `()` | nothing |
///
/// `T` implements `FromRow`: an entity, which is read by the names of its columns, or a tuple, which is
/// read by position.
///
/// # Statements
///
/// | written | meaning |
/// |---|---|
/// | `{tenant}` | `tenant_id = …` for the one table of the query |
/// | `{tenant p}` | the same for the table or alias `p` |
/// | `{tenant_id}` | the tenant itself, as the value that an `INSERT` gives to the column `tenant_id` |
/// | `{shared t}` | the table or function `t`, which holds rows of no tenant |
/// | `:name` | the argument of that name |
///
/// What makes a statement one of the tenant, and is refused when it is missing:
///
/// - Every table after `FROM`, `JOIN`, `UPDATE`, `DELETE FROM` and `USING` has a `{tenant …}` of the same
///   query, subqueries and the branches of a `UNION` included. Names declared by `WITH` need none.
/// - A `{tenant …}` is a condition of a `WHERE` or `ON` clause that always has to hold: outside
///   parentheses, joined by `AND`, with no `OR` beside it. Put an `OR` into parentheses.
/// - In an `ON` clause it is about the table that is joined there.
/// - An `INSERT` names its columns and gives `{tenant_id}` to `tenant_id`; no `UPDATE` assigns
///   `tenant_id`; `ON CONFLICT … DO UPDATE` names `tenant_id` among its columns.
/// - There is one statement, without comments, without numbered parameters, without words that change the
///   connection, the transaction, or who is asking.
///
/// A form of SQL that is not understood is refused as well.
///
/// A statement does what it says and nothing more: an `UPDATE` of a table with a `version` column raises the
/// version and sets the time of change itself (`SET …, version = version + 1`), or whoever read the row before
/// overwrites it unseen; and a `SELECT` of a table with a `deleted` column leaves deleted rows out itself.
///
/// `crate = "facade::tenancy"` beside `entity` says where saas-tenancy is found, when it is not called
/// that.
#[proc_macro_attribute]
pub fn tenant_repository(arguments: TokenStream, item: TokenStream) -> TokenStream {
    repository::expand(arguments.into(), item.into()).into()
}

/// Makes the variants of an enum permissions.
///
/// ```ignore
/// #[derive(Permission, Clone, Copy)]
/// pub enum Can {
///     /// See the projects of the tenant.
///     #[permission("projects:read")]
///     ReadProjects,
///     /// Create, change and delete projects.
///     #[permission("projects:write")]
///     WriteProjects,
/// }
/// ```
///
/// A name is two or more words of `a-z`, `0-9` and `-`, joined by `:`, and occurs once. The doc comment
/// is the description that lists of permissions show, under the heading of its `group`: that of
/// `#[permission("projects:read", group = "Projects")]`, else that of `#[permission(group = "Projects")]` on
/// the enum, else the first word of the name. The enum converts into `Access`, so that a route takes it as it
/// is.
///
/// `#[permission(types = "can")]` on the enum makes a module `can` with a type for each variant, for handlers
/// that say in their signature what they need: `Allowed<can::ReadProjects>`.
///
/// `#[permission(crate = "facade::rbac")]` on the enum says where saas-rbac is found, when it is not
/// called that.
#[proc_macro_derive(Permission, attributes(permission))]
pub fn permission(input: TokenStream) -> TokenStream {
    permission::derive(input.into()).into()
}
