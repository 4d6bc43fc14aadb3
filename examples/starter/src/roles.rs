//! The roles of the tenant.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use http::{StatusCode, header};
use saas_core::{
    Problem,
    edge::{Json, Path},
};
use saas_rbac::Role;
use saas_tenancy::TenantTx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    state::AppState,
    validate::{Valid, plain},
};

/// A role as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleView {
    name: String,
    description: String,
    built_in: bool,
    permissions: Vec<String>,
}

/// The roles of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleList {
    items: Vec<RoleView>,
}

/// A role to make.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRole {
    /// a-z, 0-9 and `-`, beginning with a letter, up to 63.
    #[garde(skip)]
    name: String,
    /// Up to 1,000 characters.
    #[garde(length(chars, max = 1000), custom(plain))]
    #[serde(default)]
    description: String,
    /// Names such as `projects:read`; the caller holds each.
    #[garde(length(max = 200))]
    permissions: Vec<String>,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        let Role {
            name,
            description,
            built_in,
            permissions,
            ..
        } = role;
        Self {
            name,
            description,
            built_in,
            permissions,
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/roles", tag = "members",
    responses((status = 200, description = "The roles, the built-in ones first.", body = RoleList))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    mut tx: TenantTx,
) -> Result<Json<RoleList>, Problem> {
    let roles = state.roles.list(&mut tx).await?;
    Ok(Json(RoleList {
        items: roles.into_iter().map(Into::into).collect(),
    }))
}

#[utoipa::path(
    post, path = "/api/v1/roles", tag = "members",
    request_body = CreateRole,
    responses((status = 201, description = "The role; `Location` is its address.", body = RoleView))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Valid(input): Valid<CreateRole>,
) -> Result<Response, Problem> {
    let role = state
        .roles
        .create(&mut tx, &input.name, &input.description, &input.permissions)
        .await?;
    let location = format!("/api/v1/roles/{}", role.name);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(RoleView::from(role)),
    )
        .into_response())
}

#[utoipa::path(
    delete, path = "/api/v1/roles/{name}", tag = "members",
    params(("name" = String, Path)),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    state.roles.delete(&mut tx, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
