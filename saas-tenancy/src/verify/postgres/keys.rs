//! Unique and foreign keys.

use std::collections::BTreeMap;

use sqlx::{PgConnection, Row as _};

use super::{Declared, Finding, FindingCode as Code, Key};
use crate::Error;

/// Keys whose first column is not the tenant.
const UNIQUE: &str = "
    SELECT t.relname::text AS table, i.relname::text AS name, quote_ident(i.relname) AS quoted,
           quote_ident(k.conname) AS constraint,
           (SELECT string_agg(pg_get_indexdef(i.oid, position, true), ', ' ORDER BY position)
            FROM generate_series(1, x.indnkeyatts) AS position) AS columns
    FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
    LEFT JOIN pg_constraint k ON k.conindid = i.oid AND k.contype IN ('p', 'u', 'x')
    WHERE (x.indisunique OR x.indisexclusion) AND n.nspname = ANY (current_schemas(false))
      AND coalesce(a.attname, '') <> 'tenant_id'";

/// Every table, also those that have no key at all.
const TABLES: &str = "
    SELECT t.oid::int8 AS id, t.relname::text AS table FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE t.relkind IN ('r', 'p') AND n.nspname = ANY (current_schemas(false))";

/// The columns of unique keys, and the condition of those that hold for some rows only.
const COLUMNS: &str = "
    SELECT t.oid::int8 AS id, string_agg(coalesce(a.attname::text, ''), ',') AS columns,
           pg_get_expr(x.indpred, x.indrelid) AS condition
    FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
    CROSS JOIN generate_series(0, x.indnkeyatts - 1) AS position
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[position]
    WHERE x.indisunique AND x.indisvalid AND n.nspname = ANY (current_schemas(false))
    GROUP BY t.oid, x.indexrelid, x.indpred, x.indrelid";

/// Foreign keys, and whether the tenant of the one row is the tenant of the other.
const REFERENCES: &str = "
    SELECT t.relname::text AS table, f.relname::text AS target, k.conname::text AS name, quote_ident(k.conname) AS quoted,
           (SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute a
            WHERE a.attrelid = t.oid AND a.attnum = ANY (k.conkey)) AS columns,
           EXISTS (SELECT FROM unnest(k.conkey, k.confkey) AS pair (own, other)
                   JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = pair.own AND a.attname = 'tenant_id'
                   JOIN pg_attribute b ON b.attrelid = f.oid AND b.attnum = pair.other AND b.attname = 'tenant_id') AS holds
    FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE k.contype = 'f' AND n.nspname = ANY (current_schemas(false))";

pub(super) async fn read(
    connection: &mut PgConnection,
    declared: &Declared,
) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for row in sqlx::raw_sql(UNIQUE).fetch_all(&mut *connection).await? {
        let (table, name): (String, String) = (row.try_get("table")?, row.try_get("name")?);
        if !declared.is_entity(&table) {
            continue;
        }
        let (quoted, columns): (String, String) = (row.try_get("quoted")?, row.try_get("columns")?);
        let drop = match row.try_get::<Option<String>, _>("constraint")? {
            Some(constraint) => format!("ALTER TABLE {table} DROP CONSTRAINT {constraint}"),
            None => format!("DROP INDEX {quoted}"),
        };
        let mend = format!("{drop}; CREATE UNIQUE INDEX ON {table} (tenant_id, {columns})");
        findings.push(Finding::new(Code::UniqueWithoutTenant, name, mend));
    }
    let mut keys: BTreeMap<i64, Vec<Key>> = BTreeMap::new();
    for row in sqlx::raw_sql(COLUMNS).fetch_all(&mut *connection).await? {
        let columns: String = row.try_get("columns")?;
        let condition: Option<String> = row.try_get("condition")?;
        let columns = columns.split(',').map(str::to_owned);
        let key = Key::new(columns, condition.as_deref());
        keys.entry(row.try_get("id")?).or_default().push(key);
    }
    for row in sqlx::raw_sql(TABLES).fetch_all(&mut *connection).await? {
        let (id, table): (i64, String) = (row.try_get("id")?, row.try_get("table")?);
        let keys = keys.remove(&id).unwrap_or_default();
        findings.extend(declared.missing_keys(&table, &keys));
    }
    for row in sqlx::raw_sql(REFERENCES).fetch_all(connection).await? {
        let (table, target): (String, String) = (row.try_get("table")?, row.try_get("target")?);
        let between = declared.is_entity(&table) && declared.is_entity(&target);
        if between && !row.try_get::<bool, _>("holds")? {
            let (name, quoted): (String, String) = (row.try_get("name")?, row.try_get("quoted")?);
            let columns: String = row.try_get("columns")?;
            let mend = format!(
                "ALTER TABLE {table} DROP CONSTRAINT {quoted}, ADD FOREIGN KEY (tenant_id, {columns}) REFERENCES {target} \
                 (tenant_id, id)"
            );
            findings.push(Finding::new(Code::ReferenceWithoutTenant, name, mend));
        }
    }
    Ok(findings)
}
