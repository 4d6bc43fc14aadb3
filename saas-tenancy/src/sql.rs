//! The one place where SQL is put together at run time.
//!
//! Nothing here takes text from outside. What is joined is: table and column names and fixed
//! statements, which the derive wrote as literals into [`EntityInfo`]; UUIDs, written from their
//! bits; names of reasons, checked against a small alphabet. Values always travel as parameters.
//! `clippy.toml` forbids `AssertSqlSafe` everywhere else.

use std::fmt::Write as _;

#[expect(
    clippy::disallowed_types,
    reason = "this is the audited place; the module says what may be joined"
)]
use sqlx::AssertSqlSafe;
use sqlx::SqlSafeStr as _;

use crate::{
    Dialect, EntityInfo, Error,
    database::{Access, Context, Ending},
};

/// SQL that may be sent.
pub(crate) type Statement = sqlx::SqlStr;

/// Takes a statement that is written in the program.
pub(crate) fn literal(sql: &'static str) -> Statement {
    sql.into_sql_str()
}

fn joined(sql: String) -> Statement {
    AssertSqlSafe(sql).into_sql_str()
}

/// Statements that begin and end transactions.
pub(crate) mod raw {
    use std::fmt::Write as _;

    use super::{Access, Context, Dialect, Ending, Error, Statement, joined, literal};

    /// Begins a transaction and, on PostgreSQL, says in the same message for whom. The settings are
    /// local to the transaction, so they cannot outlive it, also behind a transaction pooler.
    ///
    /// A reader of SQLite begins nothing: its connection refuses writes, and each statement sees what
    /// is committed by then, as it does on PostgreSQL (READ COMMITTED). That saves two of three round
    /// trips to the thread that holds the connection.
    pub(crate) fn begin(
        dialect: Dialect,
        access: Access,
        context: Context,
    ) -> Result<Option<Statement>, Error> {
        match (dialect, access) {
            // A deferred transaction that turns into a writer fails at once when another writer is
            // active, without waiting for it; so a writer says so from the start.
            (Dialect::Sqlite, Access::Write) => Ok(Some(literal("BEGIN IMMEDIATE"))),
            (Dialect::Sqlite, Access::Read) => Ok(None),
            (Dialect::Postgres, Access::Write) => settings("BEGIN; ", context).map(Some),
            (Dialect::Postgres, Access::Read) => settings("BEGIN READ ONLY; ", context).map(Some),
        }
    }

    pub(crate) fn switch(context: Context) -> Result<Statement, Error> {
        settings("", context)
    }

    pub(crate) fn end(ending: Ending) -> Statement {
        literal(match ending {
            Ending::Commit => "COMMIT",
            Ending::Rollback => "ROLLBACK",
        })
    }

    fn settings(prefix: &str, context: Context) -> Result<Statement, Error> {
        let mut sql = String::with_capacity(160);
        sql.push_str(prefix);
        // Writing into a String cannot fail.
        let _ = match context {
            Context::Tenant(tenant) => {
                let tenant = tenant.hyphenated();
                if prefix.is_empty() {
                    sql.push_str("SET LOCAL app.system_scope = ''; SET LOCAL app.user_id = ''; ");
                }
                write!(sql, "SET LOCAL app.tenant_id = '{tenant}'")
            }
            Context::System { reason, user } => {
                if reason.is_empty()
                    || !reason
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
                {
                    return Err(Error::Misuse(
                        "the name of a reason is written in lower case letters and `-`",
                    ));
                }
                let written = write!(sql, "SET LOCAL app.system_scope = '{reason}'");
                match user {
                    Some(user) => write!(sql, "; SET LOCAL app.user_id = '{}'", user.hyphenated()),
                    None => written,
                }
            }
        };
        Ok(joined(sql))
    }
}

/// Puts a list statement together: the fixed SELECT, then conditions on declared columns.
///
/// `$1` is the tenant, so conditions start at `$2`.
#[derive(Debug)]
pub(crate) struct ListSql {
    sql: String,
    parameters: usize,
}

