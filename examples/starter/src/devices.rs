//! The browsers on which the caller's second factor is not asked for again.

use axum::extract::State;
use http::StatusCode;
use saas_auth::mfa::RememberedDevice;
use saas_core::{
    Code, Id, Problem, Timestamp,
    edge::{Json, Path},
};
use saas_tenancy::Scope;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::AppState;

/// A browser that is remembered in this tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceView {
    #[schema(value_type = String)]
    id: Id<RememberedDevice>,
    /// What the browser calls itself.
    device: String,
    /// When a second factor was proven on it.
    created_at: Timestamp,
    /// When it was last used to sign in.
    seen_at: Timestamp,
    /// When it ends by itself.
    expires_at: Timestamp,
}

impl From<RememberedDevice> for DeviceView {
    fn from(device: RememberedDevice) -> Self {
        Self {
            id: device.id,
            device: device.device,
            created_at: device.created_at,
            seen_at: device.seen_at,
            expires_at: device.expires_at,
        }
    }
}

/// The remembered browsers of the caller, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceList {
    items: Vec<DeviceView>,
}

#[utoipa::path(
    get, path = "/api/v1/me/devices", tag = "identity",
    responses((status = 200, description = "Where the caller's second factor is not asked for again, in this tenant.", body = DeviceList))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    scope: Scope,
) -> Result<Json<DeviceList>, Problem> {
    let user = scope.principal().ok_or(Code::UNAUTHENTICATED)?.subject();
    let all = state.identity.second_factors().remembered(user).await?;
    let here = all
        .into_iter()
        .filter(|device| device.tenant == scope.tenant().id());
    Ok(Json(DeviceList {
        items: here.map(DeviceView::from).collect(),
    }))
}

#[utoipa::path(
    delete, path = "/api/v1/me/devices/{id}", tag = "identity",
    params(("id" = String, Path, description = "A remembered browser of the caller.")),
    responses((status = 204, description = "The second factor is asked for on it from now on."))
)]
pub(crate) async fn forget(
    State(state): State<AppState>,
    scope: Scope,
    Path(id): Path<Id<RememberedDevice>>,
) -> Result<StatusCode, Problem> {
    match state.identity.second_factors().forget(&scope, id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Code::NOT_FOUND.into()),
    }
}
