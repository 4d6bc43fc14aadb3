//! Passwords that are changed, and passwords that are forgotten.

use axum::extract::State;
use garde::Validate;
use http::StatusCode;
use saas_auth::{Device, Error as AuthError};
use saas_core::{Problem, Secret};
use saas_tenancy::{Scope, Tenant};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{signup::invalid, state::AppState, validate::Valid};

/// A new password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePasswordRequest {
    #[garde(skip)]
    #[schema(value_type = String, format = Password)]
    current: Secret<String>,
    /// 8 characters at least.
    #[garde(skip)]
    #[schema(value_type = String, format = Password)]
    new: Secret<String>,
}

/// Whose password is forgotten.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPasswordRequest {
    #[garde(skip)]
    email: String,
}

/// A password in the place of a forgotten one.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPasswordRequest {
    /// The one of the link.
    #[garde(skip)]
    #[schema(value_type = String)]
    token: Secret<String>,
    /// 8 characters at least.
    #[garde(skip)]
    #[schema(value_type = String, format = Password)]
    password: Secret<String>,
}

#[utoipa::path(
    put, path = "/api/v1/me/password", tag = "identity",
    request_body = ChangePasswordRequest,
    responses((status = 204, description = "The password is changed, and every sign-in of the caller has ended."))
)]
pub(crate) async fn change(
    State(state): State<AppState>,
    scope: Scope,
    device: Device,
    Valid(input): Valid<ChangePasswordRequest>,
) -> Result<StatusCode, Problem> {
    let changes = state.identity.password_changes();
    changes
        .change(&scope, &input.current, &input.new, &device)
        .await
        .map_err(|error| match error {
            AuthError::InvalidPassword(why) => invalid("new", &why),
            error => not_the_password("current", error),
        })?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    post, path = "/api/v1/password/forgot", tag = "identity",
    request_body = ForgotPasswordRequest,
    responses((status = 202, description = "If a member of the tenant has this address, a letter is on its way."))
)]
pub(crate) async fn forgot(
    State(state): State<AppState>,
    tenant: Tenant,
    device: Device,
    Valid(input): Valid<ForgotPasswordRequest>,
) -> Result<StatusCode, Problem> {
    // What is no address is nobody's, like many that are.
    if let Ok(email) = input.email.parse() {
        let changes = state.identity.password_changes();
        changes.ask(&tenant, &email, &device).await?;
    }
    Ok(StatusCode::ACCEPTED)
}

#[utoipa::path(
    post, path = "/api/v1/password/reset", tag = "identity",
    request_body = ResetPasswordRequest,
    responses((status = 204, description = "The password is set, and every sign-in of its holder has ended."))
)]
pub(crate) async fn reset(
    State(state): State<AppState>,
    tenant: Tenant,
    Valid(input): Valid<ResetPasswordRequest>,
) -> Result<StatusCode, Problem> {
    let changes = state.identity.password_changes();
    let reset = changes.reset(&tenant, &input.token, &input.password);
    reset.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says of a caller's wrong password which field it stood in: the request as such is signed in.
pub(crate) fn not_the_password(field: &str, error: AuthError) -> Problem {
    match error {
        AuthError::Credentials => invalid(field, &"is not the password"),
        error => error.into(),
    }
}
