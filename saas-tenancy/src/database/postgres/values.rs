//! Values on their way to and from PostgreSQL.

use jiff_sqlx::ToSqlx as _;
use saas_core::Timestamp;
use sqlx::{
    Arguments as _, Row as _, ValueRef as _,
    postgres::{PgArguments, PgRow},
};

use crate::{Error, Kind, Value, error::Cause};

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
            Value::Text(text) => arguments.add(crate::database::without_nul(text)?),
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
