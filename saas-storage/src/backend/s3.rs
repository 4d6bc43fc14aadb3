//! Amazon S3, and whatever speaks its protocol.

use opendal::{Operator, services};

use super::remote::{Place, Service, Signing};
use crate::StorageConfig;

/// Amazon S3, and whatever speaks its protocol.
pub(super) const SERVICE: Service = Service {
    build,
    signing: Signing::Native,
};

/// Prepares a bucket.
fn build(place: &Place<'_>, config: &StorageConfig) -> opendal::Result<Operator> {
    let region = config.region.as_deref().unwrap_or("us-east-1");
    let mut service = services::S3::default()
        .bucket(place.bucket)
        .root(place.root)
        .region(region);
    if let Some(endpoint) = &config.endpoint {
        service = service.endpoint(endpoint);
    }
    if let (Some(id), Some(secret)) = (&config.access_key, &config.secret_key) {
        // Nobody else is asked then, so that a key that does not fit is not covered up.
        service = service
            .access_key_id(id)
            .secret_access_key(secret.expose())
            .disable_config_load()
            .disable_ec2_metadata();
    }
    Operator::new(service)
}
