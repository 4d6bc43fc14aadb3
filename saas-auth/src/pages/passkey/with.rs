//! The pages with passkeys.

use saas_core::{Id, Secret};

use super::{
    super::{member::Member, visitor::Visitor},
    Ask, Filled, Make,
};
use crate::{
    Authenticated, Entry, Error,
    mfa::{
        Factor, PasskeyAnswer, PasskeyChallenge, PasskeyEnrolment, PasskeyProof, Pending,
        RecoveryCodes, SteppedUp,
    },
};

/// What a passkey is called that was made at the sign-in.
const NAME: &str = "Passkey";

impl From<PasskeyChallenge> for Ask {
    fn from(asked: PasskeyChallenge) -> Self {
        Self {
            options: asked.options().to_owned(),
            challenge: asked.token().clone(),
        }
    }
}

impl From<PasskeyEnrolment> for Make {
    fn from(begun: PasskeyEnrolment) -> Self {
        Self {
            options: begun.options().to_owned(),
            factor: begun.factor(),
        }
    }
}

impl Filled<'_> {
    fn proof(&self) -> Result<PasskeyProof, Error> {
        let answer: PasskeyAnswer = self.answer.parse()?;
        Ok(PasskeyProof::new(self.challenge.clone(), answer))
    }
}

/// Asks whoever opens the sign-in.
pub(in crate::pages) async fn of_anybody(visitor: &Visitor) -> Result<Option<Ask>, Error> {
    let doors = visitor.identity.sign_ins();
    // What its forms are bound to is bound to the browser.
    let asked = doors.passkey_challenge(&visitor.tenant, visitor.token.as_str());
    Ok(asked.await?.map(Ask::from))
}

/// Lets somebody in without a password.
pub(in crate::pages) async fn instead_of_password(
    visitor: &Visitor,
    filled: &Filled<'_>,
) -> Result<Entry, Error> {
    let proof = filled.proof().map_err(|_| Error::Credentials)?;
    let doors = visitor.identity.sign_ins();
    let (tenant, token) = (&visitor.tenant, visitor.token.as_str());
    doors
        .by_passkey(tenant, token, &proof, &visitor.device)
        .await
}

/// Asks somebody whose first factor was right.
pub(in crate::pages) async fn of_waiting(
    visitor: &Visitor,
    pending: &Pending,
) -> Result<Option<Ask>, Error> {
    let doors = visitor.identity.sign_ins();
    let asked = doors.second_passkey_challenge(pending);
    Ok(asked.await?.map(Ask::from))
}

/// Lets somebody in whose first factor was right.
pub(in crate::pages) async fn by_second(
    visitor: &Visitor,
    pending: &Secret<String>,
    filled: &Filled<'_>,
) -> Result<Entry, Error> {
    let proof = filled.proof().map_err(|_| Error::SecondFactor)?;
    let doors = visitor.identity.sign_ins();
    let entry = doors.by_second_passkey(&visitor.tenant, pending, &proof, &visitor.device);
    entry.await
}

/// Begins what is wanted of somebody whose first factor was right. None where there can be none.
pub(in crate::pages) async fn make_at_door(
    visitor: &Visitor,
    pending: &Pending,
) -> Result<Option<Make>, Error> {
    let doors = visitor.identity.sign_ins();
    match doors.begin_passkey(pending, NAME).await {
        Ok(begun) => Ok(Some(begun.into())),
        Err(Error::Factor { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Lets somebody in who has made what was wanted.
pub(in crate::pages) async fn by_enrolment(
    visitor: &Visitor,
    pending: &Pending,
    factor: Id<Factor>,
    answer: &str,
) -> Result<(Authenticated, Option<RecoveryCodes>), Error> {
    let answer: PasskeyAnswer = answer.parse()?;
    let doors = visitor.identity.sign_ins();
    let entered = doors.by_passkey_enrolment(pending, factor, &answer, &visitor.device);
    entered.await
}

/// Begins one for whoever is signed in.
pub(in crate::pages) async fn make(
    member: &Member,
    who: &SteppedUp,
    name: &str,
) -> Result<Make, Error> {
    let factors = member.visitor.identity.second_factors();
    Ok(factors.enrol_passkey(who, name).await?.into())
}

/// Confirms one of whoever is signed in.
pub(in crate::pages) async fn confirm(
    member: &Member,
    who: &SteppedUp,
    factor: Id<Factor>,
    answer: &str,
) -> Result<Option<RecoveryCodes>, Error> {
    let answer: PasskeyAnswer = answer.parse()?;
    let factors = member.visitor.identity.second_factors();
    factors.confirm_passkey(who, factor, &answer).await
}
