//! What is known about a file.

use saas_core::{Timestamp, UserId};
use serde::Serialize;

use super::row::FileRow;
use crate::{Error, FileInfo, Key};

/// What is known about a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct File {
    /// Its name.
    pub path: Key,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// What its bytes look like, whatever its name says.
    pub media_type: String,
    /// Who put it, where somebody said.
    pub owner: Option<UserId>,
    /// What the application keeps with it.
    pub fields: serde_json::Value,
    /// How often a file of this name was written since there was none.
    pub revision: i64,
    /// When this version was put.
    pub modified_at: Timestamp,
    /// The validator of this version, a strong one.
    pub etag: String,
}

/// What an application says about a file that it puts.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct FileFacts {
    /// Who puts it.
    pub owner: Option<UserId>,
    /// What else to keep with it, a JSON object of a few KiB at most.
    pub fields: serde_json::Map<String, serde_json::Value>,
    /// How many bytes were announced; room for them is made before they come.
    pub announced_size: Option<u64>,
}

/// What a tenant has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Usage {
    /// Bytes, those included that are being received or about to go.
    pub bytes: u64,
    /// Files and versions that are not gone yet.
    pub files: u64,
}

impl File {
    pub(crate) fn of(row: FileRow) -> Result<Self, Error> {
        let damaged = |_| Error::Backend("the row of a file cannot be read".into());
        let hex = |bytes: &Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            path: row.path.parse().map_err(damaged)?,
            size: u64::try_from(row.size).unwrap_or(0),
            sha256: row.sha256.as_ref().map(hex).unwrap_or_default(),
            media_type: row.media_type.unwrap_or_default(),
            owner: row.owner_id,
            fields: row.fields,
            revision: row.revision,
            modified_at: row.updated_at,
            etag: format!("\"{}\"", row.id),
        })
    }

    /// What a record of the audit says about it.
    pub(crate) fn shown(&self) -> serde_json::Value {
        serde_json::json!({ "size": self.size, "sha256": self.sha256, "media_type": self.media_type })
    }

    /// Describes it as a [`Storage`](crate::Storage) does.
    #[must_use]
    pub fn info(&self) -> FileInfo {
        FileInfo::new(self.path.clone(), self.size, Some(self.modified_at))
            .with_etag(self.etag.clone())
    }
}
