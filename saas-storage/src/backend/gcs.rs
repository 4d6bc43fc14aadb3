//! Google Cloud Storage.

use opendal::{Operator, services};

use super::remote::{Place, Service, Signing};
use crate::StorageConfig;

/// Google Cloud Storage.
pub(super) const SERVICE: Service = Service {
    build,
    signing: Signing::Native,
};

/// Prepares a bucket.
fn build(place: &Place<'_>, config: &StorageConfig) -> opendal::Result<Operator> {
    let mut service = services::Gcs::default()
        .bucket(place.bucket)
        .root(place.root);
    if let Some(endpoint) = &config.endpoint {
        service = service.endpoint(endpoint);
    }
    if let Some(key) = &config.secret_key {
        service = service
            .credential(key.expose())
            .disable_config_load()
            .disable_vm_metadata();
    }
    Operator::new(service)
}
