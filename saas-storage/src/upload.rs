//! A request body as the contents of a file.

use axum::body::Body;
use futures_util::TryStreamExt as _;

use crate::ByteStream;

/// Streams a request body. What goes wrong on the way keeps its cause, so that a body that is too
/// large, too slow or cut short is answered as such: `body-too-large`, `timeout`, `body-incomplete`.
#[must_use]
pub fn body_stream(body: Body) -> ByteStream {
    Box::pin(body.into_data_stream().map_err(Into::into))
}
