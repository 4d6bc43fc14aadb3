//! Which value another row has already.

use std::fmt;

use crate::{
    entity::{ColumnInfo, EntityInfo},
    error::Cause,
    schema,
};

/// Says that another row has a value that occurs once, and in which field where that is known.
///
/// It is known where a repository wrote a `unique` field whose index is that of [`Module::ddl`](crate::Module::ddl). The
/// problem that a client gets then names the field. A key of several fields is not one of them.
pub struct Taken {
    field: Option<&'static str>,
    cause: Cause,
}

impl Taken {
    pub(crate) const fn new(cause: Cause) -> Self {
        Self { field: None, cause }
    }

    /// Gives the name of the field, as the entity has it.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        self.field
    }

    /// Looks for the field among those of an entity that was written.
    pub(crate) fn of(mut self, entity: &EntityInfo) -> Self {
        self.field = self.cause.database().and_then(|error| {
            let mut unique = entity.columns.iter().filter(|column| column.unique);
            let found = match error.constraint() {
                Some(index) => unique.find(|column| schema::key(entity, column) == index),
                // SQLite says it in words only.
                None => unique.find(|column| error.message().ends_with(&words(entity, column))),
            };
            found.map(|column| column.name)
        });
        self
    }
}

/// Gives the end of what SQLite says, as in `UNIQUE constraint failed: projects.tenant_id, projects.name`.
fn words(entity: &EntityInfo, column: &ColumnInfo) -> String {
    let tenant = entity.columns.get(entity.tenant);
    let tenant = tenant.map_or_else(String::new, |tenant| tenant.name.to_owned());
    let table = entity.table;
    format!(": {table}.{tenant}, {table}.{}", column.name)
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taken")
            .field("field", &self.field)
            .field("cause", &self.cause)
            .finish()
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}

impl std::error::Error for Taken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.source()
    }
}
