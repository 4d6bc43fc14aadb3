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
    /// There is a file of that name, and it was not to be written over.
    #[error("there is a file of that name")]
    Exists,
    /// The file was to be written over in one version, and there is another or none.
    #[error("the file is not of the expected version any more")]
    Changed,
    /// The file is larger than allowed.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The source of the file failed before its end. Nothing was kept.
    #[error("the file could not be received to its end")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The form has more parts than are read of one.
    #[error("the form has more than {most} parts")]
    TooManyParts {
        /// How many are read.
        most: usize,
    },
    /// The bytes are not those that were announced. Nothing was kept.
    #[error("the bytes are not those that were announced")]
    Digest,
    /// The address was not signed here, or not for this, or it is not good any more.
    #[error("the signed address is not good for this, or not any more")]
    Refused,
    /// The tenant has no room for the file.
    #[error("the tenant may have {quota} bytes, and the file does not fit beside what it has")]
    Quota {
        /// How many bytes the tenant may have.
        quota: u64,
    },
    /// The bytes are of a kind that is not accepted.
    #[error("files of the kind `{0}` are not accepted")]
    MediaType(&'static str),
    /// The upload has another number of bytes than the sender thinks.
    #[error("the upload goes on at byte {received}")]
    Offset {
        /// How many bytes are there.
        received: u64,
    },
    /// The sender has begun as many uploads as may be open.
    #[error("there are {most} uploads that were begun and not finished")]
    TooManyUploads {
        /// How many may be open.
        most: u32,
    },
    /// Whoever looked at the file refused it. Nothing was kept.
    #[error("the file was refused: {0}")]
    Unwanted(String),
    /// The database does not work.
    #[error("the rows of files are not available")]
    Database(#[from] saas_tenancy::Error),
    /// The file cannot be decrypted: it or its name was changed in the store, or the key is gone.
    #[error("the file cannot be decrypted")]
    Sealed,
    /// The range lies outside the file.
    #[error("the range lies outside the file of {size} bytes")]
    Range {
        /// The size of the file.
        size: u64,
    },
    /// The configuration cannot be used.
    #[error("the storage cannot be opened: {0}")]
    Config(String),
    /// The backend does not work.
    #[error("the storage is not available")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Puts an error into a stream; what a stream failed with stays what it was.
    pub(crate) fn into_stream(self) -> Box<dyn std::error::Error + Send + Sync> {
        match self {
            Self::Source(cause) => cause,
            error => error.into(),
        }
    }

    /// Takes an error of ours out of the stream in which it travelled.
    pub(crate) fn out_of_stream(self) -> Self {
        match self {
            Self::Source(cause) => match cause.downcast::<Self>() {
                Ok(error) => *error,
                Err(cause) => Self::Source(cause),
            },
            error => error,
        }
    }

    pub(crate) fn backend(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Backend(cause.into())
    }
}

// Not a public `From`: what OpenDAL calls its errors changes with every minor version.
pub(crate) fn from_opendal(error: opendal::Error) -> Error {
    match error.kind() {
        opendal::ErrorKind::NotFound => Error::NotFound,
        opendal::ErrorKind::IsADirectory | opendal::ErrorKind::NotADirectory => Error::Conflict,
        opendal::ErrorKind::AlreadyExists | opendal::ErrorKind::ConditionNotMatch => Error::Exists,
        _ => Error::backend(error),
    }
}
