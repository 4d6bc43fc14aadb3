//! PostgreSQL: one pool, every transaction carries its tenant.

use std::{str::FromStr as _, time::Duration};

use jiff_sqlx::ToSqlx as _;
use saas_core::Timestamp;
use sqlx::{
    Arguments as _, PgPool, Row as _, ValueRef as _,
    pool::PoolOptions,
    postgres::{PgArguments, PgConnectOptions, PgRow},
};

use super::{DatabaseConfig, state::ConnectionAudit};
use crate::{Error, Kind, Value, error::Cause};

pub(crate) async fn open(url: &str, config: &DatabaseConfig) -> Result<PgPool, Error> {
    let millis = |period: saas_core::config::Period| Duration::from(period).as_millis().to_string();
    let options = PgConnectOptions::from_str(url)
        // The text of the error may repeat the URL and with it the password.
        .map_err(|_| Error::Config("database.url is not a URL of PostgreSQL".to_owned()))?
        .application_name("saas")
        .options([
            ("statement_timeout", millis(config.statement_timeout)),
            ("lock_timeout", millis(config.lock_timeout)),
            (
                "idle_in_transaction_session_timeout",
                millis(config.idle_in_transaction_timeout),
            ),
            // A schema that the role can write to must not shadow tables or functions.
            ("timezone", "UTC".to_owned()),
        ]);
    let pool = PoolOptions::new()
        .max_connections(config.max_connections.max(1))
        .acquire_timeout(config.acquire_timeout.into())
        // The pool pings a connection when it comes back; asking again before each use would cost a
        // round trip a request. A connection that died meanwhile shows as 503 once.
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    Ok(pool)
}

pub(crate) fn bind(values: &[Value]) -> Result<PgArguments, Error> {
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Null(Kind::Uuid) => arguments.add(None::<uuid::Uuid>),
            Value::Null(Kind::Text) => arguments.add(None::<String>),
            Value::Null(Kind::Integer) => arguments.add(None::<i64>),
            Value::Null(Kind::Bool) => arguments.add(None::<bool>),
            Value::Null(Kind::Timestamp) => arguments.add(None::<jiff_sqlx::Timestamp>),
            Value::Null(Kind::Bytes) => arguments.add(None::<Vec<u8>>),
            Value::Null(Kind::Json) => arguments.add(None::<serde_json::Value>),
            Value::Null(Kind::Float) => arguments.add(None::<f64>),
            Value::Uuid(uuid) => arguments.add(*uuid),
            Value::Text(text) => arguments.add(super::without_nul(text)?),
            Value::Integer(number) => arguments.add(*number),
            Value::Bool(truth) => arguments.add(*truth),
            Value::Timestamp(time) => {
                let time = jiff::Timestamp::from_microsecond(time.as_micros())
                    .map_err(|error| Error::InvalidValue(Cause::new(error)))?;
                arguments.add(time.to_sqlx())
            }
            Value::Bytes(bytes) => arguments.add(bytes.as_slice()),
            Value::Json(json) => arguments.add(json),
            Value::Float(number) => arguments.add(*number),
        }
        .map_err(|error| Error::InvalidValue(Cause::new(error)))?;
    }
    Ok(arguments)
}

pub(crate) fn read(row: &PgRow, index: usize, kind: Kind) -> Result<Value, Error> {
    if row.try_get_raw(index)?.is_null() {
        return Ok(Value::Null(kind));
    }
    Ok(match kind {
        Kind::Uuid => Value::Uuid(row.try_get(index)?),
        Kind::Text => Value::Text(row.try_get(index)?),
        Kind::Integer => Value::Integer(row.try_get(index)?),
        Kind::Bool => Value::Bool(row.try_get(index)?),
        Kind::Timestamp => {
            let time: jiff_sqlx::Timestamp = row.try_get(index)?;
            let micros = time.to_jiff().as_microsecond();
            Value::Timestamp(Timestamp::from_micros(micros).map_err(|_| Error::decode("a time"))?)
        }
        Kind::Bytes => Value::Bytes(row.try_get(index)?),
        Kind::Json => Value::Json(row.try_get(index)?),
        Kind::Float => Value::Float(row.try_get(index)?),
    })
}

pub(crate) async fn audit(pool: &PgPool) -> Result<ConnectionAudit, Error> {
    let mut audit = ConnectionAudit::default();
    // All are held until the end, so that none is looked at twice.
    let mut held = Vec::new();
    while let Some(mut connection) = pool.try_acquire() {
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
        .fetch_one(&mut *connection)
        .await?;
        audit.examined += 1;
        audit.in_transaction += u32::from(row.try_get::<bool, _>("in_transaction")?);
        audit.with_tenant += u32::from(row.try_get::<bool, _>("with_tenant")?);
        audit.advisory_locks += u32::try_from(row.try_get::<i64, _>("locks")?).unwrap_or(u32::MAX);
        audit.temporary_tables +=
            u32::try_from(row.try_get::<i64, _>("temporary")?).unwrap_or(u32::MAX);
        held.push(connection);
    }
    Ok(audit)
}
