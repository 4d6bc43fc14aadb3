//! What idle connections still carry.

use sqlx::Row as _;

use super::Pool;
use crate::{Error, database::ConnectionAudit};

pub(crate) async fn audit(pool: &Pool) -> Result<ConnectionAudit, Error> {
    let mut audit = ConnectionAudit::default();
    // All are held until the end, so that none is looked at twice.
    let mut held = Vec::new();
    let mut failed = None;
    while let Some(mut link) = pool.idle().await? {
        // Whoever asks may go away before the answer.
        link.suspect = true;
        // Sent as one simple message: parsing apart from running would already begin a transaction,
        // and the two times would differ on a clean connection.
        let row = sqlx::raw_sql(
            "SELECT now() <> statement_timestamp() AS in_transaction,
                    coalesce(current_setting('app.tenant_id', true), '') <> ''
                        OR coalesce(current_setting('app.user_id', true), '') <> ''
                        OR coalesce(current_setting('app.system_scope', true), '') <> '' AS with_tenant,
                    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
                    (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()) AS temporary",
        )
        .fetch_one(&mut link.connection)
        .await;
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                // One that was cut carries nothing any more. Nobody gets it again.
                failed = Some(error);
                held.push(link);
                continue;
            }
        };
        link.suspect = false;
        audit.examined += 1;
        audit.in_transaction += u32::from(row.try_get::<bool, _>("in_transaction")?);
        audit.with_tenant += u32::from(row.try_get::<bool, _>("with_tenant")?);
        audit.advisory_locks += u32::try_from(row.try_get::<i64, _>("locks")?).unwrap_or(u32::MAX);
        audit.temporary_tables +=
            u32::try_from(row.try_get::<i64, _>("temporary")?).unwrap_or(u32::MAX);
        held.push(link);
    }
    match failed {
        Some(error) if audit.examined == 0 => Err(error.into()),
        _ => Ok(audit),
    }
}
