//! Secrets that have to be read again, with the errors of this crate.

use saas_core::{KeyRing, Purpose, Secret};

use crate::Error;

/// Seals a secret, bound to `context`.
pub(crate) fn seal(
    keys: &KeyRing,
    purpose: Purpose,
    context: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, Error> {
    let sealed = keys.encrypt(purpose, context, plain);
    sealed.map_err(|_| Error::Crypto("a secret could not be sealed"))
}

/// Opens what [`seal`] made for the same purpose and context.
pub(crate) fn open(
    keys: &KeyRing,
    purpose: Purpose,
    context: &[u8],
    sealed: &[u8],
) -> Option<Secret<Vec<u8>>> {
    keys.decrypt(purpose, context, sealed).ok()
}
