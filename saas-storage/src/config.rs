//! Where files are kept.

use serde::Deserialize;

/// Configures the place and the bounds of files.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StorageConfig {
    /// `fs://folder` (relative), `fs:///folder` (absolute) or `memory://`.
    pub url: String,
    /// The largest file, in bytes.
    pub max_file_size: u64,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self {
            url: "fs://data/files".to_owned(),
            max_file_size: 1 << 30,
        }
    }
}
