//! The account of the caller: its address, and its end.

use async_trait::async_trait;
use axum::extract::State;
use garde::Validate;
use http::StatusCode;
use saas_auth::{Confirmed, Device, Email, Leave};
use saas_core::{Code, Problem, Secret, UserId, edge::Json};
use saas_rbac::Roles;
use saas_tenancy::{Scope, Tenant, TenantTx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{password::not_the_password, signup::invalid, state::AppState, validate::Valid};

/// Another address.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeEmailRequest {
    #[garde(skip)]
    email: String,
    #[garde(skip)]
    #[schema(value_type = String, format = Password)]
    password: Secret<String>,
}

/// What a letter is to confirm.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmRequest {
    /// The one of the link.
    #[garde(skip)]
    #[schema(value_type = String)]
    token: Secret<String>,
}

/// The password, once more.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordRequest {
    #[garde(skip)]
    #[schema(value_type = String, format = Password)]
    password: Secret<String>,
}

/// What was confirmed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfirmedView {
    /// `address`: that of the account is its holder's. `change`: the account has a new one.
    confirmed: &'static str,
}

#[utoipa::path(
    post, path = "/api/v1/me/verify", tag = "identity",
    responses((status = 202, description = "A letter is on its way, unless the address is verified."))
)]
pub(crate) async fn verify(
    State(state): State<AppState>,
    scope: Scope,
    mut tx: TenantTx,
) -> Result<StatusCode, Problem> {
    let user = scope.principal().ok_or(Code::UNAUTHENTICATED)?.subject();
    let addresses = state.identity.addresses();
    addresses.ask_verification(&mut tx, user).await?;
    Ok(StatusCode::ACCEPTED)
}

#[utoipa::path(
    put, path = "/api/v1/me/email", tag = "identity",
    request_body = ChangeEmailRequest,
    responses((status = 202, description = "A letter is on its way to the new address, unless somebody has it. \
                                            Until its link is followed the old one stays."))
)]
pub(crate) async fn change_email(
    State(state): State<AppState>,
    scope: Scope,
    device: Device,
    Valid(input): Valid<ChangeEmailRequest>,
) -> Result<StatusCode, Problem> {
    let email: Email = input
        .email
        .parse()
        .map_err(|error| invalid("email", &error))?;
    let addresses = state.identity.addresses();
    addresses
        .ask_change(&scope, &input.password, &email, &device)
        .await
        .map_err(|error| not_the_password("password", error))?;
    Ok(StatusCode::ACCEPTED)
}

#[utoipa::path(
    post, path = "/api/v1/email/confirm", tag = "identity",
    request_body = ConfirmRequest,
    responses((status = 200, description = "What the link was for has happened.", body = ConfirmedView))
)]
pub(crate) async fn confirm(
    State(state): State<AppState>,
    tenant: Tenant,
    Valid(input): Valid<ConfirmRequest>,
) -> Result<Json<ConfirmedView>, Problem> {
    let addresses = state.identity.addresses();
    let confirmed = addresses.confirm(&tenant, &input.token).await?;
    Ok(Json(ConfirmedView {
        confirmed: match confirmed {
            Confirmed::Change => "change",
            _ => "address",
        },
    }))
}

#[utoipa::path(
    post, path = "/api/v1/me/deactivate", tag = "identity",
    request_body = PasswordRequest,
    responses((status = 204, description = "Nobody can sign in with the account until its password is reset."))
)]
pub(crate) async fn deactivate(
    State(state): State<AppState>,
    scope: Scope,
    device: Device,
    Valid(input): Valid<PasswordRequest>,
) -> Result<StatusCode, Problem> {
    let closures = state.identity.closures();
    closures
        .deactivate(&scope, &input.password, &device)
        .await
        .map_err(|error| not_the_password("password", error))?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    delete, path = "/api/v1/me", tag = "identity",
    request_body = PasswordRequest,
    responses((status = 204, description = "The account is deleted, with its memberships in all tenants."))
)]
pub(crate) async fn delete(
    State(state): State<AppState>,
    scope: Scope,
    device: Device,
    Valid(input): Valid<PasswordRequest>,
) -> Result<StatusCode, Problem> {
    let closures = state.identity.closures();
    closures
        .delete(
            &scope,
            &input.password,
            &device,
            &RolesOf(state.roles.clone()),
        )
        .await
        .map_err(|problem| match problem.code() {
            Code::CREDENTIALS_INVALID => invalid("password", &"is not the password"),
            _ => problem,
        })?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the starter takes from a person who leaves a tenant. It refuses for the last owner.
struct RolesOf(Roles);

#[async_trait]
impl Leave for RolesOf {
    type Error = Problem;

    async fn leave(&self, tx: &mut TenantTx, user: UserId) -> Result<(), Problem> {
        Ok(self.0.remove_all(tx, user).await?)
    }
}
