//! A problem as an HTTP answer.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use super::Problem;

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A problem is made of strings and numbers, so it always serializes; an empty body would
        // still carry the status.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.code().status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(Self::MEDIA_TYPE),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let unauthorized = self.code().status() == http::StatusCode::UNAUTHORIZED;
        let challenge = self
            .challenge_text()
            .and_then(|text| HeaderValue::from_str(text).ok())
            .or_else(|| unauthorized.then(|| HeaderValue::from_static("Bearer")));
        if let Some(challenge) = challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        // The edge reads it back to add the request id and to log the code.
        response.extensions_mut().insert(self);
        response
    }
}
