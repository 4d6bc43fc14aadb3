//! The one place where SQL is put together at run time.
//!
//! Nothing here takes text from outside. What is joined is: table and column names and fixed
//! statements, which the derive wrote as literals into [`EntityInfo`](crate::EntityInfo); UUIDs,
//! written from their bits; numbers; names of reasons, checked against a small alphabet. Values
//! always travel as parameters. `clippy.toml` forbids `AssertSqlSafe` everywhere else.

mod builder;
mod change;
mod condition;
pub(crate) mod raw;
mod select;

#[expect(
    clippy::disallowed_types,
    reason = "this is the audited place; the module says what may be joined"
)]
use sqlx::AssertSqlSafe;
use sqlx::{SqlSafeStr as _, SqlStr};

pub(crate) use change::{
    Target, delete, delete_many, insert_many, restore, update, update_many, upsert,
};
pub(crate) use condition::{Compare, Condition, Related};
pub(crate) use select::{Form, Order, Projection, Select};

/// SQL that may be sent.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sql: SqlStr,
    /// Whether it carries its tenant by itself and so may be sent outside a transaction.
    pub(crate) alone: bool,
}

/// A statement and its values, `$1` first.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) statement: Statement,
    pub(crate) values: Vec<crate::Value>,
}

/// Takes a statement that is written in the program.
pub(crate) fn literal(sql: &'static str) -> Statement {
    Statement {
        sql: sql.into_sql_str(),
        alone: false,
    }
}

/// Takes a statement that is written in the program and carries its tenant by itself.
pub(crate) fn literal_alone(sql: &'static str) -> Statement {
    Statement {
        sql: sql.into_sql_str(),
        alone: true,
    }
}

/// Takes statements of the schema, made by `schema` from entities.
pub(crate) fn schema(sql: String) -> Statement {
    joined(sql)
}

fn joined(sql: String) -> Statement {
    Statement {
        sql: AssertSqlSafe(sql).into_sql_str(),
        alone: false,
    }
}
