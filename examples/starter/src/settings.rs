//! What the tenant sets for itself.

use async_trait::async_trait;
use axum::extract::{Extension, State};
use saas_auth::oauth::TenantNetworks;
use saas_core::{ClientAddress, Code, FieldError, Problem, edge::Json};
use saas_edge::network::{Networks, TenantNetworkLayer};
use saas_tenancy::{Scope, Tenant, TenantTx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::state::AppState;

/// All settings of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettingsView {
    networks: NetworksView,
}

/// From where people and programs may use the tenant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NetworksView {
    /// Addresses and networks that are let in; all, when there is none. Up to 200.
    #[serde(default)]
    allow: Vec<String>,
    /// Those that are not, also where `allow` names them. Up to 200.
    #[serde(default)]
    deny: Vec<String>,
}

impl From<Networks> for NetworksView {
    fn from(Networks { allow, deny, .. }: Networks) -> Self {
        Self {
            allow: allow.iter().map(ToString::to_string).collect(),
            deny: deny.iter().map(ToString::to_string).collect(),
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/settings", tag = "members",
    responses((status = 200, description = "The settings, or their defaults.", body = SettingsView))
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    scope: Scope,
) -> Result<Json<SettingsView>, Problem> {
    let networks = state.settings.get::<Networks>(&scope).await?;
    let networks = networks.into();
    Ok(Json(SettingsView { networks }))
}

#[utoipa::path(
    put, path = "/api/v1/settings/networks", tag = "members",
    request_body = NetworksView,
    responses((status = 200, description = "They hold from now on, on every instance within a second.", body = NetworksView))
)]
pub(crate) async fn set_networks(
    State(state): State<AppState>,
    client: Option<Extension<ClientAddress>>,
    mut tx: TenantTx,
    Json(input): Json<NetworksView>,
) -> Result<Json<NetworksView>, Problem> {
    let invalid =
        |FieldError { field, message, .. }| Problem::new(Code::VALIDATION).field(field, message);
    let networks = Networks::parse(&input.allow, &input.deny).map_err(invalid)?;
    // Nobody could take it back from where it was set.
    if client.is_some_and(|Extension(client)| !networks.permits(client)) {
        let message = "would shut out the address that this request comes from";
        return Err(invalid(FieldError::new("allow", message)));
    }
    state.settings.set(&mut tx, &networks).await?;
    Ok(Json(networks.into()))
}

/// The networks of tenants, for tokens that come where the address names no tenant.
#[derive(Debug)]
pub(crate) struct NetworksOfTenants(pub(crate) TenantNetworkLayer);

#[async_trait]
impl TenantNetworks for NetworksOfTenants {
    async fn check(&self, tenant: &Tenant, client: ClientAddress) -> Result<(), Problem> {
        self.0.check(tenant, client).await
    }
}
