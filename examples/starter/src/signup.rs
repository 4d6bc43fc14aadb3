//! Sign-up: a tenant and its owner, in one transaction.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use http::StatusCode;
use saas_auth::{
    Account, Device, Email, Error as AuthError, Membership, NewMembership, PasswordHash,
};
use saas_core::{Code, Problem, Secret, TenantId, UserId, edge::Json};
use saas_rbac::Presets;
use saas_tenancy::{NewTenant, Reason, Slug, SystemScope, Tenant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    state::AppState,
    validate::{Valid, plain},
};

/// Creates a tenant and its owner.
pub(crate) struct SignUp;

impl Reason for SignUp {
    const NAME: &'static str = "sign-up";
    const WHY: &'static str =
        "a sign-up creates the tenant, and the account that will be its owner";
}

/// A tenant and its owner to create.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUpRequest {
    #[garde(dive)]
    tenant: TenantRequest,
    #[garde(dive)]
    owner: OwnerRequest,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantRequest {
    /// 2 to 63 characters a-z, 0-9 and inner hyphens.
    #[garde(skip)]
    slug: String,
    /// 1 to 200 characters.
    #[garde(length(chars, min = 1, max = 200), custom(plain))]
    name: String,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerRequest {
    #[garde(skip)]
    email: String,
    /// 8 characters at least. Whoever has an account already gives its password.
    #[garde(skip)]
    #[schema(value_type = String, format = Password)]
    password: Secret<String>,
    /// 1 to 200 characters.
    #[garde(length(chars, min = 1, max = 200), custom(plain))]
    name: String,
}

/// What was created.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignUpView {
    pub(crate) tenant: TenantView,
    pub(crate) user: UserView,
}

/// A tenant as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantView {
    id: TenantId,
    slug: String,
    name: String,
}

/// A person as shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
}

impl From<&Tenant> for TenantView {
    fn from(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id(),
            slug: tenant.slug().to_string(),
            name: tenant.name().to_owned(),
        }
    }
}

impl From<Membership> for UserView {
    fn from(member: Membership) -> Self {
        Self {
            id: member.user(),
            email: member.email,
            name: member.name,
        }
    }
}

#[utoipa::path(
    post, path = "/api/v1/signup", tag = "identity",
    request_body = SignUpRequest,
    responses((status = 201, description = "The tenant and its owner.", body = SignUpView))
)]
pub(crate) async fn sign_up(
    State(state): State<AppState>,
    device: Device,
    Valid(input): Valid<SignUpRequest>,
) -> Result<Response, Problem> {
    let SignUpRequest { tenant, owner } = input;
    let slug: Slug = tenant
        .slug
        .parse()
        .map_err(|error| invalid("tenant.slug", &error))?;
    let email: Email = owner
        .email
        .parse()
        .map_err(|error| invalid("owner.email", &error))?;
    let created = create(
        &state,
        NewTenant::new(slug, tenant.name),
        &email,
        &owner.password,
        owner.name,
        &device,
    )
    .await?;
    Ok((StatusCode::CREATED, Json(created)).into_response())
}

/// Creates the tenant and its owner. Passwords are hashed and checked before the transaction begins,
/// because they take long.
pub(crate) async fn create(
    state: &AppState,
    tenant: NewTenant,
    email: &Email,
    password: &Secret<String>,
    name: String,
    device: &Device,
) -> Result<SignUpView, Problem> {
    let owner = match state.identity.accounts().by_email(email).await? {
        Some(account) => prove(state, account, password, device).await?,
        None => {
            let context = [email.as_str(), &name, tenant.slug.as_str()];
            Owner::New(hash(state, "owner.password", password, &context).await?)
        }
    };
    let scope = SystemScope::<SignUp>::enter();
    let mut tx = state.database.system_write(&scope);
    let tenant = state.registry.create(&mut tx, tenant).await?;
    let user = match &owner {
        Owner::Known(account) => {
            let accounts = state.identity.accounts();
            accounts.unchanged(&mut tx, account).await?;
            account.id()
        }
        Owner::New(hash) => {
            state
                .identity
                .accounts()
                .create(&mut tx, email, hash)
                .await?
        }
    };
    let mut tx = tx.into_scope(&scope.within(&tenant)).await?;
    let member = NewMembership::new(email.to_string(), name);
    let member = tx
        .repo::<Membership>()
        .insert_as(Membership::id_of(user), member)
        .await?;
    // One that is verified gets no letter.
    let addresses = state.identity.addresses();
    addresses.ask_verification(&mut tx, user).await?;
    state
        .roles
        .set(&mut tx, user, &[Presets::OWNER.to_owned()])
        .await?;
    tx.commit().await?;
    Ok(SignUpView {
        tenant: TenantView::from(&tenant),
        user: member.into(),
    })
}

enum Owner {
    Known(Box<Account>),
    New(PasswordHash),
}

/// Somebody with an account proves to be its holder by its password.
async fn prove(
    state: &AppState,
    account: Account,
    password: &Secret<String>,
    device: &Device,
) -> Result<Owner, Problem> {
    let proven = state.identity.sign_ins();
    match proven.prove(&account, password, device).await {
        // Whoever gave a password that he chose for somebody else would know that of the new tenant.
        Ok(()) if account.is_provisional() => Err(Problem::new(Code::PASSWORD_PROVISIONAL)),
        Ok(()) => Ok(Owner::Known(Box::new(account))),
        Err(AuthError::Credentials) => Err(Problem::new(Code::EMAIL_TAKEN)),
        Err(error) => Err(error.into()),
    }
}

/// Checks and hashes a new password, which may not be made of what stands in `context`.
pub(crate) async fn hash(
    state: &AppState,
    field: &str,
    password: &Secret<String>,
    context: &[&str],
) -> Result<PasswordHash, Problem> {
    let passwords = state.identity.passwords();
    let password = passwords.check(password, context).await;
    let password = password.map_err(|error| match error {
        AuthError::InvalidPassword(why) => invalid(field, &why),
        error => error.into(),
    })?;
    Ok(passwords.hash(&password).await?)
}

/// Says which field is wrong, and why.
pub(crate) fn invalid(field: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::new(Code::VALIDATION).field(field, error.to_string())
}
