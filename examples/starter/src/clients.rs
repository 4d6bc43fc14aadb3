//! The programs that the tenant has registered.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header};
use saas_auth::oauth::{AuthMethod, Client, ClientPatch, GrantType, NewClient, Registered};
use saas_core::{
    Code, Id, Problem, Timestamp,
    edge::{ETag, IfMatch, Json, Path},
};
use saas_rbac::Subject;
use saas_tenancy::TenantTx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{once::Once, state::AppState};

/// A program to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewClientRequest {
    /// What people are shown.
    name: String,
    /// Whether it runs on the devices of people (RFC 8252).
    #[serde(default)]
    native: bool,
    /// Where people are sent back to, letter by letter.
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// Where people may be sent after they have signed out.
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    /// `authorization_code` and `refresh_token` when left out.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    grants: Option<Vec<GrantType>>,
    /// The permissions that it may be given.
    #[serde(default)]
    scopes: Vec<String>,
    /// How it proves who it is: `none` when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    auth_method: AuthMethod,
    /// Its public keys (RFC 7517), when it signs.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
    /// The roles that it has when it acts for itself.
    #[serde(default)]
    roles: Vec<String>,
}

/// What to change of a program; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
pub(crate) struct UpdateClientRequest {
    name: Option<String>,
    redirect_uris: Option<Vec<String>>,
    post_logout_redirect_uris: Option<Vec<String>>,
    #[schema(value_type = Option<Vec<String>>)]
    grants: Option<Vec<GrantType>>,
    scopes: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
    roles: Option<Vec<String>>,
}

/// A program as shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientView {
    /// Its `client_id`.
    id: String,
    name: String,
    native: bool,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    #[schema(value_type = Vec<String>)]
    grants: Vec<GrantType>,
    scopes: Vec<String>,
    #[schema(value_type = String)]
    auth_method: AuthMethod,
    roles: Vec<String>,
    version: i64,
    created_at: Option<Timestamp>,
}

/// A program that was just registered.
#[derive(Serialize, ToSchema)]
pub(crate) struct RegisteredView {
    #[serde(flatten)]
    client: ClientView,
    /// Its secret, when it has one. It is shown this once.
    secret: Option<String>,
}

/// The programs of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientList {
    items: Vec<ClientView>,
}

impl ClientView {
    fn new(client: Client, roles: Vec<String>) -> Self {
        Self {
            id: client.id,
            name: client.name,
            native: client.native,
            redirect_uris: client.redirect_uris,
            post_logout_redirect_uris: client.post_logout_redirect_uris,
            grants: client.grants,
            scopes: client.scopes,
            auth_method: client.auth_method,
            roles,
            version: client.version,
            created_at: client.created_at,
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/clients", tag = "clients",
    responses((status = 200, description = "The programs that the tenant has registered.", body = ClientList))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    mut tx: TenantTx,
) -> Result<Json<ClientList>, Problem> {
    let clients = state.identity.clients().list(&mut tx).await?;
    let mut items = Vec::with_capacity(clients.len());
    for client in clients {
        items.push(view(&state, &mut tx, client).await?);
    }
    Ok(Json(ClientList { items }))
}

#[utoipa::path(
    post, path = "/api/v1/clients", tag = "clients",
    request_body = NewClientRequest,
    responses((
        status = 201, description = "The program, with its secret, which is never shown again.", body = RegisteredView,
        headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version."))
    ))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Json(input): Json<NewClientRequest>,
) -> Result<Response, Problem> {
    let mut new = NewClient::new(input.name);
    new.native = input.native;
    new.redirect_uris = input.redirect_uris;
    new.post_logout_redirect_uris = input.post_logout_redirect_uris;
    if let Some(grants) = input.grants {
        new.grants = grants;
    }
    new.scopes = input.scopes;
    new.auth_method = input.auth_method;
    new.jwks = input.jwks;
    let registered = state.identity.clients().create(&mut tx, new).await?;
    if !input.roles.is_empty() {
        set_roles(&state, &mut tx, registered.client(), &input.roles).await?;
    }
    let location = format!("/api/v1/clients/{}", registered.client().id);
    let view = registered_view(&state, &mut tx, &registered).await?;
    let headers = ([(header::LOCATION, location)], ETag(1));
    Ok((StatusCode::CREATED, headers, Once(view)).into_response())
}

#[utoipa::path(
    get, path = "/api/v1/clients/{id}", tag = "clients",
    params(
        ("id" = String, Path),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the version that the caller has."),
    ),
    responses(
        (status = 200, description = "The program.", body = ClientView, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "The caller has this version."),
    )
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(id): Path<Id<Client>>,
) -> Result<Response, Problem> {
    let client = state.identity.clients().get(&mut tx, id).await?;
    let tag = ETag(client.version);
    let view = view(&state, &mut tx, client).await?;
    Ok((tag, Json(view)).into_response())
}

