//! Second factors, and who needs one.

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::header;
use saas_auth::{
    AuthConfig, Identity,
    mfa::{Factor, MemberRoles, MfaRule},
};
use saas_core::{
    Id, Problem, Secret, UserId,
    edge::{Json, Path},
};
use saas_rbac::{Access, Authorizer, Routes, Subject};
use saas_tenancy::{Database, Registry, Scope, Tenant, TenantTx};
use serde::{Deserialize, Serialize};

use crate::{app::App, projects::Can};

#[derive(Debug, Deserialize)]
pub struct NewApp {
    name: String,
}

/// What the app is told, once.
#[derive(Serialize)]
struct Told {
    id: Id<Factor>,
    secret: String,
    otpauth_uri: String,
}

async fn enrol(
    State(app): State<App>,
    scope: Scope,
    Json(input): Json<NewApp>,
) -> Result<Response, Problem> {
    let factors = app.identity.second_factors();
    // Somebody who has signed in within the last five minutes, with a factor if they have one.
    let who = factors.stepped_up(&scope).await?;
    let told = factors.enrol_totp(&who, &input.name).await?;
    Ok(once(Told {
        id: told.factor(),
        secret: told.secret().expose().clone(),
        otpauth_uri: told.uri().expose().clone(),
    }))
}

#[derive(Deserialize)]
pub struct Typed {
    code: Secret<String>,
}

async fn confirm(
    State(app): State<App>,
    scope: Scope,
    Path(factor): Path<Id<Factor>>,
    Json(input): Json<Typed>,
) -> Result<Response, Problem> {
    let factors = app.identity.second_factors();
    let who = factors.stepped_up(&scope).await?;
    let codes = factors.confirm_totp(&who, factor, &input.code).await?;
    // With the first factor come recovery codes. They are shown now or never.
    let codes = codes.map(|codes| codes.expose()).unwrap_or_default();
    let codes: Vec<String> = codes.iter().map(|code| code.expose().clone()).collect();
    Ok(once(codes))
}

/// Nobody may keep what is shown once.
fn once<T: Serialize>(body: T) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn rules(State(app): State<App>, mut tx: TenantTx) -> Result<Json<Vec<MfaRule>>, Problem> {
    Ok(Json(app.identity.second_factors().rules(&mut tx).await?))
}

async fn set_rules(
    State(app): State<App>,
    mut tx: TenantTx,
    Json(rules): Json<Vec<MfaRule>>,
) -> Result<Json<Vec<MfaRule>>, Problem> {
    app.identity
        .second_factors()
        .set_rules(&mut tx, &rules)
        .await?;
    Ok(Json(rules))
}

pub fn routes(routes: Routes<App>) -> Routes<App> {
    const RECENT: Duration = Duration::from_secs(3600);
    routes
        // Programs have no factors.
        .post("/api/me/totp", Access::person(), enrol)
        .post("/api/me/totp/{id}", Access::person(), confirm)
        .get("/api/mfa-rules", Can::WriteMembers, rules)
        .put(
            "/api/mfa-rules",
            Access::permission(&Can::WriteMembers).fresh_within(RECENT),
            set_rules,
        )
}

/// So that rules about roles know the roles.
#[derive(Debug)]
struct RolesOfMembers(Authorizer);

#[async_trait]
impl MemberRoles for RolesOfMembers {
    async fn roles(
        &self,
        tenant: &Tenant,
        user: UserId,
    ) -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
        Ok(self.0.roles_of(tenant, Subject::User(user)).await?)
    }
}

pub async fn identity(
    database: &Database,
    registry: &Registry,
    authorizer: &Authorizer,
    auth: &AuthConfig,
) -> Result<Identity, saas_auth::Error> {
    let roles = Arc::new(RolesOfMembers(authorizer.clone()));
    Identity::builder(database, registry, auth)
        .roles(roles)
        .load()
        .await
}
