//! Letting others read single files: persons, roles, and whoever has a link.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    response::Response,
};
use garde::Validate;
use http::StatusCode;
use saas_core::{
    Code, Id, Principal, Problem, Timestamp,
    edge::{Json, Limits, Path, Query},
};
use saas_rbac::Permission as _;
use saas_storage::{Grant, GrantTo, Key, NewGrant, download};
use saas_tenancy::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{view::FileView, visitor::Visitor};
use crate::{
    permission::Can,
    state::AppState,
    validate::{Valid, plain},
};

const SHARED: &str = "/api/v1/shared/";
const LINKS: &str = "/shared/";

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShareInput {
    #[garde(custom(plain))]
    path: String,
    /// `{"kind":"user","subject":id}`, `{"kind":"role","subject":name}` or `{"kind":"link"}`.
    #[garde(skip)]
    #[schema(value_type = Object)]
    to: GrantTo,
    /// In seconds. A link ends after as long as the configuration says at the latest.
    #[garde(range(min = 1, max = 315_360_000))]
    expires_in: Option<u32>,
    /// How often it may be used.
    #[garde(range(min = 1))]
    max_uses: Option<u32>,
}

/// Who may read a file, beside those who may read all.
#[derive(Serialize, ToSchema)]
pub(crate) struct GrantView {
    #[schema(value_type = String)]
    id: Id<Grant>,
    path: String,
    #[schema(value_type = Object)]
    to: GrantTo,
    expires_at: Option<Timestamp>,
    uses: u64,
    max_uses: Option<u64>,
    created_by: String,
    created_at: Timestamp,
    /// The address of a link, told to whoever makes it and to nobody else. Whoever has it has the file.
    url: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GrantList {
    items: Vec<GrantView>,
}

/// The files that are shared with the caller, in the order of their names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SharedList {
    items: Vec<FileView>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfFile {
    path: String,
}

fn view(state: &AppState, scope: &Scope, grant: Grant) -> GrantView {
    GrantView {
        url: state.grants.address(scope, &grant),
        id: grant.id,
        path: grant.path.to_string(),
        to: grant.to,
        expires_at: grant.expires_at,
        uses: grant.uses,
        max_uses: grant.max_uses,
        created_by: grant.created_by,
        created_at: grant.created_at,
    }
}

#[utoipa::path(
    post, path = "/api/v1/file-grants", tag = "files",
    request_body = ShareInput,
    responses((status = 201, description = "The grant.", body = GrantView))
)]
pub(crate) async fn give(
    State(state): State<AppState>,
    scope: Scope,
    Valid(input): Valid<ShareInput>,
) -> Result<(StatusCode, Json<GrantView>), Problem> {
    let key: Key = input.path.parse()?;
    if let GrantTo::Role(name) = &input.to {
        let mut tx = state.database.read(&scope);
        state.roles.get(&mut tx, name).await?;
    }
    let mut new = NewGrant::to(input.to);
    if let Some(seconds) = input.expires_in {
        new = new.expires_in(Duration::from_secs(seconds.into()));
    }
    if let Some(uses) = input.max_uses {
        new = new.max_uses(uses.into());
    }
    let grant = state.grants.give(&scope, &key, new).await?;
    Ok((StatusCode::CREATED, Json(view(&state, &scope, grant))))
}

#[utoipa::path(
    get, path = "/api/v1/file-grants", tag = "files",
    params(("path" = String, Query, description = "The file.")),
    responses((status = 200, description = "Who may read it.", body = GrantList))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    scope: Scope,
    Query(query): Query<OfFile>,
) -> Result<Json<GrantList>, Problem> {
    let grants = state.grants.list(&scope, &query.path.parse()?).await?;
    // Whoever may read the list may not read by the links in it, for longer than they may read at all.
    let items = grants.into_iter().map(|grant| GrantView {
        url: None,
        ..view(&state, &scope, grant)
    });
    Ok(Json(GrantList {
        items: items.collect(),
    }))
}

#[utoipa::path(
    delete, path = "/api/v1/file-grants/{id}", tag = "files",
    params(("id" = String, Path)),
    responses((status = 204, description = "It is good for nothing any more."))
)]
pub(crate) async fn take_back(
    State(state): State<AppState>,
    scope: Scope,
    Path(id): Path<Id<Grant>>,
) -> Result<StatusCode, Problem> {
    match state.grants.take_back(&scope, id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::new(Code::NOT_FOUND)),
    }
}

/// Refuses a credential that was not given for reading files. Its holder need not have the permission, which
/// is why no guard asks.
fn check_scopes(scope: &Scope) -> Result<(), Problem> {
    let covers = |caller: &Principal| caller.granted().covers(Can::ReadFiles.name());
    match scope.principal() {
        Some(caller) if !covers(caller) => Err(Problem::new(Code::FORBIDDEN)),
        _ => Ok(()),
    }
}

#[utoipa::path(
    get, path = "/api/v1/shared", tag = "files",
    responses((status = 200, description = "The files that are shared with the caller.", body = SharedList))
)]
pub(crate) async fn shared(
    State(state): State<AppState>,
    scope: Scope,
) -> Result<Json<SharedList>, Problem> {
    check_scopes(&scope)?;
    let (roles, _) = state.authorizer.held_by(&scope).await?;
    let files = state.grants.shared_with(&scope, &roles, None).await?;
    Ok(Json(SharedList {
        items: files.into_iter().map(Into::into).collect(),
    }))
}

#[utoipa::path(
    get, path = "/api/v1/shared/{path}", tag = "files",
    params(("path" = String, Path), ("Range" = Option<String>, Header)),
    responses((status = 200, description = "A file that is shared with the caller.", content_type = "application/octet-stream"))
)]
pub(crate) async fn fetch_shared(
    State(state): State<AppState>,
    scope: Scope,
    limits: Limits,
    request: Request,
) -> Result<Response, Problem> {
    check_scopes(&scope)?;
    let path = request.uri().path();
    let key = Key::from_encoded(path.strip_prefix(SHARED).unwrap_or_default())?;
    let (roles, _) = state.authorizer.held_by(&scope).await?;
    let pass = state.grants.enter(&scope, &key, &roles).await?;
    limits.lift_deadline();
    let (method, headers) = (request.method(), request.headers());
    download(&state.files, pass.scope(), pass.key(), method, headers).await
}

#[utoipa::path(
    get, path = "/shared/{tenant_id}/{grant_id}", tag = "files",
    params(("tenant_id" = String, Path), ("grant_id" = String, Path), ("signature" = Option<String>, Query)),
    responses((status = 200, description = "The file of the link.", content_type = "application/octet-stream"))
)]
pub(crate) async fn fetch_link(
    State(state): State<AppState>,
    limits: Limits,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let (path, query) = (request.uri().path(), request.uri().query());
    let path = path.strip_prefix(LINKS).unwrap_or_default();
    let link = state.grants.verify_link(path, query)?;
    let tenant = state.registry.by_id(link.tenant()).await?;
    let tenant = tenant.ok_or(saas_storage::Error::Refused)?;
    // Before the link is opened, which counts as a use.
    visitor.admit(&state, &tenant).await?;
    let pass = state.grants.open_link(&link, &tenant).await?;
    limits.lift_deadline();
    let (method, headers) = (request.method(), request.headers());
    download(&state.files, pass.scope(), pass.key(), method, headers).await
}