#[utoipa::path(
    patch, path = "/api/v1/clients/{id}", tag = "clients",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The version that the change is based on.")),
    request_body = UpdateClientRequest,
    responses((status = 200, description = "The program as it is now.", body = ClientView, headers(("ETag" = String, description = "Its version."))))
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(id): Path<Id<Client>>,
    version: IfMatch,
    Json(input): Json<UpdateClientRequest>,
) -> Result<Response, Problem> {
    let mut patch = ClientPatch::default();
    patch.name = input.name;
    patch.redirect_uris = input.redirect_uris;
    patch.post_logout_redirect_uris = input.post_logout_redirect_uris;
    patch.grants = input.grants;
    patch.scopes = input.scopes;
    patch.jwks = input.jwks;
    let clients = state.identity.clients();
    let before = clients.get(&mut tx, id).await?;
    may_act_as(&state, &mut tx, &before).await?;
    let client = clients
        .update(&mut tx, id, version.version(), patch)
        .await?;
    if let Some(roles) = input.roles {
        set_roles(&state, &mut tx, &client, &roles).await?;
    }
    let tag = ETag(client.version);
    let view = view(&state, &mut tx, client).await?;
    Ok((tag, Json(view)).into_response())
}

#[utoipa::path(
    post, path = "/api/v1/clients/{id}/secret", tag = "clients",
    params(("id" = String, Path)),
    responses((status = 200, description = "The program, with its new secret; the old one is worth nothing.", body = RegisteredView))
)]
pub(crate) async fn rotate_secret(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(id): Path<Id<Client>>,
) -> Result<Once<RegisteredView>, Problem> {
    let clients = state.identity.clients();
    let client = clients.get(&mut tx, id).await?;
    may_act_as(&state, &mut tx, &client).await?;
    let registered = clients.rotate_secret(&mut tx, id).await?;
    Ok(Once(registered_view(&state, &mut tx, &registered).await?))
}

#[utoipa::path(
    delete, path = "/api/v1/clients/{id}", tag = "clients",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "The program is gone, with every sign-in that was given to it."))
)]
pub(crate) async fn delete(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(id): Path<Id<Client>>,
    version: Option<IfMatch>,
) -> Result<StatusCode, Problem> {
    let expected = version.and_then(IfMatch::version);
    let clients = state.identity.clients();
    let client = clients.get(&mut tx, id).await?;
    state.roles.remove_all(&mut tx, account(&client)?).await?;
    clients.delete(&mut tx, id, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a program the roles that it has when it acts for itself; nobody gives what he lacks.
async fn set_roles(
    state: &AppState,
    tx: &mut TenantTx,
    client: &Client,
    roles: &[String],
) -> Result<(), Problem> {
    Ok(state.roles.set(tx, account(client)?, roles).await?)
}

/// Refuses who may not do what a program may: whoever changes how it proves itself can act as it.
async fn may_act_as(state: &AppState, tx: &mut TenantTx, client: &Client) -> Result<(), Problem> {
    // The roles that are looked at do not change before the program has.
    state.roles.lock(tx).await?;
    let held = state.roles.of(tx, account(client)?).await?;
    Ok(state.roles.may_give(tx, &held).await?)
}

/// Gives who a program is when it acts for itself.
fn account(client: &Client) -> Result<Subject, Problem> {
    let account = client.service_account().ok_or(Code::NOT_FOUND)?;
    Ok(Subject::ServiceAccount(account))
}

async fn view(state: &AppState, tx: &mut TenantTx, client: Client) -> Result<ClientView, Problem> {
    let roles = state.roles.of(tx, account(&client)?).await?;
    Ok(ClientView::new(client, roles))
}

async fn registered_view(
    state: &AppState,
    tx: &mut TenantTx,
    registered: &Registered,
) -> Result<RegisteredView, Problem> {
    Ok(RegisteredView {
        client: view(state, tx, registered.client().clone()).await?,
        secret: registered.secret().map(|secret| secret.expose().clone()),
    })
}
