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

use crate::migrate::{EntityTable, SharedTable};

const CURRENT_TENANT: &str = "nullif(current_setting('app.tenant_id', true), '')::uuid";
const CURRENT_USER: &str = "nullif(current_setting('app.user_id', true), '')::uuid";
const SYSTEM: &str = "nullif(current_setting('app.system_scope', true), '') IS NOT NULL";

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) table: &'static str,
    pub(crate) name: String,
    pub(crate) permissive: bool,
    /// `ALL`, `SELECT`, `INSERT`, `UPDATE` or `DELETE`.
    pub(crate) command: &'static str,
    pub(crate) using: Option<String>,
    pub(crate) check: Option<String>,
}

impl Policy {
    fn new(
        table: &'static str,
        permissive: bool,
        command: &'static str,
        using: Option<&str>,
        check: Option<&str>,
    ) -> Self {
        let kind = if permissive {
            "permissive"
        } else {
            "restrictive"
        };
        Self {
            table,
            name: format!("saas_{kind}_{}", command.to_ascii_lowercase()),
            permissive,
            command,
            using: using.map(str::to_owned),
            check: check.map(str::to_owned),
        }
    }

    /// Gives the statement that makes it.
    pub(crate) fn create(&self) -> String {
        let kind = if self.permissive {
            "PERMISSIVE"
        } else {
            "RESTRICTIVE"
        };
        let mut create = format!(
            "CREATE POLICY {} ON {} AS {kind} FOR {}",
            self.name, self.table, self.command
        );
        if let Some(using) = &self.using {
            create.push_str(&format!("\n    USING ({using})"));
        }
        if let Some(check) = &self.check {
            create.push_str(&format!("\n    WITH CHECK ({check})"));
        }
        create
    }

    /// Gives the statements that make it anew.
    pub(crate) fn statements(&self) -> [String; 2] {
        [
            format!("DROP POLICY IF EXISTS {} ON {}", self.name, self.table),
            self.create(),
        ]
    }
}

/// Gives the policies of the table of an entity.
pub(crate) fn entity_policies(table: &EntityTable) -> Vec<Policy> {
    let rule = format!("tenant_id = {CURRENT_TENANT}");
    let rule = Some(rule.as_str());
    let name = table.info.table;
    let kinds = [true, false].into_iter();
    if table.append_only {
        // Without a policy for it nothing can be changed or removed.
        return kinds
            .flat_map(|kind| {
                let [select, insert, ..] = by_command(name, kind, rule, rule);
                [select, insert]
            })
            .collect();
    }
    // Some rows may be read over all tenants: those that belong to a person by that person, and those that
    // wait for the service by the service. Writing still asks for the tenant.
    let wider = match (table.own_rows, table.system_reads) {
        (Some(column), _) => format!("{column} = {CURRENT_USER}"),
        (None, true) => SYSTEM.to_owned(),
        (None, false) => {
            return kinds
                .map(|kind| Policy::new(name, kind, "ALL", rule, rule))
                .collect();
        }
    };
    let read = rule.map(|rule| format!("{rule} OR {wider}"));
    kinds
        .flat_map(|kind| by_command(name, kind, read.as_deref(), rule))
        .collect()
}

/// Gives the policies of a table without tenant.
pub(crate) fn shared_policies(table: &SharedTable) -> Vec<Policy> {
    let read = match table.visible {
        Some(visible) => format!("{SYSTEM} OR ({visible})"),
        None => SYSTEM.to_owned(),
    };
    [true, false]
        .into_iter()
        .flat_map(|kind| by_command(table.name, kind, Some(&read), Some(SYSTEM)))
        .collect()
}

/// Gives the statements that turn row-level security on, for the owner of the table too.
pub(super) fn force(table: &str) -> [String; 2] {
    [
        format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"),
        format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY"),
    ]
}

fn by_command(
    table: &'static str,
    kind: bool,
    read: Option<&str>,
    write: Option<&str>,
) -> [Policy; 4] {
    [
        Policy::new(table, kind, "SELECT", read, None),
        Policy::new(table, kind, "INSERT", None, write),
        Policy::new(table, kind, "UPDATE", write, write),
        Policy::new(table, kind, "DELETE", write, None),
    ]
}
