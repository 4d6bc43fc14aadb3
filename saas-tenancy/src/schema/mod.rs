//! What the database has to look like, made from the entities.

mod policy;
mod table;

pub(crate) use policy::{Policy, entity_policies, shared_policies};
pub(crate) use table::{key, unique};

use crate::{Dialect, Module};

impl Module {
    /// Writes the tables, indexes and, on PostgreSQL, the row-level security of this module's entities,
    /// as text for a migration.
    ///
    /// The file is yours: put it beside your other migrations, change what you like, and
    /// [`verify`](crate::verify) tells whether the database still keeps the tenants apart. Shared tables
    /// are not known well enough to be made; for them the guards alone are written.
    ///
    /// ```
    /// # use saas_core::{Id, TenantId};
    /// # use saas_tenancy::{Dialect, EntityTable, Module, TenantEntity};
    /// #[derive(TenantEntity)]
    /// #[entity(table = "notes")]
    /// struct Note {
    ///     #[entity(id)]
    ///     id: Id<Note>,
    ///     #[entity(tenant)]
    ///     tenant_id: TenantId,
    ///     #[entity(sort)]
    ///     title: String,
    /// }
    ///
    /// const MODULE: Module = Module::new("app").entities(&[EntityTable::new::<Note>()]);
    ///
    /// let sqlite = MODULE.ddl(Dialect::Sqlite);
    /// assert!(sqlite.contains("PRIMARY KEY (tenant_id, id)"));
    /// assert!(sqlite.contains("ON notes (tenant_id, title, id)"));
    /// assert!(MODULE.ddl(Dialect::Postgres).contains("AS RESTRICTIVE"));
    /// ```
    #[must_use]
    pub fn ddl(&self, dialect: Dialect) -> String {
        let tables = self.entities.iter();
        let tables = tables.flat_map(|table| table::create(table.info, dialect));
        let mut text: String = tables
            .map(|statement| format!("{statement};\n\n"))
            .collect();
        if dialect == Dialect::Postgres {
            text.push_str(&self.guards());
        }
        text
    }

    /// Writes the row-level security of this module's tables on PostgreSQL, as text for a migration, for
    /// tables that are made by hand. It may be run again and again.
    #[must_use]
    pub fn guards(&self) -> String {
        let mut statements = Vec::new();
        for table in self.entities {
            statements.extend(policy::force(table.info.table));
            let policies = entity_policies(table);
            statements.extend(policies.iter().flat_map(Policy::statements));
        }
        for table in self.shared {
            statements.extend(policy::force(table.name));
            let policies = shared_policies(table);
            statements.extend(policies.iter().flat_map(Policy::statements));
        }
        let ended = statements.iter().map(|statement| format!("{statement};\n"));
        ended.collect()
    }
}
