//! Azure Blob Storage.

mod sas;

use opendal::{Operator, services};

use super::remote::{Place, Service, Signing};
use crate::{Presigned, SignRequest, StorageConfig};

/// Azure Blob Storage, with signatures of our own: those of OpenDAL let whoever may read also write and
/// delete.
pub(super) const SERVICE: Service = Service {
    build,
    signing: Signing::Own(sign),
};

/// Prepares a container.
fn build(place: &Place<'_>, config: &StorageConfig) -> opendal::Result<Operator> {
    let mut service = services::Azblob::default()
        .container(place.bucket)
        .root(place.root);
    if let Some(endpoint) = endpoint(config) {
        service = service.endpoint(&endpoint);
    }
    if let Some(account) = &config.access_key {
        service = service.account_name(account);
    }
    if let Some(key) = &config.secret_key {
        service = service.account_key(key.expose());
    }
    Operator::new(service)
}

/// A custom endpoint is taken as it is; that of an emulator holds the account in its path.
fn endpoint(config: &StorageConfig) -> Option<String> {
    let public = || {
        let account = config.access_key.as_ref()?;
        Some(format!("https://{account}.blob.core.windows.net"))
    };
    config.endpoint.clone().or_else(public)
}

/// Signs an address with the key of the account, where there is one.
fn sign(
    place: &Place<'_>,
    config: &StorageConfig,
    object: &str,
    request: &SignRequest,
) -> Option<Presigned> {
    let root = place.root.trim_matches('/');
    let blob = if root.is_empty() {
        object.to_owned()
    } else {
        format!("{root}/{object}")
    };
    sas::sign(
        &sas::Account {
            endpoint: &endpoint(config)?,
            name: config.access_key.as_ref()?,
            key: config.secret_key.as_ref()?,
        },
        place.bucket,
        &blob,
        request,
    )
}
