//! Files of tenants.

use std::error::Error;

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, Uri};
use saas_core::{
    Code, Problem,
    edge::{Json, Limits, Query},
};
use saas_rbac::Routes;
use saas_storage::{
    File, FileFacts, FilePage, Files, FilesConfig, Key, Prefix, Storage as _, StorageConfig,
    announced_size, body_stream, download, put_options,
};
use saas_tenancy::{Database, Scope};
use serde::Deserialize;

use crate::{app::App, projects::Can};

/// Opens the store: a folder for what is at `fs://folder`.
pub fn open(database: &Database, place: &str) -> Result<Files, Box<dyn Error>> {
    let mut store = StorageConfig::default();
    store.url = place.to_owned();
    store.max_file_size = 100 << 20;
    let mut rules = FilesConfig::default();
    rules.quota = Some(1 << 30);
    Ok(Files::new(
        saas_storage::open(&store)?,
        database.clone(),
        &rules,
    ))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    prefix: String,
}

async fn list(
    State(app): State<App>,
    scope: Scope,
    Query(asked): Query<Asked>,
) -> Result<Json<FilePage>, Problem> {
    let prefix: Prefix = asked.prefix.parse()?;
    Ok(Json(app.files.list(&scope, &prefix, None, 100).await?))
}

async fn fetch(
    State(app): State<App>,
    scope: Scope,
    limits: Limits,
    request: Request,
) -> Result<Response, Problem> {
    // A large file may take its time.
    limits.lift_deadline();
    let key = key(request.uri())?;
    download(
        &app.files,
        &scope,
        &key,
        request.method(),
        request.headers(),
    )
    .await
}

async fn store(
    State(app): State<App>,
    scope: Scope,
    limits: Limits,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<File>), Problem> {
    let key = key(&uri)?;
    let options = put_options(&headers)?;
    limits.set_body(app.files.max_size());
    limits.lift_deadline();
    let mut facts = FileFacts::default();
    facts.owner = scope.principal().map(saas_core::Principal::subject);
    facts.announced_size = announced_size(&headers);
    let file = app
        .files
        .put_file(&scope, &key, body_stream(body), facts, options)
        .await?;
    Ok((StatusCode::CREATED, Json(file)))
}

async fn delete(State(app): State<App>, scope: Scope, uri: Uri) -> Result<StatusCode, Problem> {
    match app.files.delete(&scope, &key(&uri)?).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Code::NOT_FOUND.into()),
    }
}

/// Takes the key out of the path as it was sent, before anything decodes it.
fn key(uri: &Uri) -> Result<Key, Problem> {
    let path = uri.path().strip_prefix("/api/files/").unwrap_or_default();
    Ok(Key::from_encoded(path)?)
}

pub fn routes(routes: Routes<App>) -> Routes<App> {
    routes
        .get("/api/files", Can::ReadFiles, list)
        .get("/api/files/{*path}", Can::ReadFiles, fetch)
        .head("/api/files/{*path}", Can::ReadFiles, fetch)
        .put("/api/files/{*path}", Can::WriteFiles, store)
        .delete("/api/files/{*path}", Can::WriteFiles, delete)
}
