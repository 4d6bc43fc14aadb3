//! The rows of accounts.

use saas_core::{TenantId, Timestamp, UserId};
use saas_tenancy::{Column as _, Error, Row, SystemTx, Value};

use super::{Account, Email, Status};
use crate::PasswordHash;

const BY_EMAIL: &str = "SELECT id, email, password_hash, status, provisional, verified_at, generation \
                        FROM saas_accounts WHERE email_key = $1 AND status <> 'deleted'";
const BY_ID: &str = "SELECT id, email, password_hash, status, provisional, verified_at, generation \
                     FROM saas_accounts WHERE id = $1 AND status <> 'deleted'";
const INSERT: &str = "INSERT INTO saas_accounts \
                      (id, email, email_key, password_hash, provisional, verified_at, status, generation, created_at, updated_at) \
                      VALUES ($1, $2, $3, $4, $5, $6, 'active', 0, $7, $7) ON CONFLICT (email_key) DO NOTHING";
const SET_PASSWORD: &str = "UPDATE saas_accounts SET password_hash = $3, provisional = $4, generation = generation + 1, \
                            updated_at = $5 WHERE id = $1 AND password_hash = $2 AND status = 'active'";
const REPLACE_HASH: &str = "UPDATE saas_accounts SET password_hash = $3, updated_at = $4 WHERE id = $1 AND password_hash = $2";
// Changes nothing and locks the row: whoever changes the account waits, and sees then what was begun for it.
const STANDS: &str = "UPDATE saas_accounts SET generation = generation \
                      WHERE id = $1 AND generation = $2 AND status = 'active'";
const IS_ACTIVE: &str = "SELECT id FROM saas_accounts WHERE id = $1 AND status = 'active'";
// Whoever proves by mail to be the holder of a deactivated account wants it back.
const RESET_PASSWORD: &str = "UPDATE saas_accounts SET password_hash = $3, provisional = $4, status = 'active', \
                              verified_at = coalesce(verified_at, $5), generation = generation + 1, updated_at = $5 \
                              WHERE id = $1 AND generation = $2 AND status IN ('active', 'deactivated')";
const VERIFY: &str = "UPDATE saas_accounts SET verified_at = coalesce(verified_at, $3), updated_at = $3 \
                      WHERE id = $1 AND generation = $2 AND status = 'active'";
const SET_EMAIL: &str = "UPDATE saas_accounts SET email = $3, email_key = $4, verified_at = $5, \
                         generation = generation + 1, updated_at = $5 \
                         WHERE id = $1 AND generation = $2 AND status = 'active'";
const DEACTIVATE: &str = "UPDATE saas_accounts SET status = 'deactivated', generation = generation + 1, updated_at = $3 \
                          WHERE id = $1 AND generation = $2 AND status = 'active'";
// The row stays, because records and rows of others name its id. What could be a person's is taken out of it.
const DELETE: &str = "UPDATE saas_accounts SET status = 'deleted', email = '', email_key = $3, password_hash = '', \
                      verified_at = NULL, generation = generation + 1, updated_at = $4 \
                      WHERE id = $1 AND generation = $2 AND status = 'active'";
const TENANTS_OF: &str = "SELECT tenant_id FROM saas_memberships WHERE id = $1 ORDER BY created_at";

pub(crate) async fn by_email(tx: &mut SystemTx, email: &Email) -> Result<Option<Account>, Error> {
    let row = tx
        .fetch_optional(BY_EMAIL, &[Value::Text(email.key().to_owned())])
        .await?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn by_id(tx: &mut SystemTx, id: UserId) -> Result<Option<Account>, Error> {
    let row = tx.fetch_optional(BY_ID, &[id.to_value()]).await?;
    row.as_ref().map(read).transpose()
}

/// An account that is to be made.
#[derive(Debug)]
pub(super) struct NewAccount<'a> {
    pub(super) id: UserId,
    pub(super) email: &'a Email,
    pub(super) hash: &'a PasswordHash,
    pub(super) provisional: bool,
    pub(super) verified: bool,
}

