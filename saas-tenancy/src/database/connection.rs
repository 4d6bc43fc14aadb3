//! One connection to either database.

#[cfg(feature = "postgres")]
use sqlx::{Connection as _, Row as _};

#[cfg(feature = "postgres")]
use super::postgres::{self, Pooled};
#[cfg(feature = "sqlite")]
use super::sqlite;
use super::{Ending, Row, row::Inner};
use crate::{
    Error, Value,
    sql::{Statement, raw},
};

/// A connection taken from a pool.
pub(super) enum Connection {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Pooled),
    #[cfg(feature = "postgres")]
    Postgres(Pooled),
}

impl Connection {
    pub(super) async fn fetch_all(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<Vec<Row>, Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(link) => {
                let query = sqlx::query_with(statement.sql, sqlite::bind(values)?);
                let rows = query.fetch_all(link.connection()?).await?;
                Ok(rows
                    .into_iter()
                    .map(|row| Row(Inner::Sqlite(row)))
                    .collect())
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(link) => {
                let query = sqlx::query_with(statement.sql, postgres::bind(values)?);
                let query = query.persistent(!link.pooler);
                let rows = query.fetch_all(&mut link.connection).await?;
                Ok(rows
                    .into_iter()
                    .map(|row| Row(Inner::Postgres(row)))
                    .collect())
            }
        }
    }

    pub(super) async fn fetch_optional(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<Option<Row>, Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(link) => {
                let query = sqlx::query_with(statement.sql, sqlite::bind(values)?);
                let row = query.fetch_optional(link.connection()?).await?;
                Ok(row.map(|row| Row(Inner::Sqlite(row))))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(link) => {
                let query = sqlx::query_with(statement.sql, postgres::bind(values)?);
                let query = query.persistent(!link.pooler);
                let row = query.fetch_optional(&mut link.connection).await?;
                Ok(row.map(|row| Row(Inner::Postgres(row))))
            }
        }
    }

    /// Gives the number of rows changed.
    pub(super) async fn execute(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<u64, Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(link) => {
                let query = sqlx::query_with(statement.sql, sqlite::bind(values)?);
                Ok(query.execute(link.connection()?).await?.rows_affected())
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(link) => {
                let query = sqlx::query_with(statement.sql, postgres::bind(values)?);
                let query = query.persistent(!link.pooler);
                Ok(query.execute(&mut link.connection).await?.rows_affected())
            }
        }
    }

    /// Sends statements that carry no values and no input.
    pub(super) async fn send(&mut self, statement: Statement) -> Result<(), Error> {
        let query = sqlx::raw_sql(statement.sql);
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(link) => query.execute(link.connection()?).await.map(drop)?,
            #[cfg(feature = "postgres")]
            Self::Postgres(link) => query.execute(&mut link.connection).await.map(drop)?,
        }
        Ok(())
    }

    /// Sends statements of which the last one answers with a number.
    pub(super) async fn ask(&mut self, statement: Statement) -> Result<Option<i32>, Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Ok(None),
            #[cfg(feature = "postgres")]
            Self::Postgres(link) => {
                let query = sqlx::raw_sql(statement.sql);
                let row = query.fetch_one(&mut link.connection).await?;
                Ok(Some(row.try_get(0)?))
            }
        }
    }

    /// Reads what is left of an exchange that was stopped. Its errors are what was asked for, and each
    /// attempt reads up to the next of them.
    pub(super) async fn settle(&mut self) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(link) => link.settle().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(link) => {
                for _ in 0..4 {
                    if link.connection.ping().await.is_ok() {
                        break;
                    }
                }
            }
        }
    }

    /// Ends the transaction, if there is one.
    pub(super) async fn rest(&mut self) -> Result<(), Error> {
        match self.send(raw::end(Ending::Rollback)).await {
            // On SQLite: BEGIN never ran. PostgreSQL answers with a warning only.
            Err(Error::Database(cause))
                if cause.to_string().contains("no transaction is active") =>
            {
                Ok(())
            }
            done => done,
        }
    }

    /// Notes that something failed on it.
    pub(super) fn suspect(&mut self, error: &Error) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(link) => link.failed(error),
            // What the server refused by its own rules says nothing about the connection.
            #[cfg(feature = "postgres")]
            Self::Postgres(link) => {
                link.suspect |= matches!(error, Error::Unavailable(_) | Error::Database(_));
            }
        }
    }

    /// Lets it be closed after its use: it leads to a server that takes no writes any more.
    pub(super) fn demote(&mut self) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(link) => link.demoted = true,
            #[cfg(feature = "postgres")]
            Self::Postgres(link) => link.demoted = true,
        }
    }

    /// Tells whether a server does the work, as against a thread of our own.
    pub(super) const fn is_remote(&self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => true,
        }
    }

    /// Takes the connection out of the pool and closes it.
    pub(super) fn discard(self) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(link) => drop(sqlite::Pooled::take(link)),
            #[cfg(feature = "postgres")]
            Self::Postgres(link) => drop(Pooled::take(link)),
        }
    }
}
