//! What is kept of a passkey, sealed: nobody changes a key or a counter in the database, or moves one to another row.

use saas_core::{Id, KeyRing, Purpose, UserId};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Error, mfa::Factor, sealed};

/// A passkey that is confirmed.
pub(super) const KEPT: Purpose = Purpose::new("saas-auth/passkey/1");
/// An enrolment that waits to be confirmed.
pub(super) const WAITING: Purpose = Purpose::new("saas-auth/passkey-enrolment/1");
/// A challenge that somebody was given.
pub(super) const ASKED: Purpose = Purpose::new("saas-auth/passkey-challenge/1");

/// Gives what a factor is bound to.
pub(super) fn of_factor(user: UserId, factor: Id<Factor>) -> [Uuid; 2] {
    [user.as_uuid(), factor.as_uuid()]
}

pub(super) fn seal<T: Serialize>(
    keys: &KeyRing,
    purpose: Purpose,
    context: &[u8],
    value: &T,
) -> Result<Vec<u8>, Error> {
    let plain = serde_json::to_vec(value);
    let plain = plain.map_err(|_| Error::Crypto("a value could not be written"))?;
    sealed::seal(keys, purpose, context, &plain)
}

pub(super) fn open<T: DeserializeOwned>(
    keys: &KeyRing,
    purpose: Purpose,
    context: &[u8],
    sealed: &[u8],
) -> Option<T> {
    let plain = sealed::open(keys, purpose, context, sealed)?;
    serde_json::from_slice(plain.expose()).ok()
}

/// Writes ids for [`seal`] and [`open`], each of one length.
pub(super) fn context(ids: &[Uuid]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.into_bytes()).collect()
}
