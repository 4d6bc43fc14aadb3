//! Row-level security on PostgreSQL.
//!
//! Two policies stand on every table. The *permissive* one lets the rows of the current tenant
//! through; without any permissive policy PostgreSQL shows nothing. The *restrictive* one says the
//! same again: a permissive policy that somebody adds later widens the first, but not the second.
//! Both check rows that are read (`USING`) and rows that are written (`WITH CHECK`), and `FORCE`
//! holds the owner of the table to them too.
//!
//! A setting that was ever made on a connection reads as '' afterwards, not as NULL; `nullif` makes
//! of both a NULL, which equals no tenant, so a transaction without a tenant sees nothing.

use std::collections::HashSet;

use crate::{EntityInfo, migrate::SharedTable};

const CURRENT_TENANT: &str = "nullif(current_setting('app.tenant_id', true), '')::uuid";

/// Gives the statements that guard the table of an entity. They may be run again and again.
pub(crate) fn entity_policies(entity: &EntityInfo, own_rows: Option<&str>) -> Vec<String> {
    let tenant = entity
        .columns
        .get(entity.tenant)
        .map_or("tenant_id", |column| column.name);
    let rule = format!("{tenant} = {CURRENT_TENANT}");
    let mut statements = guard(entity.table);
    match own_rows {
        None => {
            statements.extend(policy(
                entity.table,
                "permissive",
                "ALL",
                Some(&rule),
                Some(&rule),
            ));
            statements.extend(policy(
                entity.table,
                "restrictive",
                "ALL",
                Some(&rule),
                Some(&rule),
            ));
        }
        // Rows that belong to a person may be read by that person over all tenants, and by nobody
        // else. Writing still asks for the tenant.
        Some(column) => {
            let own = format!(
                "{rule} OR {column} = nullif(current_setting('app.user_id', true), '')::uuid"
            );
            for kind in ["permissive", "restrictive"] {
                statements.extend(policy(entity.table, kind, "SELECT", Some(&own), None));
                statements.extend(policy(entity.table, kind, "INSERT", None, Some(&rule)));
                statements.extend(policy(
                    entity.table,
                    kind,
                    "UPDATE",
                    Some(&rule),
                    Some(&rule),
                ));
                statements.extend(policy(entity.table, kind, "DELETE", Some(&rule), None));
            }
        }
    }
    statements
}

/// Gives the statements that guard a table without tenant.
pub(crate) fn shared_policies(table: &SharedTable) -> Vec<String> {
    let system = "nullif(current_setting('app.system_scope', true), '') IS NOT NULL";
    let read = match table.visible {
        Some(visible) => format!("{system} OR ({visible})"),
        None => system.to_owned(),
    };
    let mut statements = guard(table.name);
    for kind in ["permissive", "restrictive"] {
        statements.extend(policy(table.name, kind, "SELECT", Some(&read), None));
        statements.extend(policy(table.name, kind, "INSERT", None, Some(system)));
        statements.extend(policy(
            table.name,
            kind,
            "UPDATE",
            Some(system),
            Some(system),
        ));
        statements.extend(policy(table.name, kind, "DELETE", Some(system), None));
    }
    statements
}

/// Gives the names of the policies that the statements create.
pub(crate) fn policy_names(statements: &[String]) -> HashSet<String> {
    let name = |statement: &String| {
        statement
            .strip_prefix("CREATE POLICY ")
            .and_then(|rest| rest.split_once(' '))
            .map(|(name, _)| name.to_owned())
    };
    statements.iter().filter_map(name).collect()
}

fn guard(table: &str) -> Vec<String> {
    vec![
        format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"),
        format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY"),
    ]
}

fn policy(
    table: &str,
    kind: &str,
    command: &str,
    using: Option<&str>,
    check: Option<&str>,
) -> [String; 2] {
    let name = format!("saas_{kind}_{}", command.to_ascii_lowercase());
    let mut create = format!(
        "CREATE POLICY {name} ON {table} AS {} FOR {command}",
        kind.to_ascii_uppercase()
    );
    if let Some(using) = using {
        create.push_str(&format!(" USING ({using})"));
    }
    if let Some(check) = check {
        create.push_str(&format!(" WITH CHECK ({check})"));
    }
    [format!("DROP POLICY IF EXISTS {name} ON {table}"), create]
}
