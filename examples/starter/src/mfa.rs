//! Second factors: the caller's own, and what the tenant asks of its members.

use async_trait::async_trait;
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use http::StatusCode;
use saas_auth::mfa::{Factor, MemberRoles, MfaRule, RecoveryCodes, Requirement};
use saas_core::{
    Code, Id, Problem, Secret, Timestamp, UserId,
    edge::{Json, Path},
};
use saas_rbac::{Authorizer, Subject};
use saas_tenancy::{Scope, Tenant, TenantTx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    members::may_decide_about,
    once::Once,
    state::AppState,
    validate::{Valid, plain},
};

/// A second factor of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FactorView {
    #[schema(value_type = String)]
    id: Id<Factor>,
    #[schema(example = "totp")]
    kind: &'static str,
    name: String,
    created_at: Timestamp,
    seen_at: Option<Timestamp>,
}

impl From<Factor> for FactorView {
    fn from(factor: Factor) -> Self {
        Self {
            id: factor.id,
            kind: factor.kind.name(),
            name: factor.name,
            created_at: factor.created_at,
            seen_at: factor.seen_at,
        }
    }
}

/// The second factors of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FactorList {
    items: Vec<FactorView>,
    /// How many recovery codes are left.
    recovery_codes: usize,
}

/// An app for codes that is to be set up.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTotp {
    #[garde(length(chars, min = 1, max = 100), custom(plain))]
    name: String,
}

/// What the app is told, once.
#[derive(Serialize, ToSchema)]
pub(crate) struct TotpView {
    #[schema(value_type = String)]
    id: Id<Factor>,
    /// The key in base32, for typing.
    secret: String,
    /// The address for a QR code.
    otpauth_uri: String,
}

/// A code of the app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpCode {
    #[schema(value_type = String, example = "123456")]
    code: Secret<String>,
}

/// Recovery codes, shown once; none when the caller has some already.
#[derive(Serialize, ToSchema)]
pub(crate) struct CodesView {
    recovery_codes: Vec<String>,
}

impl CodesView {
    pub(crate) fn new(codes: Option<&RecoveryCodes>) -> Self {
        let codes = codes.map(RecoveryCodes::expose).unwrap_or_default();
        Self {
            recovery_codes: codes.iter().map(|code| code.expose().clone()).collect(),
        }
    }
}

/// A rule: what is asked of everybody, or of a role.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleView {
    #[serde(default)]
    role: Option<String>,
    #[schema(value_type = String, example = "required")]
    requirement: Requirement,
    /// How many seconds those have to enrol who have nothing that fulfils it.
    #[serde(default)]
    grace: u32,
}

/// What the tenant asks of its members.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleList {
    rules: Vec<RuleView>,
}

#[utoipa::path(
    get, path = "/api/v1/me/factors", tag = "identity",
    responses((status = 200, description = "The second factors of the caller.", body = FactorList))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    scope: Scope,
) -> Result<Json<FactorList>, Problem> {
    let user = scope.principal().ok_or(Code::UNAUTHENTICATED)?.subject();
    let factors = state.identity.second_factors();
    let all = factors.list(user).await?.into_iter();
    let confirmed = all.filter(|factor| factor.confirmed_at.is_some());
    Ok(Json(FactorList {
        items: confirmed.map(FactorView::from).collect(),
        recovery_codes: factors.codes_left(user).await?,
    }))
}

#[utoipa::path(
    post, path = "/api/v1/me/totp", tag = "identity",
    request_body = NewTotp,
    responses((status = 201, description = "What the app is told; it counts once a code of it has come.", body = TotpView))
)]
pub(crate) async fn enrol(
    State(state): State<AppState>,
    scope: Scope,
    Valid(input): Valid<NewTotp>,
) -> Result<Response, Problem> {
    let factors = state.identity.second_factors();
    let who = factors.stepped_up(&scope).await?;
    let enrolment = factors.enrol_totp(&who, &input.name).await?;
    let view = TotpView {
        id: enrolment.factor(),
        secret: enrolment.secret().expose().clone(),
        otpauth_uri: enrolment.uri().expose().clone(),
    };
    Ok((StatusCode::CREATED, Once(view)).into_response())
}

