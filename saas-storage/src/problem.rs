//! What a client is told about an [`Error`].

use saas_core::{Code, Problem};

use crate::{Error, InvalidKey};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::new(Code::NOT_FOUND),
            Error::Conflict => Self::new(Code::CONFLICT)
                .detail("the path is in use as a folder, or a part of it as a file"),
            Error::Exists => Self::new(Code::CONFLICT).detail("there is a file of that name"),
            Error::Changed => Self::new(Code::VERSION_MISMATCH),
            Error::Digest => Self::new(Code::CHECKSUM_MISMATCH),
            Error::Refused => Self::new(Code::FORBIDDEN)
                .detail("the address is not good for this, or not any more"),
            Error::Quota { .. } => Self::new(Code::STORAGE_LIMIT),
            Error::MediaType(found) => Self::new(Code::MEDIA_TYPE).detail(format!(
                "the bytes look like `{found}`, which is not accepted"
            )),
            Error::Offset { received } => Self::new(Code::UPLOAD_OFFSET)
                .detail(format!("the upload goes on at byte {received}")),
            Error::TooManyParts { most } => {
                Self::new(Code::BODY_TOO_LARGE).detail(format!("a form has up to {most} parts"))
            }
            Error::TooManyUploads { most } => Self::new(Code::STORAGE_LIMIT).detail(format!(
                "there are {most} uploads that were begun and not finished"
            )),
            Error::Unwanted(reason) => Self::new(Code::FILE_REFUSED).detail(reason),
            Error::Database(error) => error.into(),
            Error::TooLarge { .. } => Self::new(Code::BODY_TOO_LARGE),
            Error::Source(source) => source_problem(&*source),
            Error::Range { .. } => Self::new(Code::RANGE_INVALID),
            Error::Config(_) | Error::Backend(_) | Error::Sealed => {
                tracing::error!(error = &error as &dyn std::error::Error, "storage failed");
                Self::new(Code::UNAVAILABLE).retry_after(1)
            }
        }
    }
}

#[cfg(feature = "axum")]
fn source_problem(source: &(dyn std::error::Error + 'static)) -> Problem {
    // The bound of axum and tower-http, for who uses those in place of the edge of saas-core.
    let mut next = Some(source);
    while let Some(cause) = next {
        if cause.is::<http_body_util::LengthLimitError>() {
            return Problem::new(Code::BODY_TOO_LARGE);
        }
        next = cause.source();
    }
    saas_core::edge::BodyFault::of(source).problem()
}

#[cfg(not(feature = "axum"))]
fn source_problem(_: &(dyn std::error::Error + 'static)) -> Problem {
    Problem::new(Code::BODY_INCOMPLETE)
}

impl From<InvalidKey> for Problem {
    fn from(error: InvalidKey) -> Self {
        Self::new(Code::FILE_KEY_INVALID).detail(error.to_string())
    }
}
