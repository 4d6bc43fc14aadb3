//! Keys with which programs act for the caller.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use http::StatusCode;
use saas_auth::{ApiKey, NewApiKey};
use saas_core::{
    Code, Id, Problem, Timestamp,
    edge::{Json, Path},
};
use saas_tenancy::{Scope, TenantTx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{once::Once, permission::presets, signup::invalid, state::AppState, validate::Valid};

/// A key to make.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApiKeyRequest {
    /// What to call it: 1 to 100 characters.
    #[garde(skip)]
    name: String,
    /// The permissions that it may be used for, as far as the caller has them.
    #[garde(length(max = 200))]
    scopes: Vec<String>,
    /// How many seconds it is good: 90 days when left out, a year at most.
    #[garde(skip)]
    #[serde(default = "ninety_days")]
    expires_in: u64,
}

const fn ninety_days() -> u64 {
    90 * 86_400
}

/// A key as shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyView {
    #[schema(value_type = String)]
    id: Id<ApiKey>,
    name: String,
    scopes: Vec<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
    /// When it was last used, to the minute.
    seen_at: Option<Timestamp>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeApiKeyView {
    #[serde(flatten)]
    key: ApiKeyView,
    /// What the program sends as a bearer token. It is shown this once.
    secret: String,
}

/// The keys of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyList {
    items: Vec<ApiKeyView>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            scopes: key.scopes,
            created_at: key.created_at,
            expires_at: key.expires_at,
            seen_at: key.seen_at,
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/me/api-keys", tag = "identity",
    responses((status = 200, description = "The keys of the caller in this tenant.", body = ApiKeyList))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    scope: Scope,
    mut tx: TenantTx,
) -> Result<Json<ApiKeyList>, Problem> {
    let user = scope.principal().ok_or(Code::UNAUTHENTICATED)?.subject();
    let keys = state.identity.api_keys().list(&mut tx, user).await?;
    Ok(Json(ApiKeyList {
        items: keys.into_iter().map(ApiKeyView::from).collect(),
    }))
}

#[utoipa::path(
    post, path = "/api/v1/me/api-keys", tag = "identity",
    request_body = NewApiKeyRequest,
    responses((status = 201, description = "The key, with its secret, which is never shown again.", body = MadeApiKeyView))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    scope: Scope,
    mut tx: TenantTx,
    Valid(input): Valid<NewApiKeyRequest>,
) -> Result<Response, Problem> {
    let user = scope.principal().ok_or(Code::UNAUTHENTICATED)?.subject();
    let presets = presets();
    let known = presets.permissions();
    for scope in &input.scopes {
        if !known.iter().any(|permission| permission.name == scope) {
            return Err(invalid("scopes", &"names a permission that there is not"));
        }
    }
    let new = NewApiKey {
        name: input.name,
        scopes: input.scopes,
        lifetime: Duration::from_secs(input.expires_in),
    };
    let made = state.identity.api_keys().create(&mut tx, user, new).await?;
    let view = MadeApiKeyView {
        key: made.key().clone().into(),
        secret: made.secret().expose().clone(),
    };
    Ok((StatusCode::CREATED, Once(view)).into_response())
}

#[utoipa::path(
    delete, path = "/api/v1/me/api-keys/{id}", tag = "identity",
    params(("id" = String, Path, description = "A key of the caller.")),
    responses((status = 204, description = "The key is worth nothing any more."))
)]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    scope: Scope,
    mut tx: TenantTx,
    Path(id): Path<Id<ApiKey>>,
) -> Result<StatusCode, Problem> {
    let user = scope.principal().ok_or(Code::UNAUTHENTICATED)?.subject();
    if state.identity.api_keys().revoke(&mut tx, user, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(Code::NOT_FOUND))
    }
}
