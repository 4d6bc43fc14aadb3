//! Tables and their indexes, from entities.
//!
//! Every key begins with the tenant. So the rows of a tenant lie together, a unique value of one tenant
//! is free in another, and a row can only refer to a row of its own tenant.

use std::{collections::BTreeSet, fmt::Write as _};

use sha2::{Digest as _, Sha256};

use crate::{ColumnInfo, Dialect, EntityInfo, Kind};

/// PostgreSQL cuts longer names, and two could become one.
const MAX_NAME: usize = 63;

/// Gives the statements that make the table of an entity.
pub(super) fn create(entity: &EntityInfo, dialect: Dialect) -> Vec<String> {
    let mut statements = vec![table(entity, dialect)];
    statements.extend(indexes(entity));
    statements
}

fn table(entity: &EntityInfo, dialect: Dialect) -> String {
    let width = entity.columns.iter().map(|column| column.name.len()).max();
    let width = width.unwrap_or_default();
    let mut lines: Vec<String> = entity
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "" } else { " NOT NULL" };
            let kind = sql_type(column.kind, dialect);
            format!("    {:width$} {kind}{null}", column.name)
        })
        .collect();
    lines.push("    PRIMARY KEY (tenant_id, id)".to_owned());
    for reference in entity.references {
        if let Some(column) = entity.columns.get(reference.column) {
            lines.push(format!(
                "    FOREIGN KEY (tenant_id, {}) REFERENCES {} (tenant_id, id)",
                column.name, reference.table
            ));
        }
    }
    let strict = match dialect {
        // A column then holds values of its type only.
        Dialect::Sqlite => " STRICT",
        Dialect::Postgres => "",
    };
    format!(
        "CREATE TABLE {} (\n{}\n){strict}",
        entity.table,
        lines.join(",\n")
    )
}

/// An index for each unique column, and one for each that lists are filtered or sorted by or that
/// refers to another table, with the id at its end because lists end their order with it.
fn indexes(entity: &EntityInfo) -> Vec<String> {
    let mut statements = Vec::new();
    let mut seen = BTreeSet::from([entity.id, entity.tenant]);
    for (index, column) in entity.columns.iter().enumerate() {
        if !column.unique {
            continue;
        }
        statements.push(unique(entity, column));
        if entity.deleted.is_none() {
            // It serves lists as well.
            seen.insert(index);
        }
    }
    let columns = entity.columns.iter().enumerate();
    let listed = columns.filter(|(_, column)| column.filter || column.sort);
    let listed = listed.map(|(index, _)| index);
    let referring = entity.references.iter().map(|reference| reference.column);
    for index in listed.chain(referring) {
        let Some(column) = entity.columns.get(index).filter(|_| seen.insert(index)) else {
            continue;
        };
        statements.push(format!(
            "CREATE INDEX {} ON {} (tenant_id, {}, id)",
            name(entity, column, "idx"),
            entity.table,
            column.name
        ));
    }
    statements
}

/// Gives the statement that makes the index which keeps a column unique.
pub(crate) fn unique(entity: &EntityInfo, column: &ColumnInfo) -> String {
    let mut statement = format!(
        "CREATE UNIQUE INDEX {} ON {} (tenant_id, {})",
        key(entity, column),
        entity.table,
        column.name
    );
    if let Some(deleted) = entity.deleted.and_then(|index| entity.columns.get(index)) {
        // What was deleted softly gives its value free.
        let _ = write!(statement, " WHERE {} IS NULL", deleted.name);
    }
    statement
}

/// Gives the name of the index that keeps a column unique.
pub(crate) fn key(entity: &EntityInfo, column: &ColumnInfo) -> String {
    name(entity, column, "key")
}

fn name(entity: &EntityInfo, column: &ColumnInfo, kind: &str) -> String {
    let name = format!("{}_{}_{kind}", entity.table, column.name);
    if name.len() <= MAX_NAME {
        return name;
    }
    let digest = Sha256::digest(name.as_bytes());
    let digest: String = digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let short: String = name.chars().take(MAX_NAME - 9).collect();
    format!("{short}_{digest}")
}

const fn sql_type(kind: Kind, dialect: Dialect) -> &'static str {
    match (dialect, kind) {
        (Dialect::Sqlite, Kind::Uuid | Kind::Bytes) => "BLOB",
        (Dialect::Sqlite, Kind::Text | Kind::Json) => "TEXT",
        (Dialect::Sqlite, Kind::Integer | Kind::Bool | Kind::Timestamp) => "INTEGER",
        (Dialect::Sqlite, Kind::Float) => "REAL",
        (Dialect::Postgres, Kind::Uuid) => "UUID",
        (Dialect::Postgres, Kind::Bytes) => "BYTEA",
        (Dialect::Postgres, Kind::Text) => "TEXT",
        (Dialect::Postgres, Kind::Json) => "JSONB",
        (Dialect::Postgres, Kind::Integer) => "BIGINT",
        (Dialect::Postgres, Kind::Bool) => "BOOLEAN",
        (Dialect::Postgres, Kind::Timestamp) => "TIMESTAMPTZ",
        (Dialect::Postgres, Kind::Float) => "DOUBLE PRECISION",
    }
}
