//! Fetching and storing files.

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, Uri, header};
use saas_core::{
    Code, Problem,
    edge::{Json, Limits},
};
use saas_storage::{
    Error, FileFacts, Form, Prefix, Storage as _, announced_size, body_stream, download,
    put_options,
};
use saas_tenancy::Scope;

use super::{key, view::FileView};
use crate::state::AppState;

#[utoipa::path(
    get, path = "/api/v1/files/{path}", tag = "files",
    params(("path" = String, Path), ("Range" = Option<String>, Header)),
    responses(
        (status = 200, description = "The file.", content_type = "application/octet-stream"),
        (status = 206, description = "A part of it.", content_type = "application/octet-stream"),
        (status = 304, description = "It is as the client knows it."),
    )
)]
pub(crate) async fn fetch(
    State(state): State<AppState>,
    scope: Scope,
    limits: Limits,
    request: Request,
) -> Result<Response, Problem> {
    limits.lift_deadline();
    let key = key(request.uri())?;
    let (method, headers) = (request.method(), request.headers());
    download(&state.files, &scope, &key, method, headers).await
}

#[utoipa::path(
    put, path = "/api/v1/files/{path}", tag = "files",
    params(
        ("path" = String, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to write over."),
        ("If-None-Match" = Option<String>, Header, description = "`*` writes over none."),
        ("Content-Digest" = Option<String>, Header, description = "`sha-256=:…:`, the bytes that must arrive (RFC 9530)."),
    ),
    request_body(content = String, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "The file is new.", body = FileView, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version."))),
        (status = 200, description = "The file was written over.", body = FileView, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version."))),
    )
)]
pub(crate) async fn store(
    State(state): State<AppState>,
    scope: Scope,
    limits: Limits,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let key = key(&uri)?;
    let options = put_options(&headers)?;
    // An upload may be large and take its time, as long as it keeps coming.
    limits.set_body(state.files.max_size());
    limits.lift_deadline();
    let mut facts = facts(&scope);
    facts.announced_size = announced_size(&headers);
    let put = state
        .files
        .put_file(&scope, &key, body_stream(body), facts, options);
    let file = put.await.map_err(|error| match error {
        // Only `If-None-Match` asks for it.
        Error::Exists => {
            Problem::new(Code::VERSION_MISMATCH).detail("there is a file of that name")
        }
        error => error.into(),
    })?;
    let status = if file.revision == 1 {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let headers = [
        (header::LOCATION, uri.path().to_owned()),
        (header::ETAG, file.etag.clone()),
    ];
    Ok((status, headers, Json(FileView::from(file))).into_response())
}

#[utoipa::path(
    post, path = "/api/v1/files/{path}", tag = "files",
    params(("path" = String, Path, description = "A folder.")),
    request_body(content = String, content_type = "multipart/form-data"),
    responses((status = 201, description = "The files of the form, as they were stored.", body = [FileView]))
)]
pub(crate) async fn store_form(
    State(state): State<AppState>,
    scope: Scope,
    limits: Limits,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    // A folder may be written with a slash at its end, as a list gives it.
    let path = uri.path().strip_suffix('/').unwrap_or(uri.path());
    let path: Uri = path.parse().map_err(|_| Code::BAD_REQUEST)?;
    store_all(&state, &scope, &limits, key(&path)?.into(), &headers, body).await
}

#[utoipa::path(
    post, path = "/api/v1/files", tag = "files",
    request_body(content = String, content_type = "multipart/form-data"),
    responses((status = 201, description = "The files of the form, as they were stored.", body = [FileView]))
)]
pub(crate) async fn store_form_at_root(
    State(state): State<AppState>,
    scope: Scope,
    limits: Limits,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    store_all(&state, &scope, &limits, Prefix::default(), &headers, body).await
}

/// Stores the files of a form, each whole or not at all, and over older ones of the same name. Where one
/// cannot be stored those before it stay; a client that sends the form again changes nothing about them.
async fn store_all(
    state: &AppState,
    scope: &Scope,
    limits: &Limits,
    folder: Prefix,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut form = Form::read(headers, body)?;
    limits.set_body(state.files.max_size());
    limits.lift_deadline();
    let mut stored: Vec<FileView> = Vec::new();
    while let Some(file) = form.next().await? {
        let key = file.key(&folder)?;
        let (facts, options) = (facts(scope), Default::default());
        let put = state
            .files
            .put_file(scope, &key, file.contents, facts, options);
        stored.push(put.await?.into());
    }
    if stored.is_empty() {
        return Err(Problem::new(Code::BAD_REQUEST).detail("the form has no file"));
    }
    Ok((StatusCode::CREATED, Json(stored)).into_response())
}

fn facts(scope: &Scope) -> FileFacts {
    let mut facts = FileFacts::default();
    facts.owner = scope.principal().map(saas_core::Principal::subject);
    facts
}
