//! The passkeys of the caller (WebAuthn).
//!
//! A program on a page of its own needs its origin in `auth.passkeys.origins`.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use http::StatusCode;
use saas_auth::mfa::{Factor, FactorKind, PasskeyAnswer, SecondFactors, SteppedUp};
use saas_core::{
    Code, Id, Problem,
    edge::{Json, Path},
};
use saas_tenancy::Scope;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    mfa::{CodesView, FactorView},
    once::Once,
    state::AppState,
    validate::{Valid, plain},
};

/// The passkeys of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyList {
    items: Vec<FactorView>,
}

/// What a passkey is called.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyName {
    #[garde(length(chars, min = 1, max = 100), custom(plain))]
    name: String,
}

/// What the browser is told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyView {
    #[schema(value_type = String)]
    id: Id<Factor>,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` and `navigator.credentials.create`.
    #[schema(value_type = Object)]
    options: Value,
}

#[utoipa::path(
    get, path = "/api/v1/me/passkeys", tag = "identity",
    responses((status = 200, description = "The passkeys of the caller.", body = PasskeyList))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    scope: Scope,
) -> Result<Json<PasskeyList>, Problem> {
    let user = scope.principal().ok_or(Code::UNAUTHENTICATED)?.subject();
    let all = state.identity.second_factors().list(user).await?;
    let items = all.into_iter().filter(is_passkey);
    let items = items.filter(|factor| factor.confirmed_at.is_some());
    Ok(Json(PasskeyList {
        items: items.map(FactorView::from).collect(),
    }))
}

#[utoipa::path(
    post, path = "/api/v1/me/passkeys", tag = "identity",
    request_body = PasskeyName,
    responses((status = 201, description = "What the browser is told; the passkey counts once its answer has come, within five minutes.", body = PasskeyView))
)]
pub(crate) async fn begin(
    State(state): State<AppState>,
    scope: Scope,
    Valid(input): Valid<PasskeyName>,
) -> Result<Response, Problem> {
    let factors = state.identity.second_factors();
    let who = factors.stepped_up(&scope).await?;
    let begun = factors.enrol_passkey(&who, &input.name).await?;
    let view = PasskeyView {
        id: begun.factor(),
        options: serde_json::from_str(begun.options()).map_err(|_| Code::INTERNAL)?,
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

#[utoipa::path(
    post, path = "/api/v1/me/passkeys/{id}", tag = "identity",
    params(("id" = String, Path)),
    request_body(content = Object, description = "What the browser gave: `PublicKeyCredential.toJSON()`."),
    responses((status = 200, description = "It counts from now on. With the first factor come recovery codes.", body = CodesView))
)]
pub(crate) async fn finish(
    State(state): State<AppState>,
    scope: Scope,
    Path(factor): Path<Id<Factor>>,
    Json(input): Json<Value>,
) -> Result<Once<CodesView>, Problem> {
    let factors = state.identity.second_factors();
    let who = factors.stepped_up(&scope).await?;
    let answer = PasskeyAnswer::try_from(input)?;
    let codes = factors.confirm_passkey(&who, factor, &answer).await?;
    Ok(Once(CodesView::new(codes.as_ref())))
}

#[utoipa::path(
    patch, path = "/api/v1/me/passkeys/{id}", tag = "identity",
    params(("id" = String, Path)),
    request_body = PasskeyName,
    responses((status = 204, description = "It has the name."))
)]
pub(crate) async fn rename(
    State(state): State<AppState>,
    scope: Scope,
    Path(factor): Path<Id<Factor>>,
    Valid(input): Valid<PasskeyName>,
) -> Result<StatusCode, Problem> {
    let factors = state.identity.second_factors();
    let who = factors.stepped_up(&scope).await?;
    has(factors, &who, factor).await?;
    match factors.rename(&who, factor, &input.name).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Code::NOT_FOUND.into()),
    }
}

#[utoipa::path(
    delete, path = "/api/v1/me/passkeys/{id}", tag = "identity",
    params(("id" = String, Path)),
    responses((status = 204, description = "The passkey is gone; with the last factor the recovery codes."))
)]
pub(crate) async fn remove(
    State(state): State<AppState>,
    scope: Scope,
    Path(factor): Path<Id<Factor>>,
) -> Result<StatusCode, Problem> {
    let factors = state.identity.second_factors();
    let who = factors.stepped_up(&scope).await?;
    has(factors, &who, factor).await?;
    match factors.remove(&who, factor).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Code::NOT_FOUND.into()),
    }
}

/// Makes sure that a factor of the caller is a passkey.
async fn has(factors: &SecondFactors, who: &SteppedUp, id: Id<Factor>) -> Result<(), Problem> {
    let all = factors.list(who.user()).await?;
    let found = all
        .iter()
        .any(|factor| factor.id == id && is_passkey(factor));
    found.then_some(()).ok_or_else(|| Code::NOT_FOUND.into())
}

fn is_passkey(factor: &Factor) -> bool {
    factor.kind == FactorKind::Passkey
}
