//! One row of an answer.

use std::fmt;

use crate::{Column, Error, Value};

/// A row as the database gave it.
pub struct Row(pub(crate) Inner);

pub(crate) enum Inner {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::sqlite::SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::postgres::PgRow),
}

impl Row {
    /// Reads the column at that position of the SELECT list, counted from 0.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] when the value is of another kind; [`Error::Database`] when there is no
    /// such column.
    pub fn get<C: Column>(&self, index: usize) -> Result<C, Error> {
        C::from_value(self.value(index, C::KIND)?)
    }

    /// Reads the column of that name.
    ///
    /// # Errors
    ///
    /// As [`Row::get`].
    pub fn named<C: Column>(&self, name: &'static str) -> Result<C, Error> {
        self.of(0, 0, name)
    }

    /// Reads the column of that name, which is at that position in rows of so many columns, such as those of the
    /// statements of the derive; nothing has to be looked up there. For generated code.
    #[doc(hidden)]
    pub fn of<C: Column>(
        &self,
        columns: usize,
        position: usize,
        name: &'static str,
    ) -> Result<C, Error> {
        let index = match &self.0 {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(row) => place(row, columns, position, name)?,
            #[cfg(feature = "postgres")]
            Inner::Postgres(row) => place(row, columns, position, name)?,
        };
        self.get(index)
    }

    fn value(&self, index: usize, kind: crate::Kind) -> Result<Value, Error> {
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(row) => super::sqlite::read(row, index, kind),
            #[cfg(feature = "postgres")]
            Inner::Postgres(row) => super::postgres::read(row, index, kind),
        }
    }
}

fn place<R: sqlx::Row>(
    row: &R,
    columns: usize,
    position: usize,
    name: &'static str,
) -> Result<usize, Error>
where
    &'static str: sqlx::ColumnIndex<R>,
{
    use sqlx::Column as _;

    // A row of a join has more columns, and perhaps two of that name.
    match row.columns().get(position) {
        Some(column) if row.len() == columns && column.name() == name => Ok(position),
        _ => Ok(row.try_column(name)?.ordinal()),
    }
}

impl fmt::Debug for Row {
    // Values of rows stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Row(…)")
    }
}
