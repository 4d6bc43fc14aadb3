//! Codes that prove a second factor, and how many wrong ones are looked at.

use std::{fmt, time::Duration};

use saas_core::{Secret, UserId};
use saas_tenancy::SystemTx;

use super::{FactorKind, SecondFactors, recovery::RecoveryCode, store};
use crate::Error;

/// How many wrong codes are looked at, until there was none for [`PAUSE`].
const TRIES: i64 = 5;
const PAUSE: Duration = Duration::from_secs(300);

/// What somebody proves a second factor with.
#[derive(Clone)]
#[non_exhaustive]
pub enum Proof {
    /// A code by time, of six digits.
    Totp(Secret<String>),
    /// A recovery code.
    Recovery(Secret<String>),
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Totp(_) => "Totp(…)",
            Self::Recovery(_) => "Recovery(…)",
        })
    }
}

impl SecondFactors {
    /// Looks at a proof, and gives the way of it (RFC 8176).
    ///
    /// # Errors
    ///
    /// [`Error::SecondFactor`] when it is wrong or was used; [`Error::TooManyTries`]; [`Error::Storage`].
    pub(crate) async fn prove(&self, user: UserId, proof: &Proof) -> Result<&'static str, Error> {
        self.take_try(user).await?;
        let mut tx = self.write();
        let method = match proof {
            Proof::Totp(code) => self.use_totp(&mut tx, user, code).await?.then_some("otp"),
            Proof::Recovery(code) => {
                let used = self.use_code(&mut tx, user, code).await?;
                used.then_some("recovery")
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

    /// Takes a try before anything is looked at, so that of any number at once only as many are as the limit allows.
    pub(super) async fn take_try(&self, user: UserId) -> Result<(), Error> {
        let mut tx = self.write();
        let since = self.now().saturating_sub(PAUSE);
        let left = store::take_try(&mut tx, user, since, TRIES).await?;
        tx.commit().await?;
        match left {
            true => Ok(()),
            false => Err(Error::TooManyTries),
        }
    }
}
