//! Who belongs to the tenant, and with which roles.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use http::{StatusCode, header};
use saas_auth::{Email, Membership, MembershipPatch, NewMembership};
use saas_core::{
    Code, Page, Problem, Secret, Timestamp, UserId,
    edge::{Fields, Json, Path},
};
use saas_storage::GrantTo;
use saas_tenancy::{PageQuery, Reason, Scope, SystemScope, TenantTx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    signup::{hash, invalid},
    state::AppState,
    validate::{Valid, plain, plain_if_given},
};

/// Creates the account of a new member.
pub(crate) struct AddMember;

impl Reason for AddMember {
    const NAME: &'static str = "add-member";
    const WHY: &'static str =
        "an administrator adds a person who has no account, and an account belongs to no tenant";
}

/// A member as shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberView {
    id: UserId,
    email: String,
    name: String,
    /// Whether the person may sign in to this tenant.
    active: bool,
    roles: Vec<String>,
    created_at: Timestamp,
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberPage {
    items: Vec<MemberView>,
    next: Option<String>,
    prev: Option<String>,
}

/// Why a member may do something, or may not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplanationView {
    permission: String,
    allowed: bool,
    /// The rules that speak of it, the nearest first; a deny wins.
    because: Vec<ReasonView>,
    /// Whether the edition of the tenant keeps it from everybody.
    edition_lacks: bool,
    /// Whether the member is an owner, for whom no deny holds.
    owner: bool,
}

/// A rule that speaks of a permission.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReasonView {
    /// `allow` or `deny`.
    effect: &'static str,
    /// Groups and roles on the way to the rule, such as `role:editor`.
    chain: Vec<String>,
}

/// A person to add.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddMemberRequest {
    #[garde(skip)]
    email: String,
    /// 1 to 200 characters.
    #[garde(length(chars, min = 1, max = 200), custom(plain))]
    name: String,
    /// 8 characters at least.
    #[garde(skip)]
    #[schema(value_type = String, format = Password)]
    password: Secret<String>,
    /// `user` when left out.
    #[garde(length(max = 32))]
    #[serde(default = "just_user")]
    roles: Vec<String>,
}

/// What to change of a member.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateMemberRequest {
    /// 1 to 200 characters.
    #[garde(length(chars, min = 1, max = 200), custom(plain_if_given))]
    #[serde(default)]
    name: Option<String>,
    /// Whether the person may sign in to this tenant.
    #[garde(skip)]
    #[serde(default)]
    active: Option<bool>,
    /// These roles and no others.
    #[garde(length(max = 32))]
    #[serde(default)]
    roles: Option<Vec<String>>,
}

fn just_user() -> Vec<String> {
    vec![saas_rbac::Presets::USER.to_owned()]
}

#[utoipa::path(
    get, path = "/api/v1/members", tag = "members",
    params(
        ("filter[email]" = Option<String>, Query, description = "Only the one with exactly this address."),
        ("sort" = Option<String>, Query, description = "`created_at`; with `-` in front descending."),
        ("limit" = Option<u16>, Query, description = "Up to 100; 20 when left out."),
        ("after" = Option<String>, Query, description = "A cursor of another page."),
        ("fields" = Option<String>, Query, description = "Only these members of each, such as `id,email`."),
    ),
    responses((status = 200, description = "A page of members.", body = MemberPage))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    mut tx: TenantTx,
    fields: Fields<PageQuery<Membership>>,
) -> Result<Response, Problem> {
    let Page {
        items: members,
        next,
        prev,
        ..
    } = tx.repo::<Membership>().list(fields.rest.clone()).await?;
    let mut items = Vec::with_capacity(members.len());
    for member in members {
        items.push(view(&state, &mut tx, member).await?);
    }
    fields.of_each(Page::new(items, next, prev))
}

#[utoipa::path(
    post, path = "/api/v1/members", tag = "members",
    request_body = AddMemberRequest,
    responses((status = 201, description = "The member.", body = MemberView, headers(("Location" = String, description = "Its address."))))
)]
pub(crate) async fn add(
    State(state): State<AppState>,
    scope: Scope,
    Valid(input): Valid<AddMemberRequest>,
) -> Result<Response, Problem> {
    let AddMemberRequest {
        email,
        name,
        password,
        roles,
    } = input;
    let email: Email = email.parse().map_err(|error| invalid("email", &error))?;
    let hash = hash(&state, "password", &password, &[email.as_str(), &name]).await?;
    let mut tx = state
        .database
        .system_write(&SystemScope::<AddMember>::enter());
    // An account that exists is not joined to this tenant: nobody has proven yet that it belongs to
    // the person who is meant. An invitation does.
    let user = state
        .identity
        .accounts()
        .create_provisional(&mut tx, &email, &hash)
        .await?;
    // From here on it is the caller who acts, and who can give no role that he lacks.
    let mut tx = tx.into_scope(&scope).await?;
    let new = NewMembership::new(email.to_string(), name);
    let member = tx
        .repo::<Membership>()
        .insert_as(Membership::id_of(user), new)
        .await?;
    state.roles.set(&mut tx, user, &roles).await?;
    let view = view(&state, &mut tx, member).await?;
    tx.commit().await?;
    let location = format!("/api/v1/members/{user}");
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(view),
    )
        .into_response())
}

