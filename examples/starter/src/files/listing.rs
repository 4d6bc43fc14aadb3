//! What files there are.

use axum::extract::State;
use saas_core::{
    Code, Problem,
    edge::{Json, Query},
};
use saas_storage::{MAX_PAGE, Prefix};
use saas_tenancy::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::FileView;
use crate::state::AppState;

const DEFAULT_LIMIT: usize = 100;

/// A page of files, in the order of their names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileList {
    items: Vec<FileView>,
    /// The folders of the folder, each with a slash at its end, where `delimiter` was given.
    folders: Vec<String>,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    #[serde(default)]
    prefix: String,
    delimiter: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

#[utoipa::path(
    get, path = "/api/v1/files", tag = "files",
    params(
        ("prefix" = Option<String>, Query, description = "Only those in this folder and the folders in it."),
        ("delimiter" = Option<String>, Query, description = "`/` lists the folders in the folder, in place of what is in them."),
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
    let after = query.after.as_deref();
    // A name or a folder; everything else is no place in a list.
    after.map(str::parse::<Prefix>).transpose()?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(
            Problem::new(Code::QUERY_INVALID).field("limit", "must be a number from 1 to 1000")
        );
    }
    let page = match query.delimiter.as_deref() {
        None => {
            state
                .files
                .list_files(&scope, &prefix, after, limit)
                .await?
        }
        Some("/") => {
            state
                .files
                .list_folder(&scope, &prefix, after, limit)
                .await?
        }
        Some(_) => {
            return Err(Problem::new(Code::QUERY_INVALID).field("delimiter", "must be `/`"));
        }
    };
    Ok(Json(FileList {
        items: page.files.into_iter().map(Into::into).collect(),
        folders: page.folders,
        next: page.next,
    }))
}
