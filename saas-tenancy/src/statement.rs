//! What `#[tenant_repository]` calls. The macro has checked the statement: its `$1` is the tenant.

use crate::{Error, FromRow, TenantTx, Value, sql::literal};

/// Gives all rows.
///
/// # Errors
///
/// As the database answers.
pub async fn fetch_all<T: FromRow>(
    tx: &mut TenantTx,
    sql: &'static str,
    values: Vec<Value>,
) -> Result<Vec<T>, Error> {
    let values = with_tenant(tx, values);
    let rows = tx.fetch_all(literal(sql), &values).await?;
    rows.iter().map(T::from_row).collect()
}

/// Gives the row, if there is one.
///
/// # Errors
///
/// As the database answers.
pub async fn fetch_optional<T: FromRow>(
    tx: &mut TenantTx,
    sql: &'static str,
    values: Vec<Value>,
) -> Result<Option<T>, Error> {
    let values = with_tenant(tx, values);
    tx.fetch_optional(literal(sql), &values)
        .await?
        .as_ref()
        .map(T::from_row)
        .transpose()
}

/// Gives the row.
///
/// # Errors
///
/// [`Error::NotFound`] when there is none.
pub async fn fetch_one<T: FromRow>(
    tx: &mut TenantTx,
    sql: &'static str,
    values: Vec<Value>,
) -> Result<T, Error> {
    fetch_optional(tx, sql, values)
        .await?
        .ok_or(Error::NotFound)
}

/// Gives the number of rows changed.
///
/// # Errors
///
/// [`Error::ReadOnly`] in a reading transaction, otherwise as the database answers.
pub async fn execute(
    tx: &mut TenantTx,
    sql: &'static str,
    values: Vec<Value>,
) -> Result<u64, Error> {
    let values = with_tenant(tx, values);
    tx.execute(literal(sql), &values).await
}

fn with_tenant(tx: &TenantTx, mut values: Vec<Value>) -> Vec<Value> {
    values.insert(0, Value::Uuid(tx.scope().tenant().id().as_uuid()));
    values
}
