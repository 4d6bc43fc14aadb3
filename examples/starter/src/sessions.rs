//! Where the caller is signed in.

use axum::extract::State;
use http::StatusCode;
use saas_auth::SessionInfo;
use saas_core::{
    Code, Problem, SessionId, Timestamp,
    edge::{Json, Path},
};
use saas_tenancy::{Scope, TenantTx};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::AppState;

/// A sign-in of the caller in this tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    #[schema(value_type = String)]
    id: SessionId,
    /// Whether the request came from it.
    current: bool,
    /// The program that it was given to; none for a browser.
    client: Option<String>,
    /// What the browser or program calls itself.
    device: String,
    address: String,
    created_at: Timestamp,
    seen_at: Timestamp,
    expires_at: Timestamp,
}

/// The sign-ins of the caller, the last seen first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionList {
    items: Vec<SessionView>,
}

impl SessionView {
    fn new(session: SessionInfo, current: Option<SessionId>) -> Self {
        Self {
            current: Some(session.id) == current,
            id: session.id,
            client: session.client,
            device: session.device,
            address: session.address,
            created_at: session.created_at,
            seen_at: session.seen_at,
            expires_at: session.expires_at,
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/me/sessions", tag = "identity",
    responses((status = 200, description = "Where the caller is signed in, in this tenant.", body = SessionList))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    scope: Scope,
    mut tx: TenantTx,
) -> Result<Json<SessionList>, Problem> {
    let principal = scope.principal().ok_or(Code::UNAUTHENTICATED)?;
    let sessions = state.identity.sessions();
    let sessions = sessions.list(&mut tx, principal.subject()).await?;
    let items = sessions.into_iter();
    Ok(Json(SessionList {
        items: items
            .map(|session| SessionView::new(session, principal.session()))
            .collect(),
    }))
}

#[utoipa::path(
    delete, path = "/api/v1/me/sessions/{id}", tag = "identity",
    params(("id" = String, Path, description = "A sign-in of the caller.")),
    responses((status = 204, description = "It has ended, with everything that came from it."))
)]
pub(crate) async fn end(
    State(state): State<AppState>,
    scope: Scope,
    mut tx: TenantTx,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    let user = scope.principal().ok_or(Code::UNAUTHENTICATED)?.subject();
    let sessions = state.identity.sessions();
    if sessions.end(&mut tx, user, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(Code::NOT_FOUND))
    }
}

#[utoipa::path(
    delete, path = "/api/v1/me/sessions", tag = "identity",
    responses((status = 204, description = "Every sign-in of the caller has ended, in every tenant, this one too, and no browser is remembered any more."))
)]
pub(crate) async fn end_everywhere(
    State(state): State<AppState>,
    scope: Scope,
) -> Result<StatusCode, Problem> {
    let user = scope.principal().ok_or(Code::UNAUTHENTICATED)?.subject();
    let sessions = state.identity.sessions();
    sessions.end_everywhere(user, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
