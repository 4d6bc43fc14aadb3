//! The pages without passkeys: nobody is asked for one, and no answer is right.

use saas_core::{Id, Secret};

use super::{
    super::{member::Member, visitor::Visitor},
    Ask, Filled, Make,
};
use crate::{
    Authenticated, Entry, Error,
    mfa::{Factor, Pending, RecoveryCodes, SteppedUp},
};

pub(in crate::pages) async fn of_anybody(_: &Visitor) -> Result<Option<Ask>, Error> {
    Ok(None)
}

pub(in crate::pages) async fn instead_of_password(
    _: &Visitor,
    filled: &Filled<'_>,
) -> Result<Entry, Error> {
    let _ = filled.challenge;
    Err(Error::Credentials)
}

pub(in crate::pages) async fn of_waiting(_: &Visitor, _: &Pending) -> Result<Option<Ask>, Error> {
    Ok(None)
}

pub(in crate::pages) async fn by_second(
    _: &Visitor,
    _: &Secret<String>,
    _: &Filled<'_>,
) -> Result<Entry, Error> {
    Err(Error::SecondFactor)
}

pub(in crate::pages) async fn make_at_door(
    _: &Visitor,
    _: &Pending,
) -> Result<Option<Make>, Error> {
    Ok(None)
}

pub(in crate::pages) async fn by_enrolment(
    _: &Visitor,
    _: &Pending,
    _: Id<Factor>,
    _: &str,
) -> Result<(Authenticated, Option<RecoveryCodes>), Error> {
    Err(Error::Passkey)
}

pub(in crate::pages) async fn make(_: &Member, _: &SteppedUp, _: &str) -> Result<Make, Error> {
    Err(Error::Factor {
        message: "there are no passkeys",
    })
}

pub(in crate::pages) async fn confirm(
    _: &Member,
    _: &SteppedUp,
    _: Id<Factor>,
    _: &str,
) -> Result<Option<RecoveryCodes>, Error> {
    Err(Error::Passkey)
}
