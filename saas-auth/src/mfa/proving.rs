//! Codes that prove a second factor, and how many wrong ones are looked at.

use std::{fmt, time::Duration};

use saas_core::{Secret, UserId};
use saas_tenancy::{AuditEvent, Scope, SystemTx};

use super::{
    FactorKind, SecondFactors, clearance::Claim, policy::MAILED, recovery::RecoveryCode, store,
};
use crate::{Error, message::FactorsGuessed};

/// How many wrong codes are looked at, until there was none for [`PAUSE`].
const TRIES: i64 = 5;
const PAUSE: Duration = Duration::from_secs(300);
/// How many are looked at without a right one, however slowly they come (NIST SP 800-63B-4, section 3.2.2), until
/// there was none for [`DAY`].
const TRIES_IN_ALL: i64 = 100;
const DAY: Duration = Duration::from_secs(86_400);

/// What somebody proves a second factor with.
#[derive(Clone)]
#[non_exhaustive]
pub enum Proof {
    /// A code by time, of six digits.
    Totp(Secret<String>),
    /// A recovery code.
    Recovery(Secret<String>),
    /// The code of a letter, where that [is wanted](super::Wanted::MailedCode).
    Mailed(Secret<String>),
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Totp(_) => "Totp(…)",
            Self::Recovery(_) => "Recovery(…)",
            Self::Mailed(_) => "Mailed(…)",
        })
    }
}

impl SecondFactors {
    /// Looks at a proof of who has begun to sign in, and gives the way of it (RFC 8176).
    ///
    /// # Errors
    ///
    /// [`Error::SecondFactor`] when it is wrong or was used; [`Error::TooManyTries`]; [`Error::Storage`].
    pub(crate) async fn prove(
        &self,
        scope: &Scope,
        claim: &Claim,
        proof: &Proof,
    ) -> Result<&'static str, Error> {
        let user = claim.user;
        self.take_try(scope, user).await?;
        let mut tx = self.write();
        let method = match proof {
            Proof::Totp(code) => self.use_totp(&mut tx, user, code).await?.then_some("otp"),
            Proof::Recovery(code) => {
                let used = self.use_code(&mut tx, user, code).await?;
                used.then_some("recovery")
            }
            Proof::Mailed(code) => {
                let used = self.use_mailed(&mut tx, claim, code).await?;
                used.then_some(MAILED)
            }
        };
        let method = method.ok_or(Error::SecondFactor)?;
        store::give_back(&mut tx, user).await?;
        tx.commit().await?;
        Ok(method)
    }

    async fn use_totp(
        &self,
        tx: &mut SystemTx,
        user: UserId,
        code: &Secret<String>,
    ) -> Result<bool, Error> {
        let now = self.now();
        for (factor, sealed) in store::secrets(tx, user, FactorKind::Totp).await? {
            let totp = self.open(user, factor, &sealed);
            let Some(step) = totp.and_then(|totp| totp.step_of(code.expose(), now)) else {
                continue;
            };
            if store::use_step(tx, user, factor, step).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn use_code(
        &self,
        tx: &mut SystemTx,
        user: UserId,
        code: &Secret<String>,
    ) -> Result<bool, Error> {
        let Some(code) = RecoveryCode::parse(code.expose()) else {
            return Ok(false);
        };
        let keys = self.inner.database.keys();
        let rows = store::codes(tx, user).await?;
        let row = rows.iter().find(|(_, hash)| code.matches(keys, user, hash));
        match row {
            Some((id, _)) => Ok(store::use_code(tx, user, *id).await?),
            None => Ok(false),
        }
    }

    /// Takes a try before anything is looked at, so that of any number at once only as many are as the limits allow.
    /// Whoever is about to run out of tries for a day is told in the same transaction, so that no guesser keeps the
    /// letter from being written by going away.
    pub(super) async fn take_try(&self, scope: &Scope, user: UserId) -> Result<(), Error> {
        let now = self.now();
        let in_a_row = store::Bound {
            most: TRIES,
            since: now.saturating_sub(PAUSE),
        };
        let in_all = store::Bound {
            most: TRIES_IN_ALL,
            since: now.saturating_sub(DAY),
        };
        let mut tx = self.write();
        let taken = store::take_try(&mut tx, user, &in_a_row, &in_all).await?;
        let taken = taken.ok_or(Error::TooManyTries)?;
        if taken < TRIES_IN_ALL {
            return Ok(tx.commit().await?);
        }
        let mut tx = tx.into_scope(scope).await?;
        let event = AuditEvent::new("second-factors.guessed", format!("user:{user}"));
        tx.record(event).await?;
        tx.publish(FactorsGuessed::KIND, &FactorsGuessed { account: user })
            .await?;
        Ok(tx.commit().await?)
    }
}
