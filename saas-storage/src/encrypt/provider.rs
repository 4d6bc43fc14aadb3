//! Who seals the keys of tenants.

use std::fmt;

use async_trait::async_trait;
use saas_core::{KeyRing, Purpose, Secret, TenantId};

use super::header;
use crate::Error;

const PURPOSE: Purpose = Purpose::new("saas-storage/tenant-key/1");

/// Seals the keys of tenants; implemented for a key management service.
///
/// # Contract
///
/// - `unwrap` gives what `wrap` was given for the same tenant, also after the provider's own key was
///   renewed, until the key that sealed it is destroyed on purpose.
/// - What was wrapped for one tenant is refused for another with [`Error::Sealed`].
/// - A provider that does not answer gives [`Error::Backend`], within a bounded time.
/// - Neither keeps a key nor writes it anywhere.
#[async_trait]
pub trait KeyProvider: fmt::Debug + Send + Sync + 'static {
    /// Seals the key of a tenant.
    async fn wrap(&self, tenant: TenantId, key: &Secret<[u8; 32]>) -> Result<Vec<u8>, Error>;

    /// Opens it again.
    async fn unwrap(&self, tenant: TenantId, wrapped: &[u8]) -> Result<Secret<[u8; 32]>, Error>;
}

/// Seals the keys of tenants with a key ring of the service. The first key seals, all open.
#[derive(Debug, Clone)]
pub struct LocalKeys(KeyRing);

impl LocalKeys {
    /// Takes a key ring.
    #[must_use]
    pub const fn new(keys: KeyRing) -> Self {
        Self(keys)
    }
}

#[async_trait]
impl KeyProvider for LocalKeys {
    async fn wrap(&self, tenant: TenantId, key: &Secret<[u8; 32]>) -> Result<Vec<u8>, Error> {
        let (name, with) = self.0.sealing(PURPOSE).ok_or(Error::Sealed)?;
        let mut wrapped = vec![name];
        wrapped.extend(header::wrap(&with, tenant.as_uuid().as_bytes(), key)?);
        Ok(wrapped)
    }

    async fn unwrap(&self, tenant: TenantId, wrapped: &[u8]) -> Result<Secret<[u8; 32]>, Error> {
        let (name, wrapped) = wrapped.split_first().ok_or(Error::Sealed)?;
        let with = self.0.opening(*name, PURPOSE).ok_or(Error::Sealed)?;
        header::unwrap(&with, tenant.as_uuid().as_bytes(), wrapped)
    }
}
