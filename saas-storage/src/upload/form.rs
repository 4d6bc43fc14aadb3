//! The files of a form (`multipart/form-data`, RFC 7578), one after the other.
//!
//! A form is never held in memory: each file is a stream, which is to be read to its end, or dropped,
//! before the next one comes. What is not a file is skipped.

use std::fmt;

use axum::body::Body;
use futures_util::TryStreamExt as _;
use http::{HeaderMap, header};
use multer::Multipart;
use saas_core::{Code, Problem};

use crate::{ByteStream, Error, InvalidKey, Key, Prefix};

/// A form has at most so many parts.
const PARTS: usize = 1000;

/// The files of a form.
///
/// ```
/// use axum::body::Body;
/// use http::HeaderMap;
/// use saas_core::Problem;
/// use saas_storage::{Form, Prefix, Storage};
/// use saas_tenancy::Scope;
///
/// async fn upload(storage: &dyn Storage, scope: &Scope, headers: &HeaderMap, body: Body) -> Result<(), Problem> {
///     let folder: Prefix = "inbox".parse()?;
///     let mut form = Form::read(headers, body)?;
///     while let Some(file) = form.next().await? {
///         let key = file.key(&folder)?;
///         storage.put(scope, &key, file.contents).await?;
///     }
///     Ok(())
/// }
/// ```
pub struct Form {
    parts: Multipart<'static>,
    seen: usize,
}

/// One file of a form.
#[non_exhaustive]
pub struct FormFile {
    /// The name of the field.
    pub field: String,
    /// What the sender calls the file; neither checked nor to be trusted.
    pub file_name: String,
    /// Its bytes.
    pub contents: ByteStream,
}

impl Form {
    /// Begins to read a form. The bound on its size is that of the body, and of each file that of the
    /// storage.
    ///
    /// # Errors
    ///
    /// The problem `media-type` when it is none.
    pub fn read(headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(|_| {
            Problem::new(Code::MEDIA_TYPE)
                .detail("the body is not `multipart/form-data` with a boundary")
        })?;
        Ok(Self {
            parts: Multipart::new(body.into_data_stream(), boundary),
            seen: 0,
        })
    }

    /// Gives the next file, or none at the end of the form.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] when the form is malformed or ends early, [`Error::TooManyParts`] when it has more than 1000.
    pub async fn next(&mut self) -> Result<Option<FormFile>, Error> {
        loop {
            let part = self.parts.next_field().await;
            let Some(part) = part.map_err(|error| Error::Source(error.into()))? else {
                return Ok(None);
            };
            self.seen += 1;
            if self.seen > PARTS {
                return Err(Error::TooManyParts { most: PARTS });
            }
            let Some(file_name) = part.file_name().map(ToOwned::to_owned) else {
                continue;
            };
            return Ok(Some(FormFile {
                field: part.name().unwrap_or_default().to_owned(),
                file_name,
                contents: Box::pin(part.map_err(Into::into)),
            }));
        }
    }
}

impl FormFile {
    /// Names the file in a folder, after what its sender calls it. A name with a folder in it is
    /// refused rather than cut: which part of it is meant depends on the sender's system.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`].
    pub fn key(&self, folder: &Prefix) -> Result<Key, InvalidKey> {
        if self.file_name.contains('/') {
            return Err(InvalidKey::Character);
        }
        format!("{folder}{}", self.file_name).parse()
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form")
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FormFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormFile")
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}
