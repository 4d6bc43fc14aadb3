//! Keys that are sealed by other keys, and the start of an encrypted object.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    rand,
};
use saas_core::{Id, Secret, TenantId};
use uuid::Uuid;

use super::{chunk::Sealer, keys::KeyRow};
use crate::{Error, Key};

/// Says that an object is encrypted, and how.
const FORM: [u8; 8] = *b"saas-fe1";
const ID: usize = 16;
const NONCE: usize = 12;
const KEY: usize = 32;
const TAG: usize = 16;

/// Bytes of a key that is sealed by another.
pub(super) const WRAPPED: usize = NONCE + KEY + TAG;
/// Bytes before the first chunk.
pub(super) const HEADER: u64 = (FORM.len() + ID + WRAPPED) as u64;

/// Draws a key.
pub(super) fn draw() -> Result<Secret<[u8; KEY]>, Error> {
    let mut key = [0; KEY];
    let random = "the operating system gave no random bytes";
    rand::fill(&mut key).map_err(|_| Error::backend(random))?;
    Ok(Secret::new(key))
}

/// Seals a key with another under a context (AES-256-GCM). The nonce is drawn, which is good for 2³²
/// keys under one (NIST SP 800-38D, section 8.3).
pub(super) fn wrap(
    with: &Secret<[u8; KEY]>,
    context: &[u8],
    key: &Secret<[u8; KEY]>,
) -> Result<Vec<u8>, Error> {
    let sealer = RandomizedNonceKey::new(&AES_256_GCM, with.expose()).map_err(|_| Error::Sealed)?;
    let mut sealed = key.expose().to_vec();
    let nonce = sealer.seal_in_place_append_tag(Aad::from(context), &mut sealed);
    let nonce = nonce.map_err(|_| Error::Sealed)?;
    let mut wrapped = nonce.as_ref().to_vec();
    wrapped.append(&mut sealed);
    Ok(wrapped)
}

/// Opens what [`wrap`] sealed under the same context.
pub(super) fn unwrap(
    with: &Secret<[u8; KEY]>,
    context: &[u8],
    wrapped: &[u8],
) -> Result<Secret<[u8; KEY]>, Error> {
    let sealer = RandomizedNonceKey::new(&AES_256_GCM, with.expose()).map_err(|_| Error::Sealed)?;
    let (nonce, sealed) = wrapped.split_first_chunk::<NONCE>().ok_or(Error::Sealed)?;
    let mut opened = sealed.to_vec();
    let key = sealer
        .open_in_place(Nonce::from(nonce), Aad::from(context), &mut opened)
        .map_err(|_| Error::Sealed)?;
    let key = <[u8; KEY]>::try_from(&*key).map_err(|_| Error::Sealed);
    zeroize(&mut opened);
    key.map(Secret::new)
}

fn zeroize(bytes: &mut Vec<u8>) {
    drop(Secret::new(std::mem::take(bytes)));
}

/// Makes the header of a new file, and what seals its chunks.
pub(super) fn begin(
    tenant: TenantId,
    name: &Key,
    id: Id<KeyRow>,
    with: &Secret<[u8; KEY]>,
) -> Result<(Vec<u8>, Sealer), Error> {
    let key = draw()?;
    let mut header = FORM.to_vec();
    header.extend(id.as_uuid().as_bytes());
    header.extend(wrap(with, &context(tenant, name, &header), &key)?);
    let sealer = Sealer::new(&key, context(tenant, name, &header))?;
    Ok((header, sealer))
}

/// Gives the key of the tenant that a header names.
pub(super) fn key_id(header: &[u8]) -> Result<Id<KeyRow>, Error> {
    let (form, rest) = header.split_first_chunk().ok_or(Error::Sealed)?;
    let (id, _) = rest.split_first_chunk::<ID>().ok_or(Error::Sealed)?;
    if *form == FORM {
        Ok(Id::from_uuid(Uuid::from_bytes(*id)))
    } else {
        Err(Error::Sealed)
    }
}

/// Gives what opens the chunks behind a header.
pub(super) fn resume(
    tenant: TenantId,
    name: &Key,
    header: &[u8],
    with: &Secret<[u8; KEY]>,
) -> Result<Sealer, Error> {
    let (open, wrapped) = header
        .split_at_checked(FORM.len() + ID)
        .ok_or(Error::Sealed)?;
    let key = unwrap(with, &context(tenant, name, open), wrapped)?;
    Sealer::new(&key, context(tenant, name, header))
}

/// Whose it is, what it is called, and what stands before it. Only the name has no fixed length.
fn context(tenant: TenantId, name: &Key, header: &[u8]) -> Vec<u8> {
    let id = tenant.as_uuid();
    let length = u64::try_from(header.len())
        .unwrap_or(u64::MAX)
        .to_be_bytes();
    let name = name.as_str().as_bytes();
    [id.as_bytes().as_slice(), &length, header, name].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_good_for_its_tenant_its_name_and_its_key() {
        let (acme, beta) = (TenantId::generate(), TenantId::generate());
        let (a, b): (Key, Key) = ("a".parse().unwrap(), "b".parse().unwrap());
        let (with, other) = (draw().unwrap(), draw().unwrap());
        let id = Id::generate();
        let (header, sealer) = begin(acme, &a, id, &with).unwrap();
        assert_eq!(header.len() as u64, HEADER);
        assert_eq!(key_id(&header).unwrap(), id);
        let mut chunk = bytes::BytesMut::from(&b"text"[..]);
        sealer.seal(0, true, &mut chunk).unwrap();
        let opened = resume(acme, &a, &header, &with).unwrap();
        opened.open(0, true, &mut chunk.clone()).unwrap();
        assert!(resume(beta, &a, &header, &with).is_err());
        assert!(resume(acme, &b, &header, &with).is_err());
        assert!(resume(acme, &a, &header, &other).is_err());
        for at in 0..header.len() {
            let mut changed = header.clone();
            changed[at] ^= 1;
            assert!(resume(acme, &a, &changed, &with).is_err(), "byte {at}");
        }
    }
}
