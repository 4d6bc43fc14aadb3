//! The files of the tenant.

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, Uri, header};
use saas_core::{
    Code, Problem, Timestamp,
    edge::{Json, Limits, Query},
};
use saas_storage::{FileInfo, Key, MAX_PAGE, Prefix, body_stream, download};
use saas_tenancy::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::state::AppState;

const MOUNT: &str = "/api/v1/files/";
const DEFAULT_LIMIT: usize = 100;

/// A file as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileView {
    path: String,
    size: u64,
    modified_at: Option<Timestamp>,
}

/// A page of files, in the order of their names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileList {
    items: Vec<FileView>,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    #[serde(default)]
    prefix: String,
    after: Option<String>,
    limit: Option<usize>,
}

impl From<FileInfo> for FileView {
    fn from(info: FileInfo) -> Self {
        Self {
            path: info.path.to_string(),
            size: info.size,
            modified_at: info.modified_at,
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/files", tag = "files",
    params(
        ("prefix" = Option<String>, Query, description = "Only those in this folder and the folders in it."),
        ("after" = Option<String>, Query, description = "The `next` of the page before."),
        ("limit" = Option<u16>, Query, description = "Up to 1000; 100 when left out."),
    ),
    responses((status = 200, description = "A page of files.", body = FileList))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    scope: Scope,
    Query(query): Query<ListQuery>,
) -> Result<Json<FileList>, Problem> {
    let prefix: Prefix = query.prefix.parse()?;
    let after = query.after.as_deref().map(str::parse::<Key>).transpose()?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(
            Problem::new(Code::QUERY_INVALID).field("limit", "must be a number from 1 to 1000")
        );
    }
    let page = state
        .storage
        .list(&scope, &prefix, after.as_ref(), limit)
        .await?;
    let items = page.items.into_iter().map(Into::into).collect();
    Ok(Json(FileList {
        items,
        next: page.next.map(|key| key.to_string()),
    }))
}

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
    download(
        &*state.storage,
        &scope,
        &key,
        request.method(),
        request.headers(),
    )
    .await
}

#[utoipa::path(
    put, path = "/api/v1/files/{path}", tag = "files",
    params(("path" = String, Path)),
    request_body(content = String, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "The file is new.", body = FileView),
        (status = 200, description = "The file was written over.", body = FileView),
    )
)]
pub(crate) async fn store(
    State(state): State<AppState>,
    scope: Scope,
    limits: Limits,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let key = key(&uri)?;
    // An upload may be large and take its time, as long as it keeps coming.
    limits.set_body(state.storage.max_size());
    limits.lift_deadline();
    let known = state.storage.stat(&scope, &key).await.is_ok();
    let info = state.storage.put(&scope, &key, body_stream(body)).await?;
    let status = if known {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((
        status,
        [(header::LOCATION, uri.path().to_owned())],
        Json(FileView::from(info)),
    )
        .into_response())
}

#[utoipa::path(
    delete, path = "/api/v1/files/{path}", tag = "files",
    params(("path" = String, Path)),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete(
    State(state): State<AppState>,
    scope: Scope,
    uri: Uri,
) -> Result<StatusCode, Problem> {
    match state.storage.delete(&scope, &key(&uri)?).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::new(Code::NOT_FOUND)),
    }
}

/// Takes the key out of the path as it was sent, before anything decodes it.
fn key(uri: &Uri) -> Result<Key, Problem> {
    Ok(Key::from_encoded(
        uri.path().strip_prefix(MOUNT).unwrap_or_default(),
    )?)
}
