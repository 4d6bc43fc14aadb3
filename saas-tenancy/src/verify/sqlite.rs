//! The schema of an SQLite database. It knows no roles and no policies; what can be compared is what the
//! statements rely on.

use std::collections::BTreeMap;

use sqlx::{Row as _, SqliteConnection};

use super::{Declared, Finding, FindingCode as Code, Key};
use crate::Error;

const COLUMNS: &str = "
    SELECT m.name AS \"table\", c.name AS name, c.\"notnull\" <> 0 AS required
    FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";

/// The columns of unique keys, in their order, with the text of those that hold for some rows only.
const UNIQUE: &str = "
    SELECT m.name AS \"table\", i.name AS name, coalesce(c.name, '') AS \"column\",
           CASE WHEN i.partial THEN (SELECT s.sql FROM sqlite_master s WHERE s.type = 'index' AND s.name = i.name) END AS partial
    FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c
    WHERE m.type = 'table' AND i.\"unique\" <> 0 ORDER BY i.name, c.seqno";

/// Foreign keys, and whether the tenant of the one row is the tenant of the other.
const REFERENCES: &str = "
    SELECT m.name AS \"table\", f.\"table\" AS target, max(f.\"from\" = 'tenant_id' AND f.\"to\" = 'tenant_id') AS holds
    FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' GROUP BY m.name, f.id";

#[derive(Default)]
struct Index {
    columns: Vec<String>,
    /// The statement that made it, where it holds for some rows only.
    partial: Option<String>,
}

pub(super) async fn read(
    connection: &mut SqliteConnection,
    declared: &Declared,
) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in sqlx::query(COLUMNS).fetch_all(&mut *connection).await? {
        let (table, name): (String, String) = (row.try_get("table")?, row.try_get("name")?);
        let required: bool = row.try_get("required")?;
        if name == "tenant_id" && !required && declared.is_entity(&table) {
            let mend = "-- make the table anew, with `tenant_id BLOB NOT NULL`";
            findings.push(Finding::new(Code::TenantNullable, &table, mend));
        }
        tables.entry(table).or_default().push(name);
    }
    let mut missing = declared.tables();
    for (table, columns) in &tables {
        if missing.remove(table.as_str()) {
            for column in declared.missing_columns(table, columns) {
                let (object, mend) = (format!("{table}.{column}"), "-- run the migrations");
                findings.push(Finding::new(Code::ColumnMissing, object, mend));
            }
        } else if columns.iter().any(|column| column == "tenant_id") {
            let mend = "-- declare an entity for it, or name its column otherwise";
            findings.push(Finding::new(Code::TableUndeclared, table, mend));
        }
    }
    findings.extend(
        missing
            .into_iter()
            .map(|name| Finding::new(Code::TableMissing, name, "-- run the migrations")),
    );
    // By their tables and names.
    let mut keys: BTreeMap<String, BTreeMap<String, Index>> = BTreeMap::new();
    for row in sqlx::query(UNIQUE).fetch_all(&mut *connection).await? {
        let (table, name): (String, String) = (row.try_get("table")?, row.try_get("name")?);
        let index = keys.entry(table).or_default().entry(name).or_default();
        index.columns.push(row.try_get("column")?);
        index.partial = row.try_get("partial")?;
    }
    for table in tables.keys().filter(|table| declared.is_entity(table)) {
        let keys = keys.remove(table).unwrap_or_default();
        for (name, index) in &keys {
            if index
                .columns
                .first()
                .is_some_and(|first| first == "tenant_id")
            {
                continue;
            }
            // The index of a constraint goes with its table only.
            let mend = match name.starts_with("sqlite_autoindex_") {
                true => format!("-- make `{table}` anew, with keys that begin with tenant_id"),
                false => format!("DROP INDEX {name} -- and make one that begins with tenant_id"),
            };
            findings.push(Finding::new(Code::UniqueWithoutTenant, name, mend));
        }
        let keys = keys.into_values().map(|index| {
            let condition = index.partial.map(|statement| condition(&statement));
            Key::new(index.columns, condition.as_deref())
        });
        let keys: Vec<_> = keys.collect();
        findings.extend(declared.missing_keys(table, &keys));
    }
    for row in sqlx::query(REFERENCES).fetch_all(connection).await? {
        let (table, target): (String, String) = (row.try_get("table")?, row.try_get("target")?);
        let between = declared.is_entity(&table) && declared.is_entity(&target);
        if between && !row.try_get::<bool, _>("holds")? {
            let mend =
                format!("-- make `{table}` anew, with a foreign key to {target} (tenant_id, id)");
            findings.push(Finding::new(Code::ReferenceWithoutTenant, table, mend));
        }
    }
    Ok(findings)
}

/// Cuts the condition out of the statement that made an index. None can be read as one that holds for no row.
fn condition(statement: &str) -> String {
    let lower = statement.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let place = words.iter().position(|word| *word == "where");
    place
        .and_then(|place| words.get(place + 1..))
        .map_or_else(|| "false".to_owned(), |condition| condition.join(" "))
}
