//! The password of the caller.

use axum::extract::State;
use garde::Validate;
use http::StatusCode;
use saas_auth::Device;
use saas_core::{Code, Problem, Secret};
use saas_tenancy::Scope;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{signup::hash, state::AppState, validate::Valid};

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
    let principal = scope.principal().ok_or(Code::UNAUTHENTICATED)?;
    let account = state.identity.accounts().by_id(principal.subject()).await?;
    let account = account.ok_or(Code::UNAUTHENTICATED)?;
    state
        .identity
        .sign_ins()
        .prove(&account, &input.current, &device)
        .await
        .map_err(|error| match error {
            saas_auth::Error::Credentials => {
                Problem::new(Code::VALIDATION).field("current", "is not the password")
            }
            error => error.into(),
        })?;
    let new = hash(&state, "new", &input.new, &[account.email()]).await?;
    state
        .identity
        .accounts()
        .set_password(&account, &new)
        .await?;
    state
        .identity
        .sessions()
        .end_everywhere(account.id(), None)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
