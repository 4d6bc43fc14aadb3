//! The policies, compared with those that the entities ask for.

use std::collections::{HashMap, HashSet};

use sqlx::{PgConnection, Row as _};

use super::{Declared, Finding, FindingCode as Code};
use crate::{
    Error,
    schema::{Policy, entity_policies, shared_policies},
};

const POLICIES: &str = "
    SELECT tablename::text AS table, policyname::text AS name, quote_ident(policyname) AS quoted,
           permissive = 'PERMISSIVE' AS permissive, cmd AS command, roles::text[] = ARRAY['public'] AS everybody, qual, with_check
    FROM pg_policies WHERE schemaname = ANY (current_schemas(false))";

const TABLES: &str = "
    SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY (current_schemas(false))";

pub(super) async fn read(
    connection: &mut PgConnection,
    declared: &Declared,
) -> Result<Vec<Finding>, Error> {
    let entities = declared.entities.values().flat_map(entity_policies);
    let shared = declared.shared.values().flat_map(shared_policies);
    let mut expected: HashMap<(String, String), Policy> = entities
        .chain(shared)
        .map(|policy| ((policy.table.to_owned(), policy.name.clone()), policy))
        .collect();
    let mut findings = Vec::new();
    for row in sqlx::raw_sql(POLICIES).fetch_all(&mut *connection).await? {
        let (table, name): (String, String) = (row.try_get("table")?, row.try_get("name")?);
        if !declared.has(&table) {
            continue;
        }
        let object = format!("{table}.{name}");
        let Some(policy) = expected.remove(&(table.clone(), name)) else {
            // One that restricts further does no harm.
            if row.try_get("permissive")? {
                let quoted: String = row.try_get("quoted")?;
                let mend = format!("DROP POLICY {quoted} ON {table}");
                findings.push(Finding::new(Code::PolicyUnknown, object, mend));
            }
            continue;
        };
        let (using, check): (Option<String>, Option<String>) =
            (row.try_get("qual")?, row.try_get("with_check")?);
        let same_kind = row.try_get::<bool, _>("permissive")? == policy.permissive
            && row.try_get::<String, _>("command")? == policy.command
            && row.try_get("everybody")?;
        let code = if policy.check.is_some() && check.is_none() {
            Code::PolicyWithoutCheck
        } else if same(policy.using.as_deref(), using.as_deref())
            && same(policy.check.as_deref(), check.as_deref())
        {
            if same_kind {
                continue;
            }
            Code::PolicyDiffers
        } else if declared.is_entity(&table)
            && [using, check]
                .into_iter()
                .flatten()
                .any(|text| is_open(&text))
        {
            Code::PolicyFailsOpen
        } else {
            Code::PolicyDiffers
        };
        findings.push(Finding::new(code, object, policy.statements().join("; ")));
    }
    let there = sqlx::raw_sql(TABLES).fetch_all(connection).await?;
    let there = there.iter().map(|row| row.try_get(0));
    let there = there.collect::<Result<HashSet<String>, _>>()?;
    let missing = expected.into_values();
    let missing = missing.filter(|policy| there.contains(policy.table));
    findings.extend(missing.map(|policy| {
        let object = format!("{}.{}", policy.table, policy.name);
        Finding::new(Code::PolicyMissing, object, policy.create())
    }));
    Ok(findings)
}

/// Compares what we wrote with what PostgreSQL made of it: it adds parentheses and casts of literals, and
/// writes names of functions in its own case.
fn same(expected: Option<&str>, found: Option<&str>) -> bool {
    let plain = |text: &str| {
        let text = text.to_ascii_lowercase().replace("::text", "");
        let kept = |c: &char| !c.is_whitespace() && !matches!(c, '(' | ')');
        text.chars().filter(kept).collect::<String>()
    };
    expected.map(plain) == found.map(plain)
}

/// Tells whether an expression lets rows through where there is no tenant.
fn is_open(expression: &str) -> bool {
    let text = expression.to_ascii_lowercase();
    !text.contains("app.tenant_id")
        || [
            " is null",
            "distinct from",
            " = ''",
            "coalesce(",
            "or true",
            "'app.system_scope'",
        ]
        .iter()
        .any(|way| text.contains(way))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spelling_of_the_server_is_the_same_and_a_change_is_not() {
        let ours = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid";
        let theirs =
            "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)";
        assert!(same(Some(ours), Some(theirs)));
        assert!(!same(
            Some(ours),
            Some(&theirs.replace("NULLIF", "COALESCE"))
        ));
        assert!(!same(Some(ours), None));
        assert!(!same(Some(ours), Some(&format!("{theirs} OR true"))));
    }
}
