//! Values on their way to and from SQLite.

use saas_core::Timestamp;
use sqlx::{
    Arguments as _, Row as _, TypeInfo as _, ValueRef as _,
    sqlite::{SqliteArguments, SqliteRow},
};

use crate::{Error, Kind, Value, error::Cause};

pub(crate) fn bind(values: &[Value]) -> Result<SqliteArguments, Error> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Null(_) => arguments.add(None::<i64>),
            Value::Uuid(uuid) => arguments.add(*uuid),
            Value::Text(text) => arguments.add(crate::database::without_nul(text)?.to_owned()),
            Value::Integer(number) => arguments.add(*number),
            Value::Bool(truth) => arguments.add(*truth),
            Value::Timestamp(time) => arguments.add(time.as_micros()),
            Value::Bytes(bytes) => arguments.add(bytes.clone()),
            Value::Json(json) => arguments.add(json.to_string()),
            Value::Float(number) => arguments.add(*number),
        }
        .map_err(|error| Error::InvalidValue(Cause::new(error)))?;
    }
    Ok(arguments)
}

pub(crate) fn read(row: &SqliteRow, index: usize, kind: Kind) -> Result<Value, Error> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Value::Null(kind));
    }
    // SQLite lets any value stand in any column; a value of another type than declared is a fault.
    let found = raw.type_info();
    let expected = match kind {
        Kind::Uuid | Kind::Bytes => "BLOB",
        Kind::Text | Kind::Json => "TEXT",
        Kind::Integer | Kind::Timestamp => "INTEGER",
        Kind::Bool => "BOOLEAN",
        Kind::Float => "REAL",
    };
    if found.name() != expected
        && !matches!((kind, found.name()), (Kind::Bool | Kind::Float, "INTEGER"))
    {
        return Err(Error::decode("a value of the column's type"));
    }
    drop(raw);
    Ok(match kind {
        Kind::Uuid => Value::Uuid(row.try_get_unchecked(index)?),
        Kind::Text => Value::Text(row.try_get_unchecked(index)?),
        Kind::Integer => Value::Integer(row.try_get_unchecked(index)?),
        Kind::Bool => Value::Bool(row.try_get_unchecked(index)?),
        Kind::Timestamp => {
            let micros = row.try_get_unchecked(index)?;
            Value::Timestamp(Timestamp::from_micros(micros).map_err(|_| Error::decode("a time"))?)
        }
        Kind::Bytes => Value::Bytes(row.try_get_unchecked(index)?),
        Kind::Json => {
            let text: String = row.try_get_unchecked(index)?;
            Value::Json(serde_json::from_str(&text).map_err(|_| Error::decode("JSON"))?)
        }
        Kind::Float => Value::Float(row.try_get_unchecked(index)?),
    })
}
