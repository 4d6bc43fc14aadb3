//! The groups of the tenant.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use http::{StatusCode, header};
use saas_auth::Membership;
use saas_core::{
    Id, Problem, Timestamp, UserId,
    edge::{Json, Path},
};
use saas_rbac::{Group, Subject};
use saas_tenancy::TenantTx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    state::AppState,
    validate::{Valid, plain},
};

/// A group in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupView {
    #[schema(value_type = String)]
    id: Id<Group>,
    name: String,
    description: String,
    created_at: Timestamp,
}

/// The groups of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupList {
    items: Vec<GroupView>,
}

/// A group with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupDetails {
    #[serde(flatten)]
    group: GroupView,
    roles: Vec<String>,
    /// The ids of the people in it.
    #[schema(value_type = Vec<String>)]
    members: Vec<UserId>,
}

/// A group to make.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateGroup {
    /// 1 to 200 characters, which no other group has.
    #[garde(length(chars, min = 1, max = 200), custom(plain))]
    name: String,
    /// Up to 1,000 characters.
    #[garde(length(chars, max = 1000), custom(plain))]
    #[serde(default)]
    description: String,
}

/// What to change of a group.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateGroup {
    /// These roles and no others.
    #[garde(length(max = 32))]
    roles: Vec<String>,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        Self {
            id: group.id,
            name: group.name,
            description: group.description,
            created_at: group.created_at,
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/groups", tag = "members",
    responses((status = 200, description = "The groups, by name.", body = GroupList))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    mut tx: TenantTx,
) -> Result<Json<GroupList>, Problem> {
    let groups = state.groups.list(&mut tx).await?;
    Ok(Json(GroupList {
        items: groups.into_iter().map(Into::into).collect(),
    }))
}

#[utoipa::path(
    post, path = "/api/v1/groups", tag = "members",
    request_body = CreateGroup,
    responses((status = 201, description = "The group.", body = GroupDetails, headers(("Location" = String, description = "Its address."))))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Valid(input): Valid<CreateGroup>,
) -> Result<Response, Problem> {
    let group = state
        .groups
        .create(&mut tx, &input.name, &input.description)
        .await?;
    let location = format!("/api/v1/groups/{}", group.id);
    let view = details(&state, &mut tx, group).await?;
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(view),
    )
        .into_response())
}

#[utoipa::path(
    get, path = "/api/v1/groups/{id}", tag = "members",
    params(("id" = String, Path)),
    responses((status = 200, description = "The group, with its roles and members.", body = GroupDetails))
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(id): Path<Id<Group>>,
) -> Result<Json<GroupDetails>, Problem> {
    let group = state.groups.get(&mut tx, id).await?;
    Ok(Json(details(&state, &mut tx, group).await?))
}

#[utoipa::path(
    patch, path = "/api/v1/groups/{id}", tag = "members",
    params(("id" = String, Path)),
    request_body = UpdateGroup,
    responses((status = 200, description = "The group as it is now.", body = GroupDetails))
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(id): Path<Id<Group>>,
    Valid(input): Valid<UpdateGroup>,
) -> Result<Json<GroupDetails>, Problem> {
    let group = state.groups.get(&mut tx, id).await?;
    state.roles.set(&mut tx, id, &input.roles).await?;
    Ok(Json(details(&state, &mut tx, group).await?))
}

#[utoipa::path(
    delete, path = "/api/v1/groups/{id}", tag = "members",
    params(("id" = String, Path)),
    responses((status = 204, description = "It is gone, and its members have lost what they held by it."))
)]
pub(crate) async fn delete(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(id): Path<Id<Group>>,
) -> Result<StatusCode, Problem> {
    state.groups.delete(&mut tx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    put, path = "/api/v1/groups/{id}/members/{user_id}", tag = "members",
    params(("id" = String, Path), ("user_id" = String, Path)),
    responses((status = 204, description = "The member is in the group."))
)]
pub(crate) async fn join(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path((id, user)): Path<(Id<Group>, UserId)>,
) -> Result<StatusCode, Problem> {
    // Before it is looked whether the person is a member: nobody may leave in between.
    state.roles.lock(&mut tx).await?;
    tx.repo::<Membership>().get(Membership::id_of(user)).await?;
    state.groups.add(&mut tx, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    delete, path = "/api/v1/groups/{id}/members/{user_id}", tag = "members",
    params(("id" = String, Path), ("user_id" = String, Path)),
    responses((status = 204, description = "The member is not in the group."))
)]
pub(crate) async fn leave(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path((id, user)): Path<(Id<Group>, UserId)>,
) -> Result<StatusCode, Problem> {
    state.groups.remove(&mut tx, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn details(
    state: &AppState,
    tx: &mut TenantTx,
    group: Group,
) -> Result<GroupDetails, Problem> {
    let roles = state.roles.of(tx, group.id).await?;
    let members = state.groups.members(tx, group.id).await?;
    let people = members.into_iter().filter_map(|member| match member {
        Subject::User(user) => Some(user),
        _ => None,
    });
    Ok(GroupDetails {
        roles,
        members: people.collect(),
        group: group.into(),
    })
}
