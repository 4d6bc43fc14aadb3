//! Uploads in parts, which go on after a connection or the service has ended (tus 1.0).

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::options,
};
use http::StatusCode;
use saas_storage::{TUS_DISCOVERY, Uploads, tus};
use saas_tenancy::Scope;

use crate::state::AppState;

#[utoipa::path(
    post, path = "/api/v1/uploads", tag = "files",
    params(
        ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Length" = u64, Header),
        ("Upload-Metadata" = String, Header, description = "`path` or `filename`, in base64."),
    ),
    responses((status = 201, description = "The upload.", headers(("Location" = String, description = "Its address."))))
)]
pub(crate) async fn begin(
    State(state): State<AppState>,
    scope: Scope,
    request: Request,
) -> Response {
    tus(&state.uploads, &scope, request).await
}

#[utoipa::path(
    patch, path = "/api/v1/uploads/{id}", tag = "files",
    params(
        ("id" = String, Path),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Offset" = u64, Header),
        ("Upload-Checksum" = Option<String>, Header, description = "`sha1` or `sha256`, and the digest in base64."),
    ),
    request_body(content = String, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "The bytes are there; with the last of them the file can be seen."))
)]
pub(crate) async fn go_on(
    State(state): State<AppState>,
    scope: Scope,
    request: Request,
) -> Response {
    tus(&state.uploads, &scope, request).await
}

#[utoipa::path(
    delete, path = "/api/v1/uploads/{id}", tag = "files",
    params(("id" = String, Path), ("Tus-Resumable" = String, Header, description = "`1.0.0`")),
    responses((status = 204, description = "It is gone, with what was received."))
)]
pub(crate) async fn end(State(state): State<AppState>, scope: Scope, request: Request) -> Response {
    tus(&state.uploads, &scope, request).await
}

/// What the server says about itself to clients of tus.
pub(crate) fn discovery(uploads: &Uploads) -> Router {
    let largest = uploads.max_size().to_string();
    let answer = move || async move {
        let size = [("tus-max-size", largest)];
        let mut response = (StatusCode::NO_CONTENT, size).into_response();
        for (name, value) in TUS_DISCOVERY {
            let value = http::HeaderValue::from_static(value);
            response.headers_mut().insert(*name, value);
        }
        response
    };
    Router::new().route("/api/v1/uploads", options(answer))
}
