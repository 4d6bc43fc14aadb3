//! The rows of accounts.

use saas_core::{TenantId, UserId};
use saas_tenancy::{Column as _, Error, Row, SystemTx, Value};

use super::{Account, Email};
use crate::PasswordHash;

const BY_EMAIL: &str =
    "SELECT id, email, password_hash, status FROM saas_accounts WHERE email_key = $1";
const INSERT: &str = "INSERT INTO saas_accounts (id, email, email_key, password_hash, status, created_at, updated_at) \
                      VALUES ($1, $2, $3, $4, 'active', $5, $5) ON CONFLICT (email_key) DO NOTHING";
const SET_HASH: &str = "UPDATE saas_accounts SET password_hash = $2, updated_at = $3 WHERE id = $1";
const TENANTS_OF: &str =
    "SELECT tenant_id FROM saas_memberships WHERE id = $1 ORDER BY created_at LIMIT 1000";

pub(super) async fn by_email(tx: &mut SystemTx, email: &Email) -> Result<Option<Account>, Error> {
    let row = tx
        .fetch_optional(BY_EMAIL, &[Value::Text(email.key().to_owned())])
        .await?;
    row.as_ref().map(read).transpose()
}

/// Tells whether the row was inserted; it is not when the address is taken.
pub(super) async fn insert(
    tx: &mut SystemTx,
    id: UserId,
    email: &Email,
    hash: &PasswordHash,
) -> Result<bool, Error> {
    let now = tx.database().clock().now();
    let values = [
        id.to_value(),
        Value::Text(email.as_str().to_owned()),
        Value::Text(email.key().to_owned()),
        Value::Text(hash.expose().to_owned()),
        Value::Timestamp(now),
    ];
    Ok(tx.execute(INSERT, &values).await? == 1)
}

pub(super) async fn set_hash(
    tx: &mut SystemTx,
    id: UserId,
    hash: &PasswordHash,
) -> Result<(), Error> {
    let now = tx.database().clock().now();
    let values = [
        id.to_value(),
        Value::Text(hash.expose().to_owned()),
        Value::Timestamp(now),
    ];
    tx.execute(SET_HASH, &values).await.map(drop)
}

pub(super) async fn tenants_of(tx: &mut SystemTx, user: UserId) -> Result<Vec<TenantId>, Error> {
    let rows = tx.fetch_all(TENANTS_OF, &[user.to_value()]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

fn read(row: &Row) -> Result<Account, Error> {
    let status: String = row.get(3)?;
    Ok(Account {
        id: row.get(0)?,
        email: row.get(1)?,
        hash: PasswordHash::stored(row.get(2)?),
        active: status == "active",
    })
}
