//! What a crate with tables brings.

use crate::EntityInfo;

/// The tables of one crate: how they come to be, and how they are guarded.
///
/// # Examples
///
/// ```
/// use saas_core::{Id, TenantId};
/// use saas_tenancy::{EntityTable, Migration, Module, TenantEntity};
///
/// #[derive(TenantEntity)]
/// #[entity(table = "notes")]
/// struct Note {
///     #[entity(id)]
///     id: Id<Note>,
///     #[entity(tenant)]
///     tenant_id: TenantId,
///     text: String,
/// }
///
/// const MODULE: Module = Module::new("app")
///     .migrations(&[Migration::new(
///         1,
///         "notes",
///         "CREATE TABLE notes (tenant_id BLOB NOT NULL, id BLOB NOT NULL, text TEXT NOT NULL,
///                              PRIMARY KEY (tenant_id, id)) STRICT",
///         "CREATE TABLE notes (tenant_id UUID NOT NULL, id UUID NOT NULL, text TEXT NOT NULL,
///                              PRIMARY KEY (tenant_id, id))",
///     )])
///     .entities(&[EntityTable::new::<Note>()]);
/// # let _ = MODULE;
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Module {
    pub(crate) name: &'static str,
    pub(crate) migrations: &'static [Migration],
    pub(crate) entities: &'static [EntityTable],
    pub(crate) shared: &'static [SharedTable],
}

impl Module {
    /// Names the module. The name begins the name of the table in which its migrations are noted.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            migrations: &[],
            entities: &[],
            shared: &[],
        }
    }

    /// Sets the migrations, in the order of their versions.
    pub const fn migrations(mut self, migrations: &'static [Migration]) -> Self {
        self.migrations = migrations;
        self
    }

    /// Sets the tables whose rows belong to tenants.
    pub const fn entities(mut self, entities: &'static [EntityTable]) -> Self {
        self.entities = entities;
        self
    }

    /// Sets the tables whose rows belong to no tenant.
    pub const fn shared(mut self, shared: &'static [SharedTable]) -> Self {
        self.shared = shared;
        self
    }

    /// Gives the name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// One step of the schema, in both dialects. Once released it never changes.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sqlite: Option<&'static str>,
    pub(crate) postgres: &'static str,
}

impl Migration {
    /// Takes the number of the step within its module, its name, and its SQL.
    pub const fn new(
        version: i64,
        name: &'static str,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Self {
        Self {
            version,
            name,
            sqlite: Some(sqlite),
            postgres,
        }
    }

    /// Makes a step that there is on PostgreSQL only, such as the guards of tables that an earlier step
    /// has made; see [`Module::guards`].
    pub const fn postgres(version: i64, name: &'static str, sql: &'static str) -> Self {
        Self {
            version,
            name,
            sqlite: None,
            postgres: sql,
        }
    }
}

/// A table whose rows belong to tenants.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct EntityTable {
    pub(crate) info: &'static EntityInfo,
    pub(crate) own_rows: Option<&'static str>,
    pub(crate) system_reads: bool,
    pub(crate) append_only: bool,
}

impl EntityTable {
    /// Guards the table of an entity.
    pub const fn new<E: crate::TenantEntity>() -> Self {
        Self {
            info: E::INFO,
            own_rows: None,
            system_reads: false,
            append_only: false,
        }
    }

    /// Takes the right to change or remove rows from the service (PostgreSQL).
    pub const fn append_only(mut self) -> Self {
        self.append_only = true;
        self
    }

    /// Lets system scopes read the rows of all tenants: for what every instance has to know of each, such as whose
    /// turn it is or what has ended. Nothing that a tenant would call its data belongs into such a table.
    pub const fn system_reads(mut self) -> Self {
        self.system_reads = true;
        self
    }

    /// Lets a person read the rows that name them in `column`, over all tenants; see
    /// [`SystemTx::for_user`](crate::SystemTx::for_user).
    pub const fn own_rows(mut self, column: &'static str) -> Self {
        self.own_rows = Some(column);
        self
    }
}

/// A table whose rows belong to no tenant, such as accounts. System scopes may read and write it.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct SharedTable {
    pub(crate) name: &'static str,
    pub(crate) visible: Option<&'static str>,
}

impl SharedTable {
    /// Names the table. Nothing of it is visible inside a tenant.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            visible: None,
        }
    }

    /// Says, as an expression of PostgreSQL, which of its rows may be read inside a tenant.
    pub const fn visible(mut self, expression: &'static str) -> Self {
        self.visible = Some(expression);
        self
    }
}
