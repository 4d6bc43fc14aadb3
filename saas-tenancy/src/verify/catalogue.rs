//! The questions to the catalogue, one for each way to leak.

use std::collections::{HashMap, HashSet};

use sqlx::{PgPool, Row as _};

use super::{Finding, FindingCode as Code};
use crate::{Error, Module, schema};

/// Roles above the policies, or able to become one that is; memberships count, direct or inherited.
const ROLE: &str = "
    SELECT r.rolname::text AS name, r.rolsuper AS super, r.rolbypassrls AS bypass
    FROM pg_roles r WHERE r.rolname = current_user OR pg_has_role(current_user, r.oid, 'MEMBER')";

const TABLES: &str = "
    SELECT c.relname::text AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
           pg_has_role(current_user, c.relowner, 'MEMBER') AS owned, pg_get_userbyid(c.relowner)::text AS owner,
           has_table_privilege(c.oid, 'TRUNCATE') OR has_table_privilege(c.oid, 'REFERENCES')
               OR has_table_privilege(c.oid, 'TRIGGER') AS wide,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS tenant
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY (current_schemas(false))";

const POLICIES: &str = "
    SELECT tablename::text AS table, policyname::text AS name, permissive = 'PERMISSIVE' AS permissive,
           coalesce(qual, '') AS qual, coalesce(with_check, '') AS checks
    FROM pg_policies WHERE schemaname = ANY (current_schemas(false))";

const UNIQUE: &str = "
    SELECT t.relname::text AS table, i.relname::text AS name
    FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
    WHERE x.indisunique AND n.nspname = ANY (current_schemas(false)) AND coalesce(a.attname, '') <> 'tenant_id'";

const REFERENCES: &str = "
    SELECT t.relname::text AS table, f.relname::text AS target, k.conname::text AS name,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY (k.conkey) AND a.attname = 'tenant_id') AS holds
    FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE k.contype = 'f' AND n.nspname = ANY (current_schemas(false))";

/// Views over declared tables, with what guards them.
const VIEWS: &str = "
    SELECT DISTINCT v.relname::text AS view, t.relname::text AS table, v.relkind = 'm' AS materialized,
           coalesce(array_to_string(v.reloptions, ','), '') ~ 'security_invoker=(true|on|1)' AS invoker,
           has_table_privilege(v.oid, 'SELECT') AS readable
    FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_class v ON v.oid = r.ev_class JOIN pg_class t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
    WHERE v.relkind IN ('v', 'm') AND v.oid <> t.oid";

const FUNCTIONS: &str = "
    SELECT p.oid::regprocedure::text AS name
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND has_function_privilege(p.oid, 'EXECUTE')";

/// The first versions without the holes of CVE-2025-8713 (statistics) and its forerunners.
const FIRST_SAFE: [(i64, i64); 5] = [(13, 22), (14, 19), (15, 14), (16, 10), (17, 6)];

pub(super) async fn read(pool: &PgPool, modules: &[&Module]) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    findings.extend(server(pool).await?);
    findings.extend(role(pool).await?);

    let entities: HashSet<&str> = modules
        .iter()
        .flat_map(|module| module.entities)
        .map(|table| table.info.table)
        .collect();
    let shared: HashSet<&str> = modules
        .iter()
        .flat_map(|module| module.shared)
        .map(|table| table.name)
        .collect();
    let declared: HashSet<&str> = entities.union(&shared).copied().collect();

    findings.extend(tables(pool, &declared).await?);
    findings.extend(policies(pool, modules, &entities).await?);
    for row in sqlx::query(UNIQUE).fetch_all(pool).await? {
        let (table, name): (String, String) = (row.try_get("table")?, row.try_get("name")?);
        if entities.contains(table.as_str()) {
            let mend = format!("make the index of `{table}` begin with `tenant_id`");
            findings.push(Finding::new(Code::UniqueWithoutTenant, name, mend));
        }
    }
    for row in sqlx::query(REFERENCES).fetch_all(pool).await? {
        let (table, target): (String, String) = (row.try_get("table")?, row.try_get("target")?);
        let between = entities.contains(table.as_str()) && entities.contains(target.as_str());
        if between && !row.try_get::<bool, _>("holds")? {
            let mend =
                format!("refer from `{table}` to `{target} (tenant_id, id)` with both columns");
            findings.push(Finding::new(
                Code::ReferenceWithoutTenant,
                row.try_get::<String, _>("name")?,
                mend,
            ));
        }
    }
    findings.extend(views(pool, &declared).await?);
    for row in sqlx::query(FUNCTIONS).fetch_all(pool).await? {
        let name: String = row.try_get("name")?;
        let mend = format!(
            "ALTER FUNCTION {name} SECURITY INVOKER, or REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC"
        );
        findings.push(Finding::new(Code::SecurityDefiner, name, mend));
    }
    Ok(findings)
}

async fn server(pool: &PgPool) -> Result<Option<Finding>, Error> {
    let number: i64 = sqlx::query("SELECT current_setting('server_version_num')::bigint")
        .fetch_one(pool)
        .await?
        .try_get(0)?;
    let (major, minor) = (number / 10_000, number % 10_000);
    let first = FIRST_SAFE
        .iter()
        .find(|(safe, _)| *safe == major)
        .map(|(_, minor)| *minor);
    let outdated = match first {
        Some(first) => minor < first,
        None => major < 13,
    };
    let mend = "upgrade to the newest minor version of PostgreSQL";
    Ok(outdated.then(|| Finding::new(Code::ServerOutdated, format!("{major}.{minor}"), mend)))
}

