//! Devices on which a second factor was proven, and is not asked for again for a while.
//!
//! A remembered device stands in for a second factor where a tenant asks for one, and for nothing more: not for a
//! passkey, not for a route that asks for a level, not for a change of factors. It is of one person in one tenant, and
//! ends with the password and with the factors that were proven on it.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_core::{Id, Level, Secret, TenantId, Timestamp, UserId};
use saas_tenancy::{AuditEvent, Column as _, Row, Scope, SystemTx, Value};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{SecondFactors, clearance::Claim};
use crate::{Authenticated, Error};

const SECRET: usize = 32;
/// How many somebody can have; the next takes the place of the oldest.
const MOST: usize = 20;

const LIST: &str = "SELECT id, tenant_id, agent, created_at, seen_at, expires_at FROM saas_remembered_devices \
                    WHERE account_id = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC LIMIT 100";
const INSERT: &str = "INSERT INTO saas_remembered_devices \
                      (id, account_id, tenant_id, hash, generation, agent, created_at, seen_at, expires_at) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)";
const USE: &str = "UPDATE saas_remembered_devices SET seen_at = $5 \
                   WHERE account_id = $1 AND tenant_id = $2 AND hash = $3 AND generation = $4 AND expires_at > $5";
const FORGET: &str =
    "DELETE FROM saas_remembered_devices WHERE account_id = $1 AND tenant_id = $2 AND id = $3";
const FORGET_OLD: &str =
    "DELETE FROM saas_remembered_devices WHERE account_id = $1 AND expires_at <= $2";
const FORGET_ALL: &str = "DELETE FROM saas_remembered_devices WHERE account_id = $1";

/// A device that is remembered, as its holder sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RememberedDevice {
    /// The id.
    pub id: Id<RememberedDevice>,
    /// In which tenant.
    pub tenant: TenantId,
    /// What the browser calls itself.
    pub device: String,
    /// When a second factor was proven on it.
    pub created_at: Timestamp,
    /// When it was last used to sign in.
    pub seen_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

impl SecondFactors {
    /// Tells for how long devices are remembered; not at all when it is nothing.
    #[must_use]
    pub fn remembers_for(&self) -> Duration {
        self.config().remember.into()
    }

    /// Remembers the device on which somebody has just proven a second factor, and gives the text that its browser
    /// keeps. None where devices are not remembered, or no second factor of the person's own was proven: a recovery
    /// code is the sign of a loss.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`]; [`Error::Crypto`].
    ///
    /// # Cancel safety
    ///
    /// A device that nobody was told of ends by itself.
    pub async fn remember(&self, who: &Authenticated) -> Result<Option<Secret<String>>, Error> {
        let lifetime = self.remembers_for();
        let own = |method: &String| matches!(method.as_str(), "otp" | "pop");
        let Some(generation) = who.generation().filter(|_| !lifetime.is_zero()) else {
            return Ok(None);
        };
        if Level::of(who.methods()) < Level::Aal2 || !who.methods().iter().any(own) {
            return Ok(None);
        }
        let mut secret = [0; SECRET];
        getrandom::fill(&mut secret).map_err(|_| Error::Crypto("no random bytes"))?;
        let (user, now) = (who.user(), self.now());
        let mut tx = self.write();
        tx.execute(FORGET_OLD, &[user.to_value(), Value::Timestamp(now)])
            .await?;
        for old in list(&mut tx, user, now).await?.iter().skip(MOST - 1) {
            forget(&mut tx, user, old.tenant, old.id).await?;
        }
        let values = [
            Id::<RememberedDevice>::generate().to_value(),
            user.to_value(),
            who.tenant().id().to_value(),
            Value::Bytes(hash(&secret)),
            Value::Integer(generation),
            Value::Text(who.device().agent().to_owned()),
            Value::Timestamp(now),
            Value::Timestamp(now.saturating_add(lifetime)),
        ];
        tx.execute(INSERT, &values).await?;
        note(tx, who.scope(), user, "device.remembered").await?;
        Ok(Some(Secret::new(URL_SAFE_NO_PAD.encode(secret))))
    }

    /// Lists the remembered devices of a person in all tenants, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn remembered(&self, user: UserId) -> Result<Vec<RememberedDevice>, Error> {
        Ok(list(&mut self.read(), user, self.now()).await?)
    }

    /// Forgets one of the caller's devices in the scope's tenant. Tells whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when nobody calls; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either it is forgotten or not.
    pub async fn forget(&self, scope: &Scope, id: Id<RememberedDevice>) -> Result<bool, Error> {
        let caller = scope.principal().ok_or(Error::Credentials)?;
        let user = caller.subject();
        let mut tx = self.write();
        if !forget(&mut tx, user, scope.tenant().id(), id).await? {
            return Ok(false);
        }
        note(tx, scope, user, "device.forgotten").await?;
        Ok(true)
    }

    /// Tells whether a device is remembered that somebody with a right password comes from, and notes its use.
    pub(crate) async fn knows(
        &self,
        claim: &Claim,
        generation: i64,
        text: &Secret<String>,
    ) -> Result<bool, Error> {
        let secret: Option<[u8; SECRET]> = URL_SAFE_NO_PAD
            .decode(text.expose())
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        let Some(secret) = secret.filter(|_| !self.remembers_for().is_zero()) else {
            return Ok(false);
        };
        let values = [
            claim.user.to_value(),
            claim.tenant.id().to_value(),
            Value::Bytes(hash(&secret)),
            Value::Integer(generation),
            Value::Timestamp(self.now()),
        ];
        let mut tx = self.write();
        let known = tx.execute(USE, &values).await? == 1;
        tx.commit().await?;
        Ok(known)
    }
}

/// Forgets every device of somebody.
pub(crate) async fn forget_devices(
    tx: &mut SystemTx,
    user: UserId,
) -> Result<(), saas_tenancy::Error> {
    tx.execute(FORGET_ALL, &[user.to_value()]).await.map(drop)
}

/// Of 256 random bits, which need no slow hash.
fn hash(secret: &[u8; SECRET]) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

async fn list(
    tx: &mut SystemTx,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<RememberedDevice>, saas_tenancy::Error> {
    let rows = tx
        .fetch_all(LIST, &[user.to_value(), Value::Timestamp(now)])
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<RememberedDevice, saas_tenancy::Error> {
    Ok(RememberedDevice {
        id: row.get(0)?,
        tenant: row.get(1)?,
        device: row.get(2)?,
        created_at: row.get(3)?,
        seen_at: row.get(4)?,
        expires_at: row.get(5)?,
    })
}

async fn forget(
    tx: &mut SystemTx,
    user: UserId,
    tenant: TenantId,
    id: Id<RememberedDevice>,
) -> Result<bool, Error> {
    let values = [user.to_value(), tenant.to_value(), id.to_value()];
    Ok(tx.execute(FORGET, &values).await? == 1)
}

async fn note(
    tx: SystemTx,
    scope: &Scope,
    user: UserId,
    action: &'static str,
) -> Result<(), Error> {
    let mut tx = tx.into_scope(scope).await?;
    tx.record(AuditEvent::new(action, format!("user:{user}")))
        .await?;
    Ok(tx.commit().await?)
}
