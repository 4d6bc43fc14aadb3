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
use saas_rbac::{Preview, Role, RoleSpec};
use saas_storage::GrantTo;
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
    /// What its holders may do, without what it inherits.
    permissions: Vec<String>,
    /// What its holders may not do, whatever else allows it.
    denies: Vec<String>,
    /// The roles whose rules hold for its holders too.
    inherits: Vec<String>,
    /// Permissions that it names and the service does not have any more.
    unknown: Vec<String>,
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
    /// A deny wins over every allow.
    #[garde(length(max = 200))]
    #[serde(default)]
    denies: Vec<String>,
    /// Names of other roles.
    #[garde(length(max = 32))]
    #[serde(default)]
    inherits: Vec<String>,
}

/// What a role is to be.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateRole {
    /// Up to 1,000 characters.
    #[garde(length(chars, max = 1000), custom(plain))]
    #[serde(default)]
    description: String,
    /// Names such as `projects:read`; the caller holds each, and each that the role had before.
    #[garde(length(max = 200))]
    permissions: Vec<String>,
    /// A deny wins over every allow.
    #[garde(length(max = 200))]
    #[serde(default)]
    denies: Vec<String>,
    /// Names of other roles.
    #[garde(length(max = 32))]
    #[serde(default)]
    inherits: Vec<String>,
}

/// What can be allowed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PermissionView {
    name: &'static str,
    description: &'static str,
    group: &'static str,
}

/// What can be allowed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PermissionList {
    items: Vec<PermissionView>,
}

/// Who would gain and lose what.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// Whose permissions would change; up to a thousand are listed.
    changes: Vec<GainView>,
    /// How many it would be.
    total: usize,
}

/// What a change would give to somebody, and take.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GainView {
    /// Whom, such as `user:` and an id.
    subject: String,
    gains: Vec<String>,
    loses: Vec<String>,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        let Role {
            name,
            description,
            built_in,
            permissions,
            denies,
            inherits,
            unknown,
            ..
        } = role;
        Self {
            name,
            description,
            built_in,
            permissions,
            denies,
            inherits,
            unknown,
        }
    }
}

impl From<Preview> for PreviewView {
    fn from(preview: Preview) -> Self {
        let changes = preview.changes.into_iter().map(|change| GainView {
            subject: change.subject,
            gains: change.gains,
            loses: change.loses,
        });
        Self {
            changes: changes.collect(),
            total: preview.total,
        }
    }
}

impl UpdateRole {
    fn spec(self) -> RoleSpec {
        RoleSpec::new()
            .description(self.description)
            .allow(self.permissions)
            .deny(self.denies)
            .inherit(self.inherits)
    }
}

#[utoipa::path(
    get, path = "/api/v1/permissions", tag = "members",
    responses((status = 200, description = "What can be allowed in this service.", body = PermissionList))
)]
pub(crate) async fn permissions(State(state): State<AppState>) -> Json<PermissionList> {
    let known = state.authorizer.presets().permissions().iter();
    let items = known.map(|known| PermissionView {
        name: known.name,
        description: known.description,
        group: known.group,
    });
    Json(PermissionList {
        items: items.collect(),
    })
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
    responses((status = 201, description = "The role.", body = RoleView, headers(("Location" = String, description = "Its address."))))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Valid(input): Valid<CreateRole>,
) -> Result<Response, Problem> {
    let CreateRole {
        name,
        description,
        permissions,
        denies,
        inherits,
    } = input;
    let spec = UpdateRole {
        description,
        permissions,
        denies,
        inherits,
    };
    let role = state.roles.create(&mut tx, &name, &spec.spec()).await?;
    let location = format!("/api/v1/roles/{name}");
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(RoleView::from(role)),
    )
        .into_response())
}

#[utoipa::path(
    get, path = "/api/v1/roles/{name}", tag = "members",
    params(("name" = String, Path)),
    responses((status = 200, description = "The role.", body = RoleView))
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(name): Path<String>,
) -> Result<Json<RoleView>, Problem> {
    let role = state.roles.get(&mut tx, &name).await.map_err(missing)?;
    Ok(Json(role.into()))
}

#[utoipa::path(
    put, path = "/api/v1/roles/{name}", tag = "members",
    params(("name" = String, Path)),
    request_body = UpdateRole,
    responses((status = 200, description = "The role as it is now.", body = RoleView))
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(name): Path<String>,
    Valid(input): Valid<UpdateRole>,
) -> Result<Json<RoleView>, Problem> {
    state.roles.lock(&mut tx).await?;
    state.roles.get(&mut tx, &name).await.map_err(missing)?;
    let role = state.roles.update(&mut tx, &name, &input.spec()).await?;
    Ok(Json(role.into()))
}

#[utoipa::path(
    post, path = "/api/v1/roles/{name}/preview", tag = "members",
    params(("name" = String, Path)),
    request_body = UpdateRole,
    responses((status = 200, description = "Who would gain and lose what by this change. Nothing is changed.", body = PreviewView))
)]
pub(crate) async fn preview(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(name): Path<String>,
    Valid(input): Valid<UpdateRole>,
) -> Result<Json<PreviewView>, Problem> {
    state.roles.get(&mut tx, &name).await.map_err(missing)?;
    let spec = input.spec();
    let change = async |tx: &mut TenantTx| state.roles.update(tx, &name, &spec).await.map(drop);
    let preview = state.roles.preview(&mut tx, change).await?;
    Ok(Json(preview.into()))
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
    state.roles.delete(&mut tx, &name).await.map_err(missing)?;
    let whoever_had_it = GrantTo::Role(name);
    state
        .grants
        .take_back_from(&mut tx, &whoever_had_it)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A role that the path names and the tenant does not have is no invalid input, but nothing.
fn missing(error: saas_rbac::Error) -> Problem {
    match error {
        saas_rbac::Error::UnknownRole(_) => saas_core::Code::NOT_FOUND.into(),
        other => other.into(),
    }
}
