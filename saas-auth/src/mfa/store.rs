//! The rows of second factors. They belong to accounts, and so to no tenant.

use saas_core::{Id, Timestamp, UserId};
use saas_tenancy::{Column as _, Error, Row, SystemTx, Value};

use super::{Factor, FactorKind, mailed, policy::Factors, remembered};

const FACTORS: &str = "SELECT id, kind, name, created_at, confirmed_at, seen_at FROM saas_factors \
                       WHERE account_id = $1 ORDER BY created_at, id";
const SECRETS: &str = "SELECT id, secret FROM saas_factors \
                       WHERE account_id = $1 AND kind = $2 AND confirmed_at IS NOT NULL ORDER BY id";
const UNCONFIRMED: &str = "SELECT secret FROM saas_factors \
                           WHERE id = $1 AND account_id = $2 AND confirmed_at IS NULL AND created_at > $3";
const INSERT: &str = "INSERT INTO saas_factors (id, account_id, kind, name, secret, created_at) \
                      VALUES ($1, $2, $3, $4, $5, $6)";
const FORGET_UNCONFIRMED: &str =
    "DELETE FROM saas_factors WHERE account_id = $1 AND kind = $2 AND confirmed_at IS NULL";
const CONFIRM: &str = "UPDATE saas_factors SET confirmed_at = $3, last_step = $4, seen_at = $3 \
                       WHERE id = $1 AND account_id = $2 AND confirmed_at IS NULL";
// RFC 6238, section 5.2: one step is good once, and none before it.
const USE_STEP: &str = "UPDATE saas_factors SET last_step = $3, seen_at = $4 \
                        WHERE id = $1 AND account_id = $2 AND confirmed_at IS NOT NULL AND last_step < $3";
const RENAME: &str = "UPDATE saas_factors SET name = $3 WHERE id = $1 AND account_id = $2";
const REMOVE: &str = "DELETE FROM saas_factors WHERE id = $1 AND account_id = $2";
const REMOVE_ALL: &str = "DELETE FROM saas_factors WHERE account_id = $1";
const CODES: &str =
    "SELECT id, hash FROM saas_recovery_codes WHERE account_id = $1 AND used_at IS NULL";
const INSERT_CODE: &str =
    "INSERT INTO saas_recovery_codes (id, account_id, hash, created_at) VALUES ($1, $2, $3, $4)";
const REMOVE_CODES: &str = "DELETE FROM saas_recovery_codes WHERE account_id = $1";
const USE_CODE: &str = "UPDATE saas_recovery_codes SET used_at = $3 \
                        WHERE id = $1 AND account_id = $2 AND used_at IS NULL";
// Counted in the database, so that neither another instance nor a restart begins anew.
const TRY: &str = "INSERT INTO saas_factor_tries (account_id, tries, wrong, last_at) VALUES ($1, 1, 1, $2) \
                   ON CONFLICT (account_id) DO UPDATE SET last_at = $2, \
                   tries = CASE WHEN saas_factor_tries.last_at <= $3 THEN 1 ELSE saas_factor_tries.tries + 1 END, \
                   wrong = CASE WHEN saas_factor_tries.wrong >= $5 THEN 1 ELSE saas_factor_tries.wrong + 1 END \
                   WHERE (saas_factor_tries.last_at <= $3 OR saas_factor_tries.tries < $4) \
                   AND (saas_factor_tries.last_at <= $6 OR saas_factor_tries.wrong < $5) RETURNING wrong";
// Its own try and no other: nobody has five more for each right one.
const GIVE_BACK: &str =
    "UPDATE saas_factor_tries SET tries = tries - 1, wrong = 0 WHERE account_id = $1 AND tries > 0";

