//! What can be set about files beside where they are.

use std::time::Duration;

use saas_core::config::{Period, positive};
use saas_storage::{FilesConfig, UploadsConfig};
use serde::{Deserialize, Serialize};

/// What is accepted of files, and how long what leads to them is good.
#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FilesSettings {
    /// Quota, accepted types, and when an upload counts as given up.
    pub(crate) rules: FilesConfig,
    /// Whether files are encrypted before they reach their store, with keys of the tenant. It is decided before the
    /// first file: what was stored without stays unreadable with, and the other way round.
    pub(crate) encrypt: bool,
    /// Uploads in parts.
    pub(crate) uploads: UploadsConfig,
    /// How long a link may be good at most.
    pub(crate) longest_link: Period,
    /// How long a signed address may be good at most.
    pub(crate) longest_signature: Period,
    /// How often what was begun and not finished is looked for.
    #[serde(deserialize_with = "positive")]
    pub(crate) sweep_every: Period,
}

impl Default for FilesSettings {
    fn default() -> Self {
        Self {
            rules: FilesConfig::default(),
            encrypt: false,
            uploads: UploadsConfig::default(),
            longest_link: Duration::from_secs(30 * 24 * 3600).into(),
            longest_signature: Duration::from_secs(15 * 60).into(),
            sweep_every: Duration::from_secs(6 * 3600).into(),
        }
    }
}
