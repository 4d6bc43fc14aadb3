//! What arrives: a body, what it is, and whether it may stay.

#[cfg(feature = "multipart")]
mod form;
#[cfg(feature = "axum")]
mod headers;
mod intake;
mod sniff;

#[cfg(feature = "axum")]
use axum::body::Body;
#[cfg(feature = "axum")]
use futures_util::TryStreamExt as _;

#[cfg(feature = "multipart")]
pub use self::form::{Form, FormFile};
#[cfg(feature = "axum")]
pub(crate) use self::headers::one;
#[cfg(feature = "axum")]
pub use self::headers::{announced_size, put_options};
pub(crate) use self::intake::{Seen, watch};
#[cfg(feature = "axum")]
use crate::ByteStream;

/// Streams a request body. What goes wrong on the way keeps its cause, so that a body that is too
/// large, too slow or cut short is answered as such: `body-too-large`, `timeout`, `body-incomplete`.
#[cfg(feature = "axum")]
#[must_use]
pub fn body_stream(body: Body) -> ByteStream {
    Box::pin(body.into_data_stream().map_err(Into::into))
}
