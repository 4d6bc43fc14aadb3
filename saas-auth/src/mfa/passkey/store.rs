//! The rows of passkeys, in the table of second factors, and of challenges that were used.

use saas_core::{Id, Timestamp, UserId};
use saas_tenancy::{Column as _, Error, Row, SystemTx, Value};

use super::challenge::Used;
use crate::mfa::Factor;

const WAITING: &str = "SELECT secret FROM saas_factors WHERE id = $1 AND account_id = $2 AND kind = 'passkey' \
                       AND confirmed_at IS NULL AND created_at > $3";
const CONFIRM: &str = "UPDATE saas_factors SET secret = $3, credential = $4, last_step = $5, confirmed_at = $6, \
                       seen_at = $6 WHERE id = $1 AND account_id = $2 AND kind = 'passkey' AND confirmed_at IS NULL";
const CREDENTIALS: &str = "SELECT credential FROM saas_factors WHERE account_id = $1 AND kind = 'passkey' \
                           AND confirmed_at IS NOT NULL ORDER BY created_at, id";
const FIND: &str = "SELECT id, account_id, secret FROM saas_factors WHERE credential = $1 AND kind = 'passkey' \
                    AND confirmed_at IS NOT NULL";
// WebAuthn, section 6.1.1: a counter goes up, or there is none. Of two answers at once with one count, one passes.
const USE: &str = "UPDATE saas_factors SET secret = $3, last_step = $4, seen_at = $5 \
                   WHERE id = $1 AND account_id = $2 AND kind = 'passkey' AND confirmed_at IS NOT NULL \
                   AND (last_step < $4 OR (last_step = 0 AND $4 = 0))";
const SPEND: &str =
    "INSERT INTO saas_used_challenges (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const FORGET: &str = "DELETE FROM saas_used_challenges WHERE expires_at <= $1";

/// A passkey that is confirmed, as it is kept.
pub(super) struct Kept {
    pub(super) factor: Id<Factor>,
    pub(super) user: UserId,
    pub(super) sealed: Vec<u8>,
}

/// Gives the sealed enrolment that waits to be confirmed and is not older than that.
pub(super) async fn waiting(
    tx: &mut SystemTx,
    user: UserId,
    factor: Id<Factor>,
    since: Timestamp,
) -> Result<Option<Vec<u8>>, Error> {
    let values = [factor.to_value(), user.to_value(), Value::Timestamp(since)];
    let row = tx.fetch_optional(WAITING, &values).await?;
    row.map(|row| row.get(0)).transpose()
}

/// Confirms a passkey, and tells whether this did. [`Error::Unique`] when somebody has it already.
pub(super) async fn confirm(
    tx: &mut SystemTx,
    kept: Kept,
    credential: &[u8],
    counter: u32,
) -> Result<bool, Error> {
    let values = [
        kept.factor.to_value(),
        kept.user.to_value(),
        Value::Bytes(kept.sealed),
        Value::Bytes(credential.to_vec()),
        Value::Integer(counter.into()),
        Value::Timestamp(tx.database().clock().now()),
    ];
    Ok(tx.execute(CONFIRM, &values).await? == 1)
}

/// Gives the ids of somebody's credentials.
pub(super) async fn credentials(tx: &mut SystemTx, user: UserId) -> Result<Vec<Vec<u8>>, Error> {
    let rows = tx.fetch_all(CREDENTIALS, &[user.to_value()]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Finds a passkey by the id of its credential.
pub(super) async fn find(tx: &mut SystemTx, credential: &[u8]) -> Result<Option<Kept>, Error> {
    let row = tx
        .fetch_optional(FIND, &[Value::Bytes(credential.to_vec())])
        .await?;
    let read = |row: Row| {
        Ok(Kept {
            factor: row.get(0)?,
            user: row.get(1)?,
            sealed: row.get(2)?,
        })
    };
    row.map(read).transpose()
}

/// Notes a use with its counter, and tells whether the counter may be.
pub(super) async fn note_use(tx: &mut SystemTx, kept: Kept, counter: u32) -> Result<bool, Error> {
    let values = [
        kept.factor.to_value(),
        kept.user.to_value(),
        Value::Bytes(kept.sealed),
        Value::Integer(counter.into()),
        Value::Timestamp(tx.database().clock().now()),
    ];
    Ok(tx.execute(USE, &values).await? == 1)
}

/// Uses a challenge up, and tells whether this did. Those that have expired are forgotten: they are refused by their
/// time.
pub(super) async fn spend(
    tx: &mut SystemTx,
    challenge: Id<Used>,
    expires_at: Timestamp,
) -> Result<bool, Error> {
    let now = tx.database().clock().now();
    tx.execute(FORGET, &[Value::Timestamp(now)]).await?;
    let values = [challenge.to_value(), Value::Timestamp(expires_at)];
    Ok(tx.execute(SPEND, &values).await? == 1)
}
