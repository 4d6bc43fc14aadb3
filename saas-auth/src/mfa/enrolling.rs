//! Apps for codes, enrolled and confirmed, and the recovery codes that come with the first factor.

use saas_core::{Id, Secret, UserId};
use saas_tenancy::{Scope, SystemTx, Tenant};

use super::{
    Factor, FactorKind, Pending, SecondFactors, SteppedUp, TotpEnrolment, policy,
    recovery::{CODES, RecoveryCode},
    store,
    totp::Totp,
};
use crate::{Error, account};

/// How many factors somebody can have.
pub(super) const MAX_FACTORS: usize = 20;
const MAX_NAME: usize = 100;

/// A set of recovery codes, to be shown once.
#[derive(Debug, Clone)]
pub struct RecoveryCodes(Vec<RecoveryCode>);

impl RecoveryCodes {
    /// Writes the codes down, for their holder.
    #[must_use]
    pub fn expose(&self) -> Vec<Secret<String>> {
        self.0.iter().map(RecoveryCode::write).collect()
    }
}

impl SecondFactors {
    /// Begins the enrolment of an app for codes. It counts once [`SecondFactors::confirm_totp`] has seen a code of it,
    /// within a quarter of an hour; one that was begun before and not confirmed ends.
    ///
    /// # Errors
    ///
    /// [`Error::Factor`] when the name cannot be, or there are too many; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// An enrolment that nobody was told of ends by itself.
    pub async fn enrol_totp(&self, who: &SteppedUp, name: &str) -> Result<TotpEnrolment, Error> {
        self.enrol(who.user(), who.scope().tenant(), name).await
    }

    pub(crate) async fn enrol(
        &self,
        user: UserId,
        tenant: &Tenant,
        name: &str,
    ) -> Result<TotpEnrolment, Error> {
        check_name(name)?;
        let totp = Totp::generate()?;
        let mut tx = self.write();
        if store::list(&mut tx, user).await?.len() >= MAX_FACTORS {
            return Err(Error::Factor {
                message: "there are 20 factors already",
            });
        }
        let account = account::store::by_id(&mut tx, user).await?;
        let account = account.ok_or(Error::Credentials)?;
        let id = Id::generate();
        let new = store::NewFactor {
            id,
            user,
            kind: FactorKind::Totp,
            name,
            secret: self.seal(user, id, totp.secret())?,
        };
        store::insert(&mut tx, new).await?;
        tx.commit().await?;
        Ok(TotpEnrolment {
            factor: id,
            told: totp.enrolment(tenant.name(), account.email())?,
        })
    }

    /// Confirms an app for codes by one of its codes. With the first factor come recovery codes, which are shown now
    /// or never.
    ///
    /// # Errors
    ///
    /// [`Error::SecondFactor`] when the code is wrong, or nothing waits to be confirmed; [`Error::TooManyTries`];
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either it is confirmed or not. Codes that nobody was told are replaced by [`SecondFactors::renew_codes`].
    pub async fn confirm_totp(
        &self,
        who: &SteppedUp,
        factor: Id<Factor>,
        code: &Secret<String>,
    ) -> Result<Option<RecoveryCodes>, Error> {
        self.confirm(who.user(), who.scope(), (factor, code), None)
            .await
    }

    pub(crate) async fn confirm(
        &self,
        user: UserId,
        scope: &Scope,
        (factor, code): (Id<Factor>, &Secret<String>),
        pending: Option<&Pending>,
    ) -> Result<Option<RecoveryCodes>, Error> {
        let now = self.now();
        let since = now.saturating_sub(TotpEnrolment::LIFETIME);
        let sealed = store::unconfirmed(&mut self.read(), user, factor, since).await?;
        let totp = sealed.and_then(|sealed| self.open(user, factor, &sealed));
        // Where there is nothing to guess, there is no try to take.
        let totp = totp.ok_or(Error::SecondFactor)?;
        self.take_try(scope, user).await?;
        let step = totp.step_of(code.expose(), now);
        let step = step.ok_or(Error::SecondFactor)?;
        let mut tx = self.write();
        keeps_standing(&mut tx, user, pending).await?;
        if !store::confirm(&mut tx, user, factor, step).await? {
            return Err(Error::SecondFactor);
        }
        store::give_back(&mut tx, user).await?;
        let first = store::codes(&mut tx, user).await?.is_empty();
        let codes = match first {
            true => Some(self.new_codes(&mut tx, user).await?),
            false => None,
        };
        self.tell(tx, scope, user, "second-factor.enrolled", "totp")
            .await?;
        Ok(codes)
    }

    /// Replaces the recovery codes of a person. Those before are good for nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Factor`] when there is no factor to recover; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either they are replaced or not.
    pub async fn renew_codes(&self, who: &SteppedUp) -> Result<RecoveryCodes, Error> {
        let mut tx = self.write();
        let factors = store::confirmed(&mut tx, who.user()).await?;
        if factors == policy::Factors::default() {
            return Err(Error::Factor {
                message: "there is no factor that a code could stand in for",
            });
        }
        let codes = self.new_codes(&mut tx, who.user()).await?;
        self.tell(
            tx,
            who.scope(),
            who.user(),
            "recovery-codes.renewed",
            "recovery",
        )
        .await?;
        Ok(codes)
    }

    pub(super) async fn new_codes(
        &self,
        tx: &mut SystemTx,
        user: UserId,
    ) -> Result<RecoveryCodes, Error> {
        let codes: Vec<_> = (0..CODES)
            .map(|_| RecoveryCode::generate())
            .collect::<Result<_, _>>()?;
        let keys = self.inner.database.keys();
        let hashes = codes.iter().map(|code| code.hash(keys, user));
        store::replace_codes(tx, user, hashes.collect::<Result<_, _>>()?).await?;
        Ok(RecoveryCodes(codes))
    }
}

pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let length = name.chars().count();
    if (1..=MAX_NAME).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::Factor {
        message: "the name has 1 to 100 characters",
    })
}

/// Makes sure that an account is as it was when a sign-in began, until the transaction ends: nothing is enrolled with
/// a password that was changed meanwhile, nor by who has not proven a factor that was enrolled meanwhile. Who has
/// stepped up needs no sign-in that waits.
pub(super) async fn keeps_standing(
    tx: &mut SystemTx,
    user: UserId,
    pending: Option<&Pending>,
) -> Result<(), Error> {
    let Some(pending) = pending else {
        return Ok(());
    };
    if !account::store::stands(tx, user, pending.generation()).await? {
        return Err(Error::Credentials);
    }
    let level = store::confirmed(tx, user).await?.reach();
    match pending.claim().level() >= level {
        true => Ok(()),
        false => Err(Error::StepUp {
            level,
            max_age: None,
        }),
    }
}