pub(super) async fn list(tx: &mut SystemTx, user: UserId) -> Result<Vec<Factor>, Error> {
    let rows = tx.fetch_all(FACTORS, &[user.to_value()]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Factor, Error> {
    let kind: String = row.get(1)?;
    Ok(Factor {
        id: row.get(0)?,
        kind: FactorKind::from_name(&kind).ok_or_else(|| Error::decode("a kind of factor"))?,
        name: row.get(2)?,
        created_at: row.get(3)?,
        confirmed_at: row.get(4)?,
        seen_at: row.get(5)?,
    })
}

/// Tells which factors somebody has confirmed.
pub(super) async fn confirmed(tx: &mut SystemTx, user: UserId) -> Result<Factors, Error> {
    let all = list(tx, user).await?;
    let has = |kind| {
        let mut confirmed = all.iter().filter(|factor| factor.confirmed_at.is_some());
        confirmed.any(|factor| factor.kind == kind)
    };
    Ok(Factors {
        totp: has(FactorKind::Totp),
        passkey: has(FactorKind::Passkey),
    })
}

/// Gives the confirmed factors of a kind, with their sealed secrets.
pub(super) async fn secrets(
    tx: &mut SystemTx,
    user: UserId,
    kind: FactorKind,
) -> Result<Vec<(Id<Factor>, Vec<u8>)>, Error> {
    let values = [user.to_value(), Value::Text(kind.name().to_owned())];
    let rows = tx.fetch_all(SECRETS, &values).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Gives the sealed secret of a factor that waits to be confirmed and is not older than that.
pub(super) async fn unconfirmed(
    tx: &mut SystemTx,
    user: UserId,
    factor: Id<Factor>,
    since: Timestamp,
) -> Result<Option<Vec<u8>>, Error> {
    let values = [factor.to_value(), user.to_value(), Value::Timestamp(since)];
    let row = tx.fetch_optional(UNCONFIRMED, &values).await?;
    row.map(|row| row.get(0)).transpose()
}

/// A factor that is to be kept.
pub(super) struct NewFactor<'a> {
    pub(super) id: Id<Factor>,
    pub(super) user: UserId,
    pub(super) kind: FactorKind,
    pub(super) name: &'a str,
    pub(super) secret: Vec<u8>,
}

/// Keeps a factor that is not confirmed, in the place of any other of its kind that is not.
pub(super) async fn insert(tx: &mut SystemTx, new: NewFactor<'_>) -> Result<(), Error> {
    let now = tx.database().clock().now();
    let kind = || Value::Text(new.kind.name().to_owned());
    tx.execute(FORGET_UNCONFIRMED, &[new.user.to_value(), kind()])
        .await?;
    let values = [
        new.id.to_value(),
        new.user.to_value(),
        kind(),
        Value::Text(new.name.to_owned()),
        Value::Bytes(new.secret),
        Value::Timestamp(now),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// Confirms a factor, and tells whether this did.
pub(super) async fn confirm(
    tx: &mut SystemTx,
    user: UserId,
    factor: Id<Factor>,
    step: i64,
) -> Result<bool, Error> {
    let values = [
        factor.to_value(),
        user.to_value(),
        Value::Timestamp(tx.database().clock().now()),
        Value::Integer(step),
    ];
    Ok(tx.execute(CONFIRM, &values).await? == 1)
}

/// Uses a step up, and tells whether this did.
pub(super) async fn use_step(
    tx: &mut SystemTx,
    user: UserId,
    factor: Id<Factor>,
    step: i64,
) -> Result<bool, Error> {
    let values = [
        factor.to_value(),
        user.to_value(),
        Value::Integer(step),
        Value::Timestamp(tx.database().clock().now()),
    ];
    Ok(tx.execute(USE_STEP, &values).await? == 1)
}

/// Names a factor anew, and tells whether there was one.
pub(super) async fn rename(
    tx: &mut SystemTx,
    user: UserId,
    factor: Id<Factor>,
    name: &str,
) -> Result<bool, Error> {
    let values = [
        factor.to_value(),
        user.to_value(),
        Value::Text(name.to_owned()),
    ];
    Ok(tx.execute(RENAME, &values).await? == 1)
}

/// Removes a factor, and tells whether there was one.
pub(super) async fn remove(
    tx: &mut SystemTx,
    user: UserId,
    factor: Id<Factor>,
) -> Result<bool, Error> {
    let values = [factor.to_value(), user.to_value()];
    Ok(tx.execute(REMOVE, &values).await? == 1)
}

/// Removes every factor and code of somebody, and forgets their devices. Tells whether there was a factor.
pub(crate) async fn remove_all(tx: &mut SystemTx, user: UserId) -> Result<bool, Error> {
    let factors = tx.execute(REMOVE_ALL, &[user.to_value()]).await?;
    remembered::forget_devices(tx, user).await?;
    mailed::forget(tx, user).await?;
    tx.execute(REMOVE_CODES, &[user.to_value()]).await?;
    Ok(factors > 0)
}

/// A recovery code that is kept.
pub(super) struct CodeRow;

/// Gives the hashes of the recovery codes that are left.
pub(super) async fn codes(
    tx: &mut SystemTx,
    user: UserId,
) -> Result<Vec<(Id<CodeRow>, Vec<u8>)>, Error> {
    let rows = tx.fetch_all(CODES, &[user.to_value()]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Keeps a set of recovery codes in the place of the last.
pub(super) async fn replace_codes(
    tx: &mut SystemTx,
    user: UserId,
    hashes: Vec<Vec<u8>>,
) -> Result<(), Error> {
    tx.execute(REMOVE_CODES, &[user.to_value()]).await?;
    for hash in hashes {
        let values = [
            Id::<CodeRow>::generate().to_value(),
            user.to_value(),
            Value::Bytes(hash),
            Value::Timestamp(tx.database().clock().now()),
        ];
        tx.execute(INSERT_CODE, &values).await?;
    }
    Ok(())
}

/// Uses a recovery code up, and tells whether this did.
pub(super) async fn use_code(
    tx: &mut SystemTx,
    user: UserId,
    code: Id<CodeRow>,
) -> Result<bool, Error> {
    let values = [
        code.to_value(),
        user.to_value(),
        Value::Timestamp(tx.database().clock().now()),
    ];
    Ok(tx.execute(USE_CODE, &values).await? == 1)
}

/// How many tries there are until there was none since then.
pub(super) struct Bound {
    pub(super) most: i64,
    pub(super) since: Timestamp,
}

/// Takes a try: of so many in a row, and of so many without a right one. Gives how many there were without a right
/// one, this one too; none when there was none left.
pub(super) async fn take_try(
    tx: &mut SystemTx,
    user: UserId,
    in_a_row: &Bound,
    in_all: &Bound,
) -> Result<Option<i64>, Error> {
    let values = [
        user.to_value(),
        Value::Timestamp(tx.database().clock().now()),
        Value::Timestamp(in_a_row.since),
        Value::Integer(in_a_row.most),
        Value::Integer(in_all.most),
        Value::Timestamp(in_all.since),
    ];
    let row = tx.fetch_optional(TRY, &values).await?;
    row.map(|row| row.get(0)).transpose()
}

/// Gives a try back that was right, and forgets the wrong ones of other days.
pub(super) async fn give_back(tx: &mut SystemTx, user: UserId) -> Result<(), Error> {
    tx.execute(GIVE_BACK, &[user.to_value()]).await.map(drop)
}
