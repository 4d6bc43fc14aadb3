//! What stands beside the tables: views, functions, publications, extensions, large objects.

use sqlx::{PgConnection, Row as _};

use super::{Declared, Finding, FindingCode as Code};
use crate::Error;

/// Views over tables, also over other views, with what guards them.
const VIEWS: &str = "
    WITH RECURSIVE reads (view, source) AS (
        SELECT r.ev_class, d.refobjid FROM pg_depend d
        JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
        WHERE d.refclassid = 'pg_class'::regclass AND r.ev_class <> d.refobjid
      UNION
        SELECT reads.view, r.refobjid FROM reads
        JOIN pg_rewrite w ON w.ev_class = reads.source
        JOIN pg_depend r ON r.objid = w.oid AND r.classid = 'pg_rewrite'::regclass AND r.refclassid = 'pg_class'::regclass
        WHERE r.refobjid <> reads.source)
    SELECT DISTINCT v.relname::text AS view, v.oid::regclass::text AS quoted, t.relname::text AS table,
           v.relkind = 'm' AS materialized, quote_ident(current_user) AS me,
           coalesce(array_to_string(v.reloptions, ','), '') ~ 'security_invoker=(true|on|1)' AS invoker,
           has_any_column_privilege(v.oid, 'SELECT, INSERT, UPDATE') OR has_table_privilege(v.oid, 'DELETE') AS reachable
    FROM reads JOIN pg_class v ON v.oid = reads.view JOIN pg_class t ON t.oid = reads.source
    WHERE v.relkind IN ('v', 'm') AND t.relkind IN ('r', 'p')";

/// Functions that run with the rights of their owner and can be reached: by a call, or by a trigger, for
/// which nobody needs a right.
const FUNCTIONS: &str = "
    SELECT p.oid::regprocedure::text AS name, p.prokind = 'p' AS procedure
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND (has_function_privilege(p.oid, 'EXECUTE')
           OR EXISTS (SELECT FROM pg_trigger g WHERE g.tgfoid = p.oid AND NOT g.tgisinternal))";

const PUBLICATIONS: &str = "
    SELECT p.pubname::text AS name, quote_ident(p.pubname) AS quoted, t.tablename::text AS table
    FROM pg_publication p JOIN pg_publication_tables t ON t.pubname = p.pubname
    WHERE t.schemaname = ANY (current_schemas(false))";

const EXTENSIONS: &str = "
    SELECT extname::text AS name, quote_ident(extname) AS quoted FROM pg_extension
    WHERE extname IN ('dblink', 'postgres_fdw', 'file_fdw', 'adminpack', 'plpython3u', 'plperlu', 'pltclu')";

const LARGE_OBJECTS: &str = "SELECT EXISTS (SELECT FROM pg_largeobject_metadata)";

pub(super) async fn read(
    connection: &mut PgConnection,
    declared: &Declared,
) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for row in sqlx::raw_sql(VIEWS).fetch_all(&mut *connection).await? {
        let (view, table): (String, String) = (row.try_get("view")?, row.try_get("table")?);
        if !declared.has(&table) || !row.try_get::<bool, _>("reachable")? {
            continue;
        }
        let (quoted, me): (String, String) = (row.try_get("quoted")?, row.try_get("me")?);
        if row.try_get("materialized")? {
            let mend = format!("REVOKE ALL ON {quoted} FROM PUBLIC, {me}");
            findings.push(Finding::new(Code::MaterializedView, view, mend));
        } else if !row.try_get::<bool, _>("invoker")? {
            let mend = format!("ALTER VIEW {quoted} SET (security_invoker = true)");
            findings.push(Finding::new(Code::ViewWithoutInvoker, view, mend));
        }
    }
    for row in sqlx::raw_sql(FUNCTIONS).fetch_all(&mut *connection).await? {
        let name: String = row.try_get("name")?;
        let kind = match row.try_get("procedure")? {
            true => "PROCEDURE",
            false => "FUNCTION",
        };
        let mend = format!("ALTER {kind} {name} SECURITY INVOKER");
        findings.push(Finding::new(Code::SecurityDefiner, name, mend));
    }
    for row in sqlx::raw_sql(PUBLICATIONS)
        .fetch_all(&mut *connection)
        .await?
    {
        if declared.has(row.try_get("table")?) {
            let (name, quoted): (String, String) = (row.try_get("name")?, row.try_get("quoted")?);
            let mend = format!("DROP PUBLICATION {quoted} -- or give its tables a row filter");
            findings.push(Finding::new(Code::PublicationUnfiltered, name, mend));
        }
    }
    for row in sqlx::raw_sql(EXTENSIONS)
        .fetch_all(&mut *connection)
        .await?
    {
        let (name, quoted): (String, String) = (row.try_get("name")?, row.try_get("quoted")?);
        let mend = format!("DROP EXTENSION {quoted}");
        findings.push(Finding::new(Code::ExtensionReachesOut, name, mend));
    }
    if sqlx::raw_sql(LARGE_OBJECTS)
        .fetch_one(connection)
        .await?
        .try_get(0)?
    {
        let mend = "SELECT lo_unlink(oid) FROM pg_largeobject_metadata";
        findings.push(Finding::new(Code::LargeObjects, "pg_largeobject", mend));
    }
    Ok(findings)
}
