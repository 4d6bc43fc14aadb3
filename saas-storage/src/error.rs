//! What can fail with files.

/// Says what failed in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The tenant has no such file.
    #[error("no such file in this tenant")]
    NotFound,
    /// The path cannot be that of a file, because a part of it is a file or it is a folder.
    #[error("the path is in use as a folder, or a part of it as a file")]
    Conflict,
    /// The file is larger than allowed.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The source of the file failed before its end. Nothing was kept.
    #[error("the file could not be received to its end")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The range lies outside the file.
    #[error("the range lies outside the file of {size} bytes")]
    Range {
        /// The size of the file.
        size: u64,
    },
    /// The configuration cannot be used.
    #[error("storage.url: {0}")]
    Config(String),
    /// The backend does not work.
    #[error("the storage is not available")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<opendal::Error> for Error {
    fn from(error: opendal::Error) -> Self {
        match error.kind() {
            opendal::ErrorKind::NotFound => Self::NotFound,
            opendal::ErrorKind::IsADirectory
            | opendal::ErrorKind::NotADirectory
            | opendal::ErrorKind::AlreadyExists => Self::Conflict,
            _ => Self::Backend(Box::new(error)),
        }
    }
}
