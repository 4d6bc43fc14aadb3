//! The server, the role that the service connects as, and what it may do outside of tables.

use sqlx::{PgConnection, Row as _};

use super::{Finding, FindingCode as Code};
use crate::Error;

/// The roles that the service can become, each with the way to it, from the service on.
const ROLES: &str = "
    WITH RECURSIVE reach (role, way) AS (
        SELECT oid, ARRAY[quote_ident(rolname)] FROM pg_roles WHERE rolname = current_user
      UNION ALL
        SELECT m.roleid, reach.way || quote_ident(pg_get_userbyid(m.roleid))
        FROM reach JOIN pg_auth_members m ON m.member = reach.role
        WHERE NOT quote_ident(pg_get_userbyid(m.roleid)) = ANY (reach.way))
    SELECT DISTINCT ON (r.rolname) r.rolname::text AS name, r.rolsuper AS super, r.rolbypassrls AS bypass, reach.way
    FROM reach JOIN pg_roles r ON r.oid = reach.role ORDER BY r.rolname, array_length(reach.way, 1)";

/// A setting that a connection begins with.
const PRESETS: &str = "
    SELECT coalesce(quote_ident(r.rolname), '') AS role, coalesce(quote_ident(d.datname), '') AS database,
           split_part(s, '=', 1) AS setting
    FROM pg_db_role_setting c CROSS JOIN unnest(c.setconfig) AS s
    LEFT JOIN pg_roles r ON r.oid = c.setrole LEFT JOIN pg_database d ON d.oid = c.setdatabase
    WHERE s LIKE 'app.%' AND (c.setdatabase = 0 OR d.datname = current_database())
      AND (c.setrole = 0 OR r.rolname = current_user)";

const RIGHTS: &str = "
    SELECT has_database_privilege(current_database(), 'TEMPORARY') AS temporary,
           quote_ident(current_database()) AS database, quote_ident(current_user) AS role";

const SCHEMAS: &str = "
    SELECT quote_ident(s) AS schema, quote_ident(current_user) AS role
    FROM unnest(current_schemas(false)) AS s WHERE has_schema_privilege(s, 'CREATE')";

/// The first versions without the holes of CVE-2025-8713 (statistics) and its forerunners.
const FIRST_SAFE: [(i64, i64); 5] = [(13, 22), (14, 19), (15, 14), (16, 10), (17, 6)];

/// A role that the service is or can become.
pub(super) struct Role {
    pub(super) name: String,
    superuser: bool,
    bypasses: bool,
    /// The names of roles, quoted: the service's own first, then each of which the one before is a member.
    way: Vec<String>,
}

impl Role {
    /// Gives the statement that takes the role away from the service.
    pub(super) fn revoke(&self) -> Option<String> {
        match self.way.as_slice() {
            [service, first, ..] => Some(format!("REVOKE {first} FROM {service}")),
            _ => None,
        }
    }

    fn finding(&self, code: Code, option: &str) -> Finding {
        let own = || format!("ALTER ROLE {} {option}", self.way.concat());
        let mend = self.revoke().unwrap_or_else(own);
        Finding::new(code, self.way.join(" member of "), mend)
    }
}

/// Lists the roles that the service is or can become.
pub(super) async fn roles(connection: &mut PgConnection) -> Result<Vec<Role>, Error> {
    let rows = sqlx::raw_sql(ROLES).fetch_all(connection).await?;
    let roles = rows.iter().map(|row| {
        Ok(Role {
            name: row.try_get("name")?,
            superuser: row.try_get("super")?,
            bypasses: row.try_get("bypass")?,
            way: row.try_get("way")?,
        })
    });
    roles.collect()
}

pub(super) async fn read(
    connection: &mut PgConnection,
    roles: &[Role],
) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    findings.extend(server(connection).await?);
    for role in roles {
        if role.superuser {
            findings.push(role.finding(Code::RoleSuperuser, "NOSUPERUSER"));
        }
        if role.bypasses {
            findings.push(role.finding(Code::RoleBypassesRls, "NOBYPASSRLS"));
        }
    }
    for row in sqlx::raw_sql(PRESETS).fetch_all(&mut *connection).await? {
        let (role, database): (String, String) = (row.try_get("role")?, row.try_get("database")?);
        let setting: String = row.try_get("setting")?;
        let mend = match (role.is_empty(), database.is_empty()) {
            (true, _) => format!("ALTER DATABASE {database} RESET {setting}"),
            (false, true) => format!("ALTER ROLE {role} RESET {setting}"),
            (false, false) => format!("ALTER ROLE {role} IN DATABASE {database} RESET {setting}"),
        };
        findings.push(Finding::new(Code::TenantPreset, setting, mend));
    }
    let row = sqlx::raw_sql(RIGHTS).fetch_one(&mut *connection).await?;
    if row.try_get("temporary")? {
        let (database, role): (String, String) = (row.try_get("database")?, row.try_get("role")?);
        let mend = format!("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC, {role}");
        findings.push(Finding::new(Code::TemporaryTables, database, mend));
    }
    for row in sqlx::raw_sql(SCHEMAS).fetch_all(&mut *connection).await? {
        let (schema, role): (String, String) = (row.try_get("schema")?, row.try_get("role")?);
        let mend = format!("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}");
        findings.push(Finding::new(Code::SchemaWritable, schema, mend));
    }
    Ok(findings)
}

async fn server(connection: &mut PgConnection) -> Result<Option<Finding>, Error> {
    let number: i64 = sqlx::raw_sql("SELECT current_setting('server_version_num')::bigint")
        .fetch_one(&mut *connection)
        .await?
        .try_get(0)?;
    let (major, minor) = (number / 10_000, number % 10_000);
    let first = FIRST_SAFE.iter().find(|(safe, _)| *safe == major);
    let outdated = match first {
        Some((_, first)) => minor < *first,
        None => major < 13,
    };
    let mend = "-- upgrade to the newest minor version of PostgreSQL";
    Ok(outdated.then(|| Finding::new(Code::ServerOutdated, format!("{major}.{minor}"), mend)))
}
