//! What is asked, and of whom.

use std::{net::SocketAddr, sync::Arc};

use axum::extract::ConnectInfo;
use http::request::Parts;
use saas_core::{ClientAddress, Code, Problem};
use saas_tenancy::{
    Admission, Reason, Scope, SystemScope, Tenant,
    resolve::{self, ResolveConfig},
};
use tower_layer::Layer;

use super::{NetworkService, Networks, TenantNetworkService};
use crate::settings::Settings;

/// Lets requests in from the networks that the configuration names, with `network-refused` for all others.
///
/// It stands outside of everything that reads a body or looks something up, and so it finds out by itself who is asking,
/// from the peer and the proxies that are trusted. A request of which the peer is not known, because it came over no
/// socket, is let in.
#[derive(Debug, Clone)]
pub struct NetworkLayer {
    networks: Arc<Networks>,
    resolve: Arc<ResolveConfig>,
}

impl NetworkLayer {
    /// Makes the layer. The proxies that are trusted are those of the resolution of tenants.
    #[must_use]
    pub fn new(networks: Networks, resolve: ResolveConfig) -> Self {
        Self {
            networks: Arc::new(networks),
            resolve: Arc::new(resolve),
        }
    }

    pub(super) fn refusal(&self, parts: &Parts) -> Option<Problem> {
        if self.networks.is_open() {
            return None;
        }
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        let client = resolve::client_address(&self.resolve, &parts.headers, peer.ip());
        refusal(&self.networks, client)
    }
}

impl<S> Layer<S> for NetworkLayer {
    type Service = NetworkService<S>;

    fn layer(&self, inner: S) -> NetworkService<S> {
        NetworkService {
            inner,
            layer: self.clone(),
        }
    }
}

/// Lets requests in from the networks that their tenant has [set](super::Networks), with `network-refused` for all
/// others: also of those who are about to sign in to it, and of programs.
///
/// It stands inside of the admission. Requests without a tenant are let in. A handler that finds the tenant by itself, as
/// those of signed addresses and links to files, asks [`check`](Self::check); so does the authorization server for refresh
/// tokens and userinfo, where it was told of it (`saas_auth::IdentityBuilder::networks`).
#[derive(Debug, Clone)]
pub struct TenantNetworkLayer {
    settings: Settings,
}

/// Reads from where a tenant is used, for those who have not signed in to it.
#[derive(Debug)]
struct ReadNetworks;

impl Reason for ReadNetworks {
    const NAME: &'static str = "read-networks";
    const WHY: &'static str =
        "the networks that a tenant lets in hold for whoever is about to sign in to it, too";
    const ROUTINE: bool = true;
}

impl TenantNetworkLayer {
    /// Makes the layer.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Finds whose networks hold for a request, and from where it comes.
    pub(super) fn asked(parts: &Parts) -> Option<(Scope, ClientAddress)> {
        let client = *parts.extensions.get::<ClientAddress>()?;
        if let Some(Admission::Admitted(scope)) = parts.extensions.get() {
            return Some((scope.clone(), client));
        }
        let tenant = parts.extensions.get::<Tenant>()?;
        Some((entering(tenant), client))
    }

    /// Asks for a request of which the tenant was found later than where the layer stands.
    ///
    /// # Errors
    ///
    /// `network-refused`; or `unavailable`, when what the tenant has set cannot be read.
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn check(&self, tenant: &Tenant, client: ClientAddress) -> Result<(), Problem> {
        let refusal = self.refusal(&entering(tenant), client).await;
        refusal.map_or(Ok(()), Err)
    }

    /// Decides by what is in memory, if it is.
    pub(super) fn known(&self, scope: &Scope, client: ClientAddress) -> Option<Option<Problem>> {
        Some(match self.settings.known::<Networks>(scope)? {
            Ok(networks) => refusal(&networks, client),
            Err(problem) => Some(problem),
        })
    }

    pub(super) async fn refusal(&self, scope: &Scope, client: ClientAddress) -> Option<Problem> {
        match self.settings.get::<Networks>(scope).await {
            Ok(networks) => refusal(&networks, client),
            Err(problem) => Some(problem),
        }
    }
}

impl<S> Layer<S> for TenantNetworkLayer {
    type Service = TenantNetworkService<S>;

    fn layer(&self, inner: S) -> TenantNetworkService<S> {
        TenantNetworkService {
            inner,
            layer: self.clone(),
        }
    }
}

fn entering(tenant: &Tenant) -> Scope {
    SystemScope::<ReadNetworks>::enter().within(tenant)
}

fn refusal(networks: &Networks, client: ClientAddress) -> Option<Problem> {
    if networks.permits(client) {
        return None;
    }
    tracing::info!(client = %client.ip(), "a request came from a network that is not let in");
    Some(Problem::new(Code::NETWORK_REFUSED))
}
