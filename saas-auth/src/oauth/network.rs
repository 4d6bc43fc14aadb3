//! From where a tenant is used, for requests whose token names the tenant.

use std::{fmt, net::IpAddr};

use async_trait::async_trait;
use saas_core::{ClientAddress, Problem, TenantId};
use saas_tenancy::Tenant;

use crate::{Error, Identity};

/// Decides from where a tenant is used: this crate knows no networks.
///
/// A layer that stands where the tenant of the address is known does not see that a refresh token, or the access token
/// for userinfo, is of a tenant which the address does not name. They are asked about here, before anything of them is
/// used up.
#[async_trait]
pub trait TenantNetworks: Send + Sync + fmt::Debug {
    /// Lets a client in to a tenant, or does not.
    ///
    /// # Errors
    ///
    /// The answer to whoever is not let in; or `unavailable`, when what the tenant has set cannot be read.
    async fn check(&self, tenant: &Tenant, client: ClientAddress) -> Result<(), Problem>;
}

impl Identity {
    /// Asks for a request that names its tenant by a token alone. Who came over no socket is let in.
    pub(super) async fn check_network(
        &self,
        tenant: TenantId,
        client: Option<IpAddr>,
    ) -> Result<(), Problem> {
        let (Some(networks), Some(client)) = (self.networks(), client) else {
            return Ok(());
        };
        let tenant = self.registry().by_id(tenant).await.map_err(Error::from)?;
        // What it comes to without a tenant is for others to say.
        let Some(tenant) = tenant else { return Ok(()) };
        networks.check(&tenant, ClientAddress::new(client)).await
    }
}
