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
        use sqlx::Row as _;

        let index = match &self.0 {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(row) => row.try_column(name).map(sqlx::Column::ordinal)?,
            #[cfg(feature = "postgres")]
            Inner::Postgres(row) => row.try_column(name).map(sqlx::Column::ordinal)?,
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

impl fmt::Debug for Row {
    // Values of rows stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Row(…)")
    }
}