async fn role(pool: &PgPool) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for row in sqlx::query(ROLE).fetch_all(pool).await? {
        let name: String = row.try_get("name")?;
        if row.try_get("super")? {
            let mend = format!("connect as a role that is no superuser and no member of `{name}`");
            findings.push(Finding::new(Code::RoleSuperuser, name.clone(), mend));
        }
        if row.try_get("bypass")? {
            let mend = format!("ALTER ROLE \"{name}\" NOBYPASSRLS, or connect as another role");
            findings.push(Finding::new(Code::RoleBypassesRls, name, mend));
        }
    }
    Ok(findings)
}

async fn tables(pool: &PgPool, declared: &HashSet<&str>) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let mut missing = declared.clone();
    for row in sqlx::query(TABLES).fetch_all(pool).await? {
        let name: String = row.try_get("name")?;
        if !missing.remove(name.as_str()) {
            if row.try_get("tenant")? {
                let mend = "declare an entity for it, or name its column otherwise";
                findings.push(Finding::new(Code::TableUndeclared, name, mend));
            }
            continue;
        }
        if row.try_get("owned")? {
            let owner: String = row.try_get("owner")?;
            let mend = format!("connect as a role that is neither `{owner}` nor a member of it");
            findings.push(Finding::new(Code::RoleOwnsTable, name.clone(), mend));
        }
        if !row.try_get::<bool, _>("enabled")? {
            let mend = format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY");
            findings.push(Finding::new(Code::RlsDisabled, name.clone(), mend));
        }
        if !row.try_get::<bool, _>("forced")? {
            let mend = format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY");
            findings.push(Finding::new(Code::RlsNotForced, name.clone(), mend));
        }
        if row.try_get("wide")? {
            let mend = format!("REVOKE TRUNCATE, REFERENCES, TRIGGER ON {name} FROM current_user");
            findings.push(Finding::new(Code::GrantTooWide, name, mend));
        }
    }
    let mut missing: Vec<_> = missing.into_iter().collect();
    missing.sort_unstable();
    findings.extend(
        missing
            .into_iter()
            .map(|name| Finding::new(Code::TableMissing, name, "run the migrations")),
    );
    Ok(findings)
}

/// Compares names and looks into the expressions. PostgreSQL gives them back in its own words, so
/// they are not compared as text: each has to ask for one of our settings, through `nullif`, and may
/// not let rows through because the setting is missing.
async fn policies(
    pool: &PgPool,
    modules: &[&Module],
    entities: &HashSet<&str>,
) -> Result<Vec<Finding>, Error> {
    let mut expected: HashMap<String, HashSet<String>> = HashMap::new();
    for module in modules {
        for table in module.entities {
            let names = schema::policy_names(&schema::entity_policies(table.info, table.own_rows));
            expected.insert(table.info.table.to_owned(), names);
        }
        for table in module.shared {
            expected.insert(
                table.name.to_owned(),
                schema::policy_names(&schema::shared_policies(table)),
            );
        }
    }
    let mut findings = Vec::new();
    for row in sqlx::query(POLICIES).fetch_all(pool).await? {
        let (table, name): (String, String) = (row.try_get("table")?, row.try_get("name")?);
        let Some(names) = expected.get_mut(&table) else {
            continue;
        };
        let object = format!("{table}.{name}");
        if !names.remove(&name) {
            if row.try_get("permissive")? {
                let mend = format!("DROP POLICY {name} ON {table}");
                findings.push(Finding::new(Code::PolicyUnknown, object, mend));
            }
            continue;
        }
        let (using, checks): (String, String) = (row.try_get("qual")?, row.try_get("checks")?);
        let tenant = entities.contains(table.as_str());
        let guards = |expression: &str| {
            let asks = expression.contains("NULLIF(current_setting('app.")
                && expression.contains("tenant_id");
            let system = expression.contains("'app.system_scope'");
            let constant = expression.trim_matches(['(', ')']) == "true";
            let fails_open = tenant
                && (expression.contains(" IS NULL")
                    || expression.contains("IS NOT DISTINCT")
                    || system);
            !constant && !fails_open && (asks || (!tenant && system))
        };
        let open = [using, checks]
            .into_iter()
            .filter(|text| !text.is_empty())
            .any(|text| !guards(&text));
        if open {
            findings.push(Finding::new(
                Code::PolicyFailsOpen,
                object,
                "run the migrations, which make the policies anew",
            ));
        }
    }
    for (table, names) in expected {
        for name in names {
            let object = format!("{table}.{name}");
            findings.push(Finding::new(
                Code::PolicyMissing,
                object,
                "run the migrations, which make the policies anew",
            ));
        }
    }
    findings.sort_by(|a, b| a.object.cmp(&b.object));
    Ok(findings)
}

async fn views(pool: &PgPool, declared: &HashSet<&str>) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for row in sqlx::query(VIEWS).fetch_all(pool).await? {
        let (view, table): (String, String) = (row.try_get("view")?, row.try_get("table")?);
        if !declared.contains(table.as_str()) || !row.try_get::<bool, _>("readable")? {
            continue;
        }
        if row.try_get("materialized")? {
            let mend = format!("REVOKE ALL ON {view} FROM current_user");
            findings.push(Finding::new(Code::MaterializedView, view, mend));
        } else if !row.try_get::<bool, _>("invoker")? {
            let mend = format!("ALTER VIEW {view} SET (security_invoker = true)");
            findings.push(Finding::new(Code::ViewWithoutInvoker, view, mend));
        }
    }
    Ok(findings)
}