impl ListSql {
    pub(crate) fn new(entity: &EntityInfo) -> Self {
        Self {
            sql: entity.sql.select.to_owned(),
            parameters: 1,
        }
    }

    /// Adds `AND column = $n`.
    pub(crate) fn equals(&mut self, column: &'static str) {
        self.parameters += 1;
        let _ = write!(self.sql, " AND {column} = ${}", self.parameters);
    }

    /// Adds `AND column IS NULL`.
    pub(crate) fn is_null(&mut self, column: &'static str) {
        let _ = write!(self.sql, " AND {column} IS NULL");
    }

    /// Adds the rows beyond a position, ordered by `sort`, then `id`.
    pub(crate) fn beyond(
        &mut self,
        sort: Option<&'static str>,
        id: &'static str,
        descending: bool,
    ) {
        let than = if descending { '<' } else { '>' };
        let first = self.parameters + 1;
        let _ = match sort {
            Some(sort) => {
                self.parameters += 2;
                write!(
                    self.sql,
                    " AND ({sort}, {id}) {than} (${first}, ${})",
                    first + 1
                )
            }
            None => {
                self.parameters += 1;
                write!(self.sql, " AND {id} {than} ${first}")
            }
        };
    }

    /// Orders and limits.
    pub(crate) fn finish(
        mut self,
        sort: Option<&'static str>,
        id: &'static str,
        descending: bool,
        limit: usize,
    ) -> Statement {
        let direction = if descending { "DESC" } else { "ASC" };
        let _ = match sort {
            Some(sort) => write!(
                self.sql,
                " ORDER BY {sort} {direction}, {id} {direction} LIMIT {limit}"
            ),
            None => write!(self.sql, " ORDER BY {id} {direction} LIMIT {limit}"),
        };
        joined(self.sql)
    }
}

/// Puts an UPDATE of one row together. `$1` is the tenant and `$2` the id, then the changed columns
/// in order, then the time of change when the table has one, then the expected version when there is one.
pub(crate) fn update(
    entity: &EntityInfo,
    changed: &[usize],
    versioned: bool,
) -> Result<Statement, Error> {
    let column = |index: usize| {
        entity
            .columns
            .get(index)
            .map(|column| column.name)
            .ok_or(Error::Misuse("a patch names no column of the entity"))
    };
    let mut sql = format!("UPDATE {} SET ", entity.table);
    let mut parameter = 2;
    let mut separator = "";
    for &index in changed {
        parameter += 1;
        let _ = write!(sql, "{separator}{} = ${parameter}", column(index)?);
        separator = ", ";
    }
    if let Some(updated) = entity.updated {
        parameter += 1;
        let _ = write!(sql, "{separator}{} = ${parameter}", column(updated)?);
        separator = ", ";
    }
    if let Some(version) = entity.version {
        let version = column(version)?;
        let _ = write!(sql, "{separator}{version} = {version} + 1");
    }
    let _ = write!(
        sql,
        " WHERE {} = $1 AND {} = $2",
        column(entity.tenant)?,
        column(entity.id)?
    );
    if let (Some(version), true) = (entity.version, versioned) {
        let _ = write!(sql, " AND {} = ${}", column(version)?, parameter + 1);
    }
    let _ = write!(sql, " RETURNING {}", entity.sql.columns);
    Ok(joined(sql))
}

/// Puts a DELETE of one row in one version together: `$1` the tenant, `$2` the id, `$3` the version.
pub(crate) fn delete_version(entity: &EntityInfo) -> Result<Statement, Error> {
    let version = entity.version.and_then(|index| entity.columns.get(index));
    let version = version.ok_or(Error::Misuse(
        "only a table with a version is deleted from by version",
    ))?;
    Ok(joined(format!(
        "{} AND {} = $3",
        entity.sql.delete, version.name
    )))
}

/// A statement of the schema, made by `schema` from entities.
pub(crate) fn schema(sql: String) -> Statement {
    joined(sql)
}