#[utoipa::path(
    post, path = "/api/v1/me/totp/{id}", tag = "identity",
    params(("id" = String, Path)),
    request_body = TotpCode,
    responses((status = 200, description = "It counts from now on. With the first one come recovery codes.", body = CodesView))
)]
pub(crate) async fn confirm(
    State(state): State<AppState>,
    scope: Scope,
    Path(factor): Path<Id<Factor>>,
    Json(input): Json<TotpCode>,
) -> Result<Once<CodesView>, Problem> {
    let factors = state.identity.second_factors();
    let who = factors.stepped_up(&scope).await?;
    let codes = factors.confirm_totp(&who, factor, &input.code).await?;
    Ok(Once(CodesView::new(codes.as_ref())))
}

#[utoipa::path(
    delete, path = "/api/v1/me/factors/{id}", tag = "identity",
    params(("id" = String, Path)),
    responses((status = 204, description = "The factor is gone; with the last one the recovery codes."))
)]
pub(crate) async fn remove(
    State(state): State<AppState>,
    scope: Scope,
    Path(factor): Path<Id<Factor>>,
) -> Result<StatusCode, Problem> {
    let factors = state.identity.second_factors();
    let who = factors.stepped_up(&scope).await?;
    match factors.remove(&who, factor).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Code::NOT_FOUND.into()),
    }
}

#[utoipa::path(
    post, path = "/api/v1/me/recovery-codes", tag = "identity",
    responses((status = 200, description = "New recovery codes; those before are worth nothing.", body = CodesView))
)]
pub(crate) async fn renew_codes(
    State(state): State<AppState>,
    scope: Scope,
) -> Result<Once<CodesView>, Problem> {
    let factors = state.identity.second_factors();
    let who = factors.stepped_up(&scope).await?;
    let codes = factors.renew_codes(&who).await?;
    Ok(Once(CodesView::new(Some(&codes))))
}

#[utoipa::path(
    delete, path = "/api/v1/members/{id}/factors", tag = "members",
    params(("id" = String, Path)),
    responses((status = 204, description = "The person has no second factor any more, and is told by mail."))
)]
pub(crate) async fn reset(
    State(state): State<AppState>,
    scope: Scope,
    mut tx: TenantTx,
    Path(user): Path<UserId>,
) -> Result<StatusCode, Problem> {
    state.roles.lock(&mut tx).await?;
    may_decide_about(&state, &mut tx, user).await?;
    // What follows has a transaction of its own.
    tx.rollback().await?;
    state.identity.second_factors().reset(&scope, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    get, path = "/api/v1/mfa-rules", tag = "members",
    responses((status = 200, description = "What the tenant asks of its members.", body = RuleList))
)]
pub(crate) async fn rules(
    State(state): State<AppState>,
    mut tx: TenantTx,
) -> Result<Json<RuleList>, Problem> {
    let rules = state.identity.second_factors().rules(&mut tx).await?;
    Ok(Json(RuleList {
        rules: rules
            .into_iter()
            .map(|rule| RuleView {
                role: rule.role,
                requirement: rule.requirement,
                grace: rule.grace,
            })
            .collect(),
    }))
}

#[utoipa::path(
    put, path = "/api/v1/mfa-rules", tag = "members",
    request_body = RuleList,
    responses((status = 200, description = "What the tenant asks from now on, of those who are signed in, too.", body = RuleList))
)]
pub(crate) async fn set_rules(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Json(input): Json<RuleList>,
) -> Result<Json<RuleList>, Problem> {
    let rules: Vec<_> = input
        .rules
        .iter()
        .map(|rule| MfaRule {
            role: rule.role.clone(),
            requirement: rule.requirement,
            grace: rule.grace,
        })
        .collect();
    let factors = state.identity.second_factors();
    factors.set_rules(&mut tx, &rules).await?;
    Ok(Json(input))
}

/// The roles of members, for rules about roles.
#[derive(Debug)]
pub(crate) struct RolesOfMembers(pub(crate) Authorizer);

#[async_trait]
impl MemberRoles for RolesOfMembers {
    async fn roles(
        &self,
        tenant: &Tenant,
        user: UserId,
    ) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.roles_of(tenant, Subject::User(user)).await?)
    }
}
