//! Files as they are shown.

use saas_core::{Timestamp, UserId};
use saas_storage::File;
use serde::Serialize;
use utoipa::ToSchema;

/// A file as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileView {
    path: String,
    size: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    sha256: String,
    /// What its bytes look like, whatever its name says.
    media_type: String,
    /// Who stored it.
    owner: Option<UserId>,
    /// How often a file of this name was stored since there was none.
    revision: i64,
    modified_at: Timestamp,
    etag: String,
}

impl From<File> for FileView {
    fn from(file: File) -> Self {
        Self {
            path: file.path.to_string(),
            size: file.size,
            sha256: file.sha256,
            media_type: file.media_type,
            owner: file.owner,
            revision: file.revision,
            modified_at: file.modified_at,
            etag: file.etag,
        }
    }
}
