//! Deleting files.

use axum::extract::State;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use garde::Validate;
use http::{HeaderMap, StatusCode, Uri, header};
use saas_core::{Code, Problem, edge::Json};
use saas_storage::{Key, Storage as _};
use saas_tenancy::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::key;
use crate::{state::AppState, validate::Valid};

/// How many files of a batch are deleted at the same time.
const AT_ONCE: usize = 8;

#[utoipa::path(
    delete, path = "/api/v1/files/{path}", tag = "files",
    params(
        ("path" = String, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to delete."),
    ),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete(
    State(state): State<AppState>,
    scope: Scope,
    uri: Uri,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let key = key(&uri)?;
    let expected = headers.get(header::IF_MATCH);
    let expected = expected.map(|etag| etag.to_str()).transpose();
    let expected = expected.map_err(|_| Code::HEADER_INVALID)?;
    // `*` is any version, and where there is none the answer is the same.
    let expected = expected.filter(|etag| *etag != "*");
    match state.files.delete_file(&scope, &key, expected).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::new(Code::NOT_FOUND)),
    }
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchDelete {
    /// Up to 1000.
    #[garde(length(min = 1, max = 1000))]
    paths: Vec<String>,
}

/// What became of each file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchDeleted {
    deleted: Vec<String>,
    /// Those that were not there.
    missing: Vec<String>,
}

#[utoipa::path(
    post, path = "/api/v1/files:batch-delete", tag = "files",
    request_body = BatchDelete,
    responses((status = 200, description = "They are gone.", body = BatchDeleted))
)]
pub(crate) async fn batch_delete(
    State(state): State<AppState>,
    scope: Scope,
    Valid(input): Valid<BatchDelete>,
) -> Result<Json<BatchDeleted>, Problem> {
    // All are read before any is deleted.
    let keys: Vec<Key> = input
        .paths
        .iter()
        .map(|path| path.parse())
        .collect::<Result<_, _>>()?;
    let deletes = stream::iter(keys.into_iter().map(|key| {
        let (files, scope) = (&state.files, &scope);
        async move {
            let was_there = files.delete(scope, &key).await?;
            Ok::<_, Problem>((key.to_string(), was_there))
        }
    }));
    let done: Vec<_> = deletes.buffered(AT_ONCE).try_collect().await?;
    let (deleted, missing): (Vec<_>, Vec<_>) =
        done.into_iter().partition(|(_, was_there)| *was_there);
    let names = |list: Vec<(String, bool)>| list.into_iter().map(|(name, _)| name).collect();
    Ok(Json(BatchDeleted {
        deleted: names(deleted),
        missing: names(missing),
    }))
}
