//! Text and values of a statement, written side by side so that they cannot come apart.

use std::fmt::Write as _;

use super::{Query, joined};
use crate::{EntityInfo, Error, Value};

/// A statement that is being written.
#[derive(Debug)]
pub(super) struct Builder {
    sql: String,
    values: Vec<Value>,
    /// What the tenant is called.
    tenant: &'static str,
}

impl Builder {
    /// Begins a statement whose `$1` is the tenant.
    pub(super) fn new(tenant: Value) -> Self {
        Self {
            sql: String::with_capacity(256),
            values: vec![tenant],
            tenant: "$1",
        }
    }

    /// Calls the tenant something else from here on.
    pub(super) fn tenant_is(&mut self, name: &'static str) -> &mut Self {
        self.tenant = name;
        self
    }

    /// Writes what the tenant is called.
    pub(super) fn push_tenant(&mut self) -> &mut Self {
        self.push(self.tenant)
    }

    pub(super) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        // Writing into a String cannot fail.
        let _ = write!(self.sql, "{number}");
        self
    }

    /// Writes the place of a value.
    pub(super) fn bind(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        let _ = write!(self.sql, "${}", self.values.len());
        self
    }

    /// Writes the pieces with a separator between them.
    pub(super) fn separated<T>(
        &mut self,
        separator: &str,
        pieces: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), Error>,
    ) -> Result<&mut Self, Error> {
        for (number, piece) in pieces.into_iter().enumerate() {
            if number > 0 {
                self.push(separator);
            }
            write(self, piece)?;
        }
        Ok(self)
    }

    pub(super) fn finish(self) -> Query {
        Query {
            statement: joined(self.sql),
            values: self.values,
        }
    }
}

/// Gives the name of a column by its position.
pub(super) fn column(entity: &EntityInfo, index: usize) -> Result<&'static str, Error> {
    let column = entity.columns.get(index);
    column
        .map(|column| column.name)
        .ok_or(Error::Misuse("a statement names no column of the entity"))
}
