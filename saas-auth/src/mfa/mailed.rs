//! Codes by mail: a weak factor, for those who have no other and whose tenant wants one.
//!
//! A row says that there is such a code, and for which sign-in. The code is kept nowhere: it is made of the row with
//! the keys of the service, so a dump of the database gives nobody one, and whoever sends the letter later can still
//! write it.

use std::time::Duration;

use aws_lc_rs::hmac;
use saas_core::{Id, Purpose, Secret, TenantId, Timestamp, UserId};
use saas_tenancy::{Column as _, Scope, SystemTx, Value};
use subtle::ConstantTimeEq as _;

use super::{Pending, SecondFactors, clearance::Claim};
use crate::{Error, message::SignInCodeAsked};

const PURPOSE: Purpose = Purpose::new("saas-auth/mailed-code/1");
const DIGITS: usize = 8;
const ALL_CODES: u64 = 100_000_000;

const INSERT: &str = "INSERT INTO saas_mailed_codes (id, account_id, tenant_id, begun_at, key, expires_at) \
                      VALUES ($1, $2, $3, $4, $5, $6)";
const FORGET_OLD: &str = "DELETE FROM saas_mailed_codes WHERE expires_at <= $1";
const FORGET_ALL: &str = "DELETE FROM saas_mailed_codes WHERE account_id = $1";
const OF_SIGN_IN: &str = "SELECT id, tenant_id, key FROM saas_mailed_codes \
                          WHERE account_id = $1 AND tenant_id = $2 AND begun_at = $3 AND expires_at > $4";
const BY_ID: &str = "SELECT id, tenant_id, key FROM saas_mailed_codes \
                     WHERE account_id = $1 AND id = $2 AND expires_at > $3";
const USE: &str = "DELETE FROM saas_mailed_codes WHERE id = $1 AND account_id = $2";

/// The row of a code.
pub(crate) struct MailedCode {
    id: Id<MailedCode>,
    tenant: TenantId,
    key: i64,
}

impl MailedCode {
    /// How long it can be entered: as long as the sign-in waits.
    pub(crate) const LIFETIME: Duration = Pending::LIFETIME;
}

impl SecondFactors {
    /// Has the person who stands in a door sent a code, which is good for this sign-in alone.
    pub(crate) async fn mail_code(&self, scope: &Scope, pending: &Pending) -> Result<(), Error> {
        let keys = self.inner.database.keys();
        let (key, _) = keys.sealing(PURPOSE).ok_or(NO_KEY)?;
        let (id, user, now) = (Id::generate(), pending.user(), self.now());
        let mut tx = self.write();
        tx.execute(FORGET_OLD, &[Value::Timestamp(now)]).await?;
        let values = [
            id.to_value(),
            user.to_value(),
            pending.tenant().id().to_value(),
            Value::Timestamp(pending.claim().at),
            Value::Integer(key.into()),
            Value::Timestamp(now.saturating_add(MailedCode::LIFETIME)),
        ];
        tx.execute(INSERT, &values).await?;
        let mut tx = tx.into_scope(scope).await?;
        let asked = SignInCodeAsked {
            account: user,
            generation: pending.generation(),
            code: id,
        };
        tx.publish(SignInCodeAsked::KIND, &asked).await?;
        Ok(tx.commit().await?)
    }

    /// Writes a code for the letter, in two groups. None when it was used or has expired.
    pub(crate) async fn mailed(
        &self,
        user: UserId,
        id: Id<MailedCode>,
    ) -> Result<Option<Secret<String>>, Error> {
        let values = [user.to_value(), id.to_value(), Value::Timestamp(self.now())];
        let rows = rows(&mut self.read(), BY_ID, &values).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let code = self.digits(user, row).ok_or(NO_KEY)?;
        let (one, other) = code.expose().split_at(DIGITS / 2);
        Ok(Some(Secret::new(format!("{one} {other}"))))
    }

    /// Tells whether a sign-in has a code that can be entered still.
    pub(crate) async fn waits_for_code(&self, claim: &Claim) -> Result<bool, Error> {
        let rows = rows(&mut self.read(), OF_SIGN_IN, &of_sign_in(claim, self.now())).await?;
        Ok(!rows.is_empty())
    }

    /// Uses the code of a sign-in up, and tells whether this did.
    pub(super) async fn use_mailed(
        &self,
        tx: &mut SystemTx,
        claim: &Claim,
        typed: &Secret<String>,
    ) -> Result<bool, Error> {
        let typed = typed.expose();
        if typed.len() > 3 * DIGITS {
            return Ok(false);
        }
        let typed: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        for row in rows(tx, OF_SIGN_IN, &of_sign_in(claim, self.now())).await? {
            let code = self.digits(claim.user, &row);
            let same = |code: Secret<String>| code.expose().as_bytes().ct_eq(typed.as_bytes());
            if code.is_some_and(|code| same(code).into()) {
                let used = [row.id.to_value(), claim.user.to_value()];
                return Ok(tx.execute(USE, &used).await? == 1);
            }
        }
        Ok(false)
    }

    /// Makes the code of a row, which is of one person and tenant. None when its key is gone.
    fn digits(&self, user: UserId, row: &MailedCode) -> Option<Secret<String>> {
        let name = u8::try_from(row.key).ok()?;
        let key = self.inner.database.keys().opening(name, PURPOSE)?;
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
        for id in [row.id.as_uuid(), user.as_uuid(), row.tenant.as_uuid()] {
            mac.update(id.as_bytes());
        }
        let tag = mac.sign();
        let number = u64::from_be_bytes(*tag.as_ref().first_chunk()?);
        Some(Secret::new(format!("{:0DIGITS$}", number % ALL_CODES)))
    }
}

fn of_sign_in(claim: &Claim, now: Timestamp) -> [Value; 4] {
    [
        claim.user.to_value(),
        claim.tenant.id().to_value(),
        Value::Timestamp(claim.at),
        Value::Timestamp(now),
    ]
}

const NO_KEY: Error = Error::Crypto("there is no master key");

/// Forgets every code of somebody.
pub(super) async fn forget(tx: &mut SystemTx, user: UserId) -> Result<(), saas_tenancy::Error> {
    tx.execute(FORGET_ALL, &[user.to_value()]).await.map(drop)
}

async fn rows(
    tx: &mut SystemTx,
    sql: &'static str,
    values: &[Value],
) -> Result<Vec<MailedCode>, saas_tenancy::Error> {
    let rows = tx.fetch_all(sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(MailedCode {
                id: row.get(0)?,
                tenant: row.get(1)?,
                key: row.get(2)?,
            })
        })
        .collect()
}
