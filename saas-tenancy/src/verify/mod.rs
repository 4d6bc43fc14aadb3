//! Whether the live database is guarded as the entities say.
//!
//! What the program declares and what the database does can drift apart: somebody connects as the
//! owner, a table is restored without its policies, a new one is added by hand. So the catalogue of
//! the running database is read and compared, and a service whose database stands open does not
//! start. On SQLite, which has no roles and no policies, tables and keys are compared.

mod finding;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::collections::{BTreeMap, BTreeSet};

pub use finding::{Finding, FindingCode, Severity};

use crate::{
    Database, EntityInfo, Error, Module, SharedTable, database::Pools, migrate::EntityTable, schema,
};

/// Lists every way in which the database is less guarded than declared. Empty is good.
///
/// A finding of [`Severity::Leak`] is a reason not to start; one of [`Severity::Weakness`] is a second
/// line that is missing. They come in the order of their objects.
///
/// # Errors
///
/// [`Error::Unavailable`] when the catalogue cannot be read.
pub async fn verify(database: &Database, modules: &[&Module]) -> Result<Vec<Finding>, Error> {
    let declared = Declared::new(modules);
    let mut findings = match database.pools() {
        #[cfg(feature = "sqlite")]
        Pools::Sqlite(pools) => {
            sqlite::read(pools.readers.acquire().await?.connection()?, &declared).await?
        }
        #[cfg(feature = "postgres")]
        Pools::Postgres(pool) => {
            postgres::read(&mut pool.acquire().await?.connection, &declared).await?
        }
    };
    findings.sort_by(|a, b| (&a.object, a.code).cmp(&(&b.object, b.code)));
    findings.dedup();
    Ok(findings)
}

/// A unique key, as it was found.
struct Key {
    columns: BTreeSet<String>,
    /// For which rows it holds, if not for all: the condition in lower case, without spaces, quotes and parentheses.
    rows: Option<String>,
}

impl Key {
    fn new(columns: impl IntoIterator<Item = String>, condition: Option<&str>) -> Self {
        let plain = |condition: &str| {
            let kept = condition.chars();
            let kept = kept.filter(|character| !character.is_whitespace());
            let kept = kept.filter(|character| !matches!(character, '(' | ')' | '"' | '`'));
            kept.flat_map(char::to_lowercase).collect()
        };
        Self {
            columns: columns.into_iter().collect(),
            rows: condition.map(plain),
        }
    }
}

/// What the program says there is.
struct Declared {
    entities: BTreeMap<&'static str, EntityTable>,
    shared: BTreeMap<&'static str, SharedTable>,
}

impl Declared {
    fn new(modules: &[&Module]) -> Self {
        let entities = modules.iter().flat_map(|module| module.entities);
        let shared = modules.iter().flat_map(|module| module.shared);
        Self {
            entities: entities.map(|table| (table.info.table, *table)).collect(),
            shared: shared.map(|table| (table.name, *table)).collect(),
        }
    }

    fn has(&self, table: &str) -> bool {
        self.entities.contains_key(table) || self.shared.contains_key(table)
    }

    fn is_entity(&self, table: &str) -> bool {
        self.entities.contains_key(table)
    }

    fn is_append_only(&self, table: &str) -> bool {
        self.entities
            .get(table)
            .is_some_and(|entity| entity.append_only)
    }

    fn tables(&self) -> BTreeSet<&'static str> {
        let entities = self.entities.keys();
        entities.chain(self.shared.keys()).copied().collect()
    }

    /// What is wrong with the unique keys of an entity's table.
    fn missing_keys(&self, table: &str, found: &[Key]) -> Vec<Finding> {
        let Some(info) = self.entities.get(table).map(|table| table.info) else {
            return Vec::new();
        };
        let name = |index: usize| info.columns.get(index).map_or("", |column| column.name);
        let (tenant, columns) = (name(info.tenant), info.columns.iter().enumerate());
        let declared = columns.filter(|(index, column)| *index == info.id || column.unique);
        let missing = declared.filter(|(_, column)| {
            let deleted = info.deleted.filter(|_| column.unique);
            let deleted = deleted.map(|index| format!("{}isnull", name(index)));
            // A key of fewer columns keeps more apart, and one of some rows only keeps none of the others apart.
            let holds = |key: &Key| {
                let mut columns = key.columns.iter();
                columns.all(|name| name == tenant || name == column.name)
                    && (key.rows.is_none() || key.rows == deleted)
            };
            !found.iter().any(holds)
        });
        let missing = missing.map(|(index, column)| {
            let object = format!("{table}.{}", column.name);
            // An id is nobody else's for good, also when its row was deleted softly.
            let mend = match index == info.id {
                true => format!("CREATE UNIQUE INDEX {table}_id_key ON {table} ({tenant}, id)"),
                false => schema::unique(info, column),
            };
            Finding::new(FindingCode::KeyMissing, object, mend)
        });
        missing.collect()
    }

    /// The columns that an entity's table lacks.
    fn missing_columns(&self, table: &str, found: &[String]) -> Vec<&'static str> {
        let info: Option<&EntityInfo> = self.entities.get(table).map(|table| table.info);
        let columns = info.map(|info| info.columns).unwrap_or_default();
        let names = columns.iter().map(|column| column.name);
        names
            .filter(|name| !found.iter().any(|found| found == name))
            .collect()
    }
}
