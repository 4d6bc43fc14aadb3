//! Secrets that are shown once.

use axum::response::{IntoResponse, Response};
use http::header;
use saas_core::edge::Json;
use serde::Serialize;

/// A JSON body with a secret in it, which nobody may keep: no browser, no proxy, and not the layer that answers a
/// request alike that is sent again.
pub(crate) struct Once<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Once<T> {
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, "no-store")], Json(self.0)).into_response()
    }
}
