//! Members of a tenant, and what they may do.

use axum::extract::State;
use http::StatusCode;
use saas_auth::{Membership, NewMembership};
use saas_core::{
    Problem, Secret, UserId,
    edge::{Json, Path},
};
use saas_rbac::{Explanation, Role, RoleSpec, Routes};
use saas_tenancy::{Reason, Scope, SystemScope, TenantTx};
use serde::Deserialize;

use crate::{accounts::email, app::App, projects::Can};

/// Creates the account of a new member.
pub struct AddMember;

impl Reason for AddMember {
    const NAME: &'static str = "add-member";
    const WHY: &'static str =
        "an administrator adds a person who has no account, and an account belongs to no tenant";
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    email: String,
    name: String,
    password: Secret<String>,
    roles: Vec<String>,
}

async fn add(
    State(app): State<App>,
    scope: Scope,
    Json(input): Json<NewMember>,
) -> Result<Json<UserId>, Problem> {
    let email = email(&input.email)?;
    let passwords = app.identity.passwords();
    let password = passwords
        .check(&input.password, &[email.as_str(), &input.name])
        .await?;
    let hash = passwords.hash(&password).await?;
    let mut tx = app
        .database
        .system_write(&SystemScope::<AddMember>::enter());
    // Somebody else chose the password, so it opens this tenant and no other.
    let user = app
        .identity
        .accounts()
        .create_provisional(&mut tx, &email, &hash)
        .await?;
    // From here on it is the caller who acts, and who can give no role that he lacks.
    let mut tx = tx.into_scope(&scope).await?;
    let member = NewMembership::new(email.to_string(), input.name);
    tx.repo::<Membership>()
        .insert_as(Membership::id_of(user), member)
        .await?;
    app.roles.set(&mut tx, user, &input.roles).await?;
    tx.commit().await?;
    Ok(Json(user))
}

async fn set_roles(
    State(app): State<App>,
    mut tx: TenantTx,
    Path(user): Path<UserId>,
    Json(roles): Json<Vec<String>>,
) -> Result<StatusCode, Problem> {
    // The roles do not change while we look whether there is such a member.
    app.roles.lock(&mut tx).await?;
    tx.repo::<Membership>().get(Membership::id_of(user)).await?;
    app.roles.set(&mut tx, user, &roles).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn explain(
    State(app): State<App>,
    mut tx: TenantTx,
    Path((user, permission)): Path<(UserId, String)>,
) -> Result<Json<Explanation>, Problem> {
    Ok(Json(app.roles.explain(&mut tx, user, &permission).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    name: String,
    permissions: Vec<String>,
    #[serde(default)]
    denies: Vec<String>,
    #[serde(default)]
    inherits: Vec<String>,
}

async fn create_role(
    State(app): State<App>,
    mut tx: TenantTx,
    Json(input): Json<NewRole>,
) -> Result<(StatusCode, Json<Role>), Problem> {
    let spec = RoleSpec::new()
        .allow(input.permissions)
        .deny(input.denies)
        .inherit(input.inherits);
    let role = app.roles.create(&mut tx, &input.name, &spec).await?;
    Ok((StatusCode::CREATED, Json(role)))
}

pub fn routes(routes: Routes<App>) -> Routes<App> {
    routes
        .post("/api/members", Can::WriteMembers, add)
        .put("/api/members/{id}/roles", Can::WriteMembers, set_roles)
        .get(
            "/api/members/{id}/permissions/{name}",
            Can::WriteMembers,
            explain,
        )
        .post("/api/roles", Can::WriteMembers, create_role)
}