#[utoipa::path(
    get, path = "/api/v1/members/{id}", tag = "members",
    params(("id" = String, Path)),
    responses((status = 200, description = "The member.", body = MemberView))
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(user): Path<UserId>,
) -> Result<Json<MemberView>, Problem> {
    let member = tx.repo::<Membership>().get(Membership::id_of(user)).await?;
    Ok(Json(view(&state, &mut tx, member).await?))
}

#[utoipa::path(
    get, path = "/api/v1/members/{id}/permissions/{name}", tag = "members",
    params(("id" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "Why the member may do it, or may not.", body = ExplanationView))
)]
pub(crate) async fn explain(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path((user, permission)): Path<(UserId, String)>,
) -> Result<Json<ExplanationView>, Problem> {
    tx.repo::<Membership>().get(Membership::id_of(user)).await?;
    let explained = match state.roles.explain(&mut tx, user, &permission).await {
        Err(saas_rbac::Error::UnknownPermission(_)) => return Err(Code::NOT_FOUND.into()),
        explained => explained?,
    };
    let because = explained.because.into_iter().map(|reason| ReasonView {
        effect: reason.effect,
        chain: reason.chain,
    });
    Ok(Json(ExplanationView {
        permission: explained.permission,
        allowed: explained.allowed,
        because: because.collect(),
        edition_lacks: explained.edition_lacks,
        owner: explained.owner,
    }))
}

#[utoipa::path(
    patch, path = "/api/v1/members/{id}", tag = "members",
    params(("id" = String, Path)),
    request_body = UpdateMemberRequest,
    responses((status = 200, description = "The member as it is now.", body = MemberView))
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(user): Path<UserId>,
    Valid(input): Valid<UpdateMemberRequest>,
) -> Result<Json<MemberView>, Problem> {
    let id = Membership::id_of(user);
    // Before it is looked whether the person is a member: nobody may leave in between.
    state.roles.lock(&mut tx).await?;
    let mut member = tx.repo::<Membership>().get(id).await?;
    if let Some(name) = input.name.filter(|name| *name != member.name) {
        may_decide_about(&state, &mut tx, user).await?;
        member = tx
            .repo::<Membership>()
            .update(id, None, MembershipPatch { name: Some(name) })
            .await?;
    }
    if let Some(roles) = input.roles {
        state.roles.set(&mut tx, user, &roles).await?;
    }
    if let Some(active) = input.active.filter(|active| *active != member.active) {
        member = set_active(&state, &mut tx, user, active).await?;
    }
    Ok(Json(view(&state, &mut tx, member).await?))
}

#[utoipa::path(
    delete, path = "/api/v1/members/{id}", tag = "members",
    params(("id" = String, Path)),
    responses((status = 204, description = "The person is a member no more; the account stays."))
)]
pub(crate) async fn remove(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(user): Path<UserId>,
) -> Result<StatusCode, Problem> {
    let id = Membership::id_of(user);
    state.roles.lock(&mut tx).await?;
    tx.repo::<Membership>().get(id).await?;
    state.roles.remove_all(&mut tx, user).await?;
    state.identity.members().remove(&mut tx, user).await?;
    let who = GrantTo::User(user);
    state.grants.take_back_from(&mut tx, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses who may not remove a member: what that needs is tried, and undone.
pub(crate) async fn may_decide_about(
    state: &AppState,
    tx: &mut TenantTx,
    user: UserId,
) -> Result<(), Problem> {
    let roles = &state.roles;
    roles
        .preview(tx, async |tx| roles.remove_all(tx, user).await)
        .await?;
    Ok(())
}

/// Lets a member in or not.
async fn set_active(
    state: &AppState,
    tx: &mut TenantTx,
    user: UserId,
    active: bool,
) -> Result<Membership, Problem> {
    may_decide_about(state, tx, user).await?;
    let members = state.identity.members();
    Ok(if active {
        members.enable(tx, user).await?
    } else {
        members.disable(tx, user).await?
    })
}

async fn view(
    state: &AppState,
    tx: &mut TenantTx,
    member: Membership,
) -> Result<MemberView, Problem> {
    let roles = state.roles.of(tx, member.user()).await?;
    let (id, created_at) = (member.user(), member.created_at);
    Ok(MemberView {
        id,
        email: member.email,
        name: member.name,
        active: member.active,
        roles,
        created_at,
    })
}
