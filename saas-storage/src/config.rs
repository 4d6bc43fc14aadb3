//! Where files are kept.

use std::time::Duration;

use saas_core::{
    Secret,
    config::{Period, masked, positive},
};
use serde::{Deserialize, Serialize};

/// Configures the place and the bounds of files.
///
/// # Examples
///
/// A service that speaks the protocol of S3, on this machine:
///
/// ```
/// use saas_storage::StorageConfig;
///
/// let mut config = StorageConfig::default();
/// config.url = "s3://files/staging".to_owned();
/// config.endpoint = Some("http://127.0.0.1:9000".to_owned());
/// config.access_key = Some("starter".to_owned());
/// config.secret_key = Some("not in a file that is committed".into());
/// ```
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StorageConfig {
    /// `fs://folder` (relative), `fs:///folder` (absolute), `memory://`, or with the feature of that
    /// name `s3://bucket`, `azblob://container`, `gcs://bucket`, each with or without a folder behind
    /// it.
    #[serde(serialize_with = "masked")]
    pub url: String,
    /// The largest file, in bytes.
    #[serde(deserialize_with = "positive")]
    pub max_file_size: u64,
    /// How tenants are kept apart in an object store.
    pub placement: Placement,
    /// The address of an object store that is not the public one.
    #[serde(serialize_with = "masked")]
    pub endpoint: Option<String>,
    /// The region of the buckets; `us-east-1` when left out, which most services that speak the
    /// protocol of S3 take.
    pub region: Option<String>,
    /// The id of the access key (S3) or the name of the account (Azure). Where keys are left out, the
    /// environment and the machine are asked, as the tools of the vendors do.
    pub access_key: Option<String>,
    /// The secret access key (S3), the key of the account (Azure), or the key of a service account,
    /// which is a JSON document, in base64 (Google Cloud).
    #[serde(serialize_with = "masked")]
    pub secret_key: Option<Secret<String>>,
    /// How long an object store may take for one request, and for the next piece of a body.
    #[serde(deserialize_with = "positive")]
    pub timeout: Period,
    /// How often a request is tried again after it failed in a way that may pass.
    pub retries: usize,
    /// How many requests to the object store may be under way at once. A download counts as long as
    /// it lasts.
    #[serde(deserialize_with = "positive")]
    pub concurrency: usize,
}

/// How tenants are kept apart in an object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Placement {
    /// One bucket holds all, each tenant in a folder of its own.
    #[default]
    Prefix,
    /// Each tenant has a bucket (a container, in Azure): `{bucket}-{id of the tenant without dashes}`.
    /// Whoever runs the service makes it, with the rights, the region and the rules that this tenant
    /// needs; a tenant without one cannot keep files. The folder of the tenant is there all the same.
    Bucket,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self {
            url: "fs://data/files".to_owned(),
            max_file_size: 1 << 30,
            placement: Placement::Prefix,
            endpoint: None,
            region: None,
            access_key: None,
            secret_key: None,
            timeout: Duration::from_secs(10).into(),
            retries: 3,
            concurrency: 1024,
        }
    }
}
