//! Tenants and people sign up.

use axum::extract::State;
use http::StatusCode;
use saas_auth::{Email, InvalidEmail, Membership, NewMembership};
use saas_core::{Code, Problem, Secret, edge::Json};
use saas_rbac::Presets;
use saas_tenancy::{NewTenant, Reason, Slug, SystemScope};
use serde::Deserialize;

use crate::app::App;

/// Creates a tenant and its owner.
pub struct SignUp;

impl Reason for SignUp {
    const NAME: &'static str = "sign-up";
    const WHY: &'static str =
        "a sign-up creates the tenant, and the account that will be its owner";
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignUpRequest {
    slug: Slug,
    company: String,
    email: String,
    name: String,
    password: Secret<String>,
}

pub async fn sign_up(
    State(app): State<App>,
    Json(input): Json<SignUpRequest>,
) -> Result<StatusCode, Problem> {
    let email = email(&input.email)?;
    // Passwords take long, so they come before the transaction.
    let passwords = app.identity.passwords();
    let context = [email.as_str(), &input.name, input.slug.as_str()];
    let password = passwords.check(&input.password, &context).await?;
    let hash = passwords.hash(&password).await?;

    let scope = SystemScope::<SignUp>::enter();
    let mut tx = app.database.system_write(&scope);
    let tenant = app
        .registry
        .create(&mut tx, NewTenant::new(input.slug, input.company))
        .await?;
    let user = app
        .identity
        .accounts()
        .create(&mut tx, &email, &hash)
        .await?;
    // From here on the transaction sees the new tenant and nothing else.
    let mut tx = tx.into_scope(&scope.within(&tenant)).await?;
    let member = NewMembership::new(email.to_string(), input.name);
    tx.repo::<Membership>()
        .insert_as(Membership::id_of(user), member)
        .await?;
    app.roles
        .set(&mut tx, user, &[Presets::OWNER.to_owned()])
        .await?;
    tx.commit().await?;
    Ok(StatusCode::CREATED)
}

pub fn email(text: &str) -> Result<Email, Problem> {
    let wrong =
        |error: InvalidEmail| Problem::new(Code::VALIDATION).field("email", error.to_string());
    text.parse().map_err(wrong)
}