/// Tells whether the row was inserted; it is not when the address is taken.
pub(super) async fn insert(tx: &mut SystemTx, new: &NewAccount<'_>) -> Result<bool, Error> {
    let now = tx.database().clock().now();
    let values = [
        new.id.to_value(),
        Value::Text(new.email.as_str().to_owned()),
        Value::Text(new.email.key().to_owned()),
        Value::Text(new.hash.expose().to_owned()),
        Value::Bool(new.provisional),
        new.verified.then_some(now).to_value(),
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

/// Tells whether the password was set; it is not when it was changed since the account was read. Who changes a
/// password need not be the holder of the address; a letter alone says so.
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
        Value::Bool(account.provisional),
        Value::Timestamp(now),
    ];
    Ok(tx.execute(SET_PASSWORD, &values).await? == 1)
}

/// Sets the password of an account that is still of the generation it was read with, and brings it back when
/// its holder had deactivated it.
pub(crate) async fn reset_password(
    tx: &mut SystemTx,
    account: &Account,
    hash: &PasswordHash,
) -> Result<bool, Error> {
    let values = [
        account.id.to_value(),
        Value::Integer(account.generation),
        Value::Text(hash.expose().to_owned()),
        Value::Bool(false),
        now(tx),
    ];
    Ok(tx.execute(RESET_PASSWORD, &values).await? == 1)
}

/// Notes that the holder reads mail to the address, unless the account has changed since it was read.
pub(crate) async fn verify(tx: &mut SystemTx, account: &Account) -> Result<bool, Error> {
    let values = [
        account.id.to_value(),
        Value::Integer(account.generation),
        now(tx),
    ];
    Ok(tx.execute(VERIFY, &values).await? == 1)
}

/// Sets an address that its holder has proven to read mail to.
///
/// # Errors
///
/// [`Error::Unique`] when it is taken.
pub(super) async fn set_email(
    tx: &mut SystemTx,
    account: &Account,
    email: &Email,
) -> Result<bool, Error> {
    let values = [
        account.id.to_value(),
        Value::Integer(account.generation),
        Value::Text(email.as_str().to_owned()),
        Value::Text(email.key().to_owned()),
        now(tx),
    ];
    Ok(tx.execute(SET_EMAIL, &values).await? == 1)
}

pub(super) async fn deactivate(tx: &mut SystemTx, account: &Account) -> Result<bool, Error> {
    let values = [
        account.id.to_value(),
        Value::Integer(account.generation),
        now(tx),
    ];
    Ok(tx.execute(DEACTIVATE, &values).await? == 1)
}

/// Takes everything out of an account, and frees its address.
pub(super) async fn delete(tx: &mut SystemTx, account: &Account) -> Result<bool, Error> {
    let values = [
        account.id.to_value(),
        Value::Integer(account.generation),
        // Unique, and no address.
        Value::Text(format!("deleted:{}", account.id)),
        now(tx),
    ];
    Ok(tx.execute(DELETE, &values).await? == 1)
}

fn now(tx: &SystemTx) -> Value {
    Value::Timestamp(tx.database().clock().now())
}

pub(super) async fn is_active(tx: &mut SystemTx, user: UserId) -> Result<bool, Error> {
    let row = tx.fetch_optional(IS_ACTIVE, &[user.to_value()]).await?;
    Ok(row.is_some())
}

/// Tells whether an account may be used and is still of a generation, and keeps it so until the transaction ends.
pub(crate) async fn stands(tx: &mut SystemTx, id: UserId, generation: i64) -> Result<bool, Error> {
    let values = [id.to_value(), Value::Integer(generation)];
    Ok(tx.execute(STANDS, &values).await? == 1)
}

pub(crate) async fn tenants_of(tx: &mut SystemTx, user: UserId) -> Result<Vec<TenantId>, Error> {
    let rows = tx.fetch_all(TENANTS_OF, &[user.to_value()]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

fn read(row: &Row) -> Result<Account, Error> {
    let status = match row.get::<String>(3)?.as_str() {
        "active" => Status::Active,
        "deactivated" => Status::Deactivated,
        _ => Status::Disabled,
    };
    let verified_at: Option<Timestamp> = row.get(5)?;
    Ok(Account {
        id: row.get(0)?,
        email: row.get(1)?,
        hash: PasswordHash::stored(row.get(2)?),
        status,
        provisional: row.get(4)?,
        verified: verified_at.is_some(),
        generation: row.get(6)?,
    })
}
