//! The tables, and what the service may do with them.

use sqlx::{PgConnection, Row as _};

use super::{Declared, Finding, FindingCode as Code, role::Role};
use crate::Error;

const TABLES: &str = "
    SELECT c.relname::text AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
           pg_get_userbyid(c.relowner)::text AS owner, quote_ident(current_user) AS me,
           has_table_privilege(c.oid, 'TRUNCATE') OR has_table_privilege(c.oid, 'REFERENCES')
               OR has_table_privilege(c.oid, 'TRIGGER') AS wide,
           has_any_column_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE') AS changeable,
           has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE') AS reachable,
           ARRAY(SELECT a.attname::text FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
           EXISTS (SELECT FROM pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped AND NOT a.attnotnull) AS nullable,
           ARRAY(SELECT r.rulename::text FROM pg_rewrite r WHERE r.ev_class = c.oid) AS rules
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname = ANY (current_schemas(false))";

pub(super) async fn read(
    connection: &mut PgConnection,
    declared: &Declared,
    roles: &[Role],
) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let mut missing = declared.tables();
    for row in sqlx::raw_sql(TABLES).fetch_all(connection).await? {
        let name: String = row.try_get("name")?;
        let columns: Vec<String> = row.try_get("columns")?;
        let tenant = columns.iter().any(|column| column == "tenant_id");
        if !missing.remove(name.as_str()) {
            if tenant && row.try_get("reachable")? {
                let me: String = row.try_get("me")?;
                let mend = format!(
                    "REVOKE ALL ON {name} FROM PUBLIC, {me} -- or declare an entity for it"
                );
                findings.push(Finding::new(Code::TableUndeclared, name, mend));
            }
            continue;
        }
        let mut find = |code, mend: String| findings.push(Finding::new(code, &name, mend));
        let owner: String = row.try_get("owner")?;
        if let Some(owner) = roles.iter().find(|role| role.name == owner) {
            let own = || format!("-- ALTER TABLE {name} OWNER TO another role");
            find(Code::RoleOwnsTable, owner.revoke().unwrap_or_else(own));
        } else if row.try_get("wide")? {
            let me: String = row.try_get("me")?;
            let mend = format!("REVOKE TRUNCATE, REFERENCES, TRIGGER ON {name} FROM PUBLIC, {me}");
            find(Code::GrantTooWide, mend);
        } else if declared.is_append_only(&name) && row.try_get("changeable")? {
            let me: String = row.try_get("me")?;
            let mend = format!("REVOKE UPDATE, DELETE ON {name} FROM PUBLIC, {me}");
            find(Code::GrantTooWide, mend);
        }
        if !row.try_get::<bool, _>("enabled")? {
            let mend = format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY");
            find(Code::RlsDisabled, mend);
        }
        if !row.try_get::<bool, _>("forced")? {
            let mend = format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY");
            find(Code::RlsNotForced, mend);
        }
        if declared.is_entity(&name) && row.try_get("nullable")? {
            let mend = format!("ALTER TABLE {name} ALTER COLUMN tenant_id SET NOT NULL");
            find(Code::TenantNullable, mend);
        }
        for rule in row.try_get::<Vec<String>, _>("rules")? {
            find(Code::TableRewritten, format!("DROP RULE {rule} ON {name}"));
        }
        for column in declared.missing_columns(&name, &columns) {
            let object = format!("{name}.{column}");
            let mend = "-- run the migrations";
            findings.push(Finding::new(Code::ColumnMissing, object, mend));
        }
    }
    let missing = missing.into_iter();
    findings.extend(
        missing.map(|name| Finding::new(Code::TableMissing, name, "-- run the migrations")),
    );
    Ok(findings)
}
