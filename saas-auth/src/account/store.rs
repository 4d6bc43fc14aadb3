//! The rows of accounts.

use saas_core::{TenantId, Timestamp, UserId};
use saas_tenancy::{Column as _, Error, Row, SystemTx, Value};

use super::{Account, Email};
use crate::PasswordHash;

const BY_EMAIL: &str = "SELECT id, email, password_hash, status, provisional, verified_at FROM saas_accounts WHERE email_key = $1";
const BY_ID: &str = "SELECT id, email, password_hash, status, provisional, verified_at FROM saas_accounts WHERE id = $1";
const INSERT: &str = "INSERT INTO saas_accounts (id, email, email_key, password_hash, provisional, status, created_at, updated_at) \
                      VALUES ($1, $2, $3, $4, $5, 'active', $6, $6) ON CONFLICT (email_key) DO NOTHING";
const SET_PASSWORD: &str = "UPDATE saas_accounts SET password_hash = $3, provisional = $4, updated_at = $5 \
                            WHERE id = $1 AND password_hash = $2";
const REPLACE_HASH: &str = "UPDATE saas_accounts SET password_hash = $3, updated_at = $4 WHERE id = $1 AND password_hash = $2";
const IS_ACTIVE: &str = "SELECT id FROM saas_accounts WHERE id = $1 AND status = 'active'";
const TENANTS_OF: &str =
    "SELECT tenant_id FROM saas_memberships WHERE id = $1 ORDER BY created_at LIMIT 1000";

pub(super) async fn by_email(tx: &mut SystemTx, email: &Email) -> Result<Option<Account>, Error> {
    let row = tx
        .fetch_optional(BY_EMAIL, &[Value::Text(email.key().to_owned())])
        .await?;
    row.as_ref().map(read).transpose()
}

pub(super) async fn by_id(tx: &mut SystemTx, id: UserId) -> Result<Option<Account>, Error> {
    let row = tx.fetch_optional(BY_ID, &[id.to_value()]).await?;
    row.as_ref().map(read).transpose()
}

/// Tells whether the row was inserted; it is not when the address is taken.
pub(super) async fn insert(
    tx: &mut SystemTx,
    id: UserId,
    email: &Email,
    hash: &PasswordHash,
    provisional: bool,
) -> Result<bool, Error> {
    let now = tx.database().clock().now();
    let values = [
        id.to_value(),
        Value::Text(email.as_str().to_owned()),
        Value::Text(email.key().to_owned()),
        Value::Text(hash.expose().to_owned()),
        Value::Bool(provisional),
        Value::Timestamp(now),
    ];
    Ok(tx.execute(INSERT, &values).await? == 1)
}

/// Changes nothing when the hash is no longer the one that the account was read with.
pub(super) async fn replace_hash(
    tx: &mut SystemTx,
    account: &Account,
    hash: &PasswordHash,
) -> Result<(), Error> {
    let now = tx.database().clock().now();
    let values = [
        account.id.to_value(),
        Value::Text(account.hash.expose().to_owned()),
        Value::Text(hash.expose().to_owned()),
        Value::Timestamp(now),
    ];
    tx.execute(REPLACE_HASH, &values).await.map(drop)
}

/// Tells whether the password was set; it is not when it was changed since the account was read.
pub(super) async fn set_password(
    tx: &mut SystemTx,
    account: &Account,
    hash: &PasswordHash,
) -> Result<bool, Error> {
    let now = tx.database().clock().now();
    let values = [
        account.id.to_value(),
        Value::Text(account.hash.expose().to_owned()),
        Value::Text(hash.expose().to_owned()),
        Value::Bool(false),
        Value::Timestamp(now),
    ];
    Ok(tx.execute(SET_PASSWORD, &values).await? == 1)
}

pub(super) async fn is_active(tx: &mut SystemTx, user: UserId) -> Result<bool, Error> {
    let row = tx.fetch_optional(IS_ACTIVE, &[user.to_value()]).await?;
    Ok(row.is_some())
}

pub(crate) async fn tenants_of(tx: &mut SystemTx, user: UserId) -> Result<Vec<TenantId>, Error> {
    let rows = tx.fetch_all(TENANTS_OF, &[user.to_value()]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

fn read(row: &Row) -> Result<Account, Error> {
    let status: String = row.get(3)?;
    let verified_at: Option<Timestamp> = row.get(5)?;
    Ok(Account {
        id: row.get(0)?,
        email: row.get(1)?,
        hash: PasswordHash::stored(row.get(2)?),
        active: status == "active",
        provisional: row.get(4)?,
        verified: verified_at.is_some(),
    })
}
