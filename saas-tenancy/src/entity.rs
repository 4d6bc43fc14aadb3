//! What the crate knows of a tenant's table. `#[derive(TenantEntity)]` fills it in.

use uuid::Uuid;

use crate::{Error, Kind, Row, Value};

/// A row that is read by position from the columns of a SELECT list.
///
/// Implemented by the derive for entities, and for tuples of [`Column`](crate::Column)s.
pub trait FromRow: Sized + Send {
    /// Reads the row.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] when a column is missing or of another kind.
    fn from_row(row: &Row) -> Result<Self, Error>;
}

/// A table whose every row belongs to a tenant.
///
/// Derive it; the derive checks what the promises of this crate rest on: there is one id and one
/// tenant column, and each column has a type that the databases can hold.
///
/// ```
/// use saas_core::{Id, TenantId, Timestamp};
/// use saas_tenancy::TenantEntity;
///
/// #[derive(Debug, Clone, TenantEntity)]
/// #[entity(table = "projects", new = "NewProject", patch = "ProjectPatch")]
/// pub struct Project {
///     #[entity(id)]
///     pub id: Id<Project>,
///     #[entity(tenant)]
///     pub tenant_id: TenantId,
///     #[entity(filter, sort)]
///     pub name: String,
///     #[entity(version)]
///     pub version: i64,
///     #[entity(created, sort)]
///     pub created_at: Timestamp,
/// }
///
/// let new = NewProject { name: "Bridge".to_owned() };
/// # let _ = new;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tenant entity",
    label = "not a table of a tenant",
    note = "add `#[derive(TenantEntity)]` and `#[entity(table = \"…\")]` to the struct"
)]
pub trait TenantEntity: FromRow + Sync + 'static {
    /// What a caller gives to insert a row: every column that the database layer does not fill in.
    type New: Send;
    /// What a caller may change, each field optional.
    type Patch: Send;

    /// The table.
    const INFO: &'static EntityInfo;

    /// Gives the id of the row.
    fn row_id(&self) -> Uuid;

    /// Gives the version of the row, when the table has one.
    fn row_version(&self) -> Option<i64>;

    /// Gives the value of the column at that position of [`EntityInfo::columns`].
    fn column_value(&self, index: usize) -> Option<Value>;

    /// Gives the values to insert, one for each of the positions in [`EntityInfo::given`].
    fn new_values(new: Self::New) -> Vec<Value>;

    /// Gives the positions and values of the columns to change.
    fn patch_values(patch: Self::Patch) -> Vec<(usize, Value)>;

    /// Reads the text of a filter on the column at that position.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] when the text is not a value of the column.
    fn parse_filter(index: usize, text: &str) -> Result<Value, Error>;
}

/// Describes a tenant's table. All positions count from 0 within `columns`.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the derive writes it as a literal; it is not for users to make"
)]
pub struct EntityInfo {
    /// The name of the Rust type.
    pub name: &'static str,
    /// The name of the table.
    pub table: &'static str,
    /// The columns, in the order of the fields.
    pub columns: &'static [ColumnInfo],
    /// The position of the id.
    pub id: usize,
    /// The position of the tenant.
    pub tenant: usize,
    /// The position of the version, which guards against lost updates.
    pub version: Option<usize>,
    /// The position of the time of creation.
    pub created: Option<usize>,
    /// The position of the time of the last change.
    pub updated: Option<usize>,
    /// The position of the time of the soft deletion; rows that have one are left out of reads.
    pub deleted: Option<usize>,
    /// The positions of the columns that a caller gives on insert.
    pub given: &'static [usize],
    /// The tables that rows of this one refer to.
    pub references: &'static [ReferenceInfo],
    /// The fixed statements.
    pub sql: EntitySql,
}

/// Describes one column.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the derive writes it as a literal; it is not for users to make"
)]
pub struct ColumnInfo {
    /// The name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether lists can be filtered by it.
    pub filter: bool,
    /// Whether lists can be sorted by it.
    pub sort: bool,
    /// Whether its value occurs once in a tenant.
    pub unique: bool,
    /// Whether it stays as it was inserted.
    pub fixed: bool,
}

/// Describes a reference to another table of the same tenant. The foreign key is
/// `(tenant_id, column) -> table (tenant_id, id)`, so that a row cannot point into another tenant.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the derive writes it as a literal; it is not for users to make"
)]
pub struct ReferenceInfo {
    /// The position of the column.
    pub column: usize,
    /// The table referred to.
    pub table: &'static str,
}

/// The statements of a table that need not be put together at run time. In each, `$1` is the
/// tenant.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the derive writes it as a literal; it is not for users to make"
)]
pub struct EntitySql {
    /// All columns, in order, separated by `, `.
    pub columns: &'static str,
    /// `SELECT … FROM table WHERE tenant_id = $1 AND id = $2`, and that it is not deleted.
    pub select_one: &'static str,
    /// The same for PostgreSQL outside a transaction: it tells the policies the tenant by itself.
    pub select_one_alone: &'static str,
    /// `INSERT INTO table (…) VALUES ($1, …) RETURNING …`: `$1` the tenant, `$2` the id, then the
    /// version, created and updated columns as far as there are any, in this order, then the given ones.
    pub insert: &'static str,
}

macro_rules! tuple_from_row {
    ($($column:ident $index:tt),+) => {
        impl<$($column: crate::Column),+> FromRow for ($($column,)+) {
            fn from_row(row: &Row) -> Result<Self, Error> {
                Ok(($(row.get::<$column>($index)?,)+))
            }
        }
    };
}

tuple_from_row!(A 0);
tuple_from_row!(A 0, B 1);
tuple_from_row!(A 0, B 1, C 2);
tuple_from_row!(A 0, B 1, C 2, D 3);
tuple_from_row!(A 0, B 1, C 2, D 3, E 4);
tuple_from_row!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple_from_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_from_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
