//! From which networks requests are let in.

mod layer;
mod service;

use std::net::IpAddr;

use ipnet::IpNet;
use saas_core::{ClientAddress, FieldError};
use serde::{Deserialize, Serialize};

pub use self::{
    layer::{NetworkLayer, TenantNetworkLayer},
    service::{NetworkService, TenantNetworkService},
};
use crate::settings::TenantSetting;

/// How many networks a tenant may name.
const MAX_NETWORKS: usize = 200;

/// Networks that are let in, and networks that are not.
///
/// As part of the configuration it holds for the whole service ([`NetworkLayer`]), as a [setting](TenantSetting) for
/// one tenant ([`TenantNetworkLayer`]).
///
/// ```
/// use saas_core::ClientAddress;
/// use saas_edge::network::Networks;
///
/// let networks: Networks = serde_json::from_str(r#"{"allow": ["192.0.2.0/24"], "deny": ["192.0.2.7/32"]}"#)?;
/// let permits = |address: &str| networks.permits(ClientAddress::new(address.parse().unwrap()));
/// assert!(permits("192.0.2.1"));
/// assert!(!permits("192.0.2.7"));
/// assert!(!permits("198.51.100.1"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Networks {
    /// Only these; all, when there is none.
    pub allow: Vec<IpNet>,
    /// None of these, also where `allow` names them.
    pub deny: Vec<IpNet>,
}

impl Networks {
    /// Reads networks such as `192.0.2.0/24` and `2001:db8::/32`, or single addresses.
    ///
    /// # Errors
    ///
    /// The field and place of the first that is none.
    pub fn parse(allow: &[String], deny: &[String]) -> Result<Self, FieldError> {
        let read = |field: &str, texts: &[String]| -> Result<Vec<IpNet>, FieldError> {
            let texts = texts.iter().enumerate();
            let networks = texts.map(|(place, text)| {
                let address = || {
                    let address: Option<IpAddr> = text.parse().ok();
                    address.map(|address| IpNet::from(address.to_canonical()))
                };
                let network = text.parse().ok().or_else(address);
                network.ok_or_else(|| {
                    let message = "has to be a network such as `192.0.2.0/24`, or an address";
                    FieldError::new(format!("{field}[{place}]"), message)
                })
            });
            networks.collect()
        };
        Ok(Self {
            allow: read("allow", allow)?,
            deny: read("deny", deny)?,
        })
    }

    /// Decides about a client.
    #[must_use]
    pub fn permits(&self, client: ClientAddress) -> bool {
        let among = |networks: &[IpNet]| networks.iter().any(|net| contains(net, client.ip()));
        !among(&self.deny) && (self.allow.is_empty() || among(&self.allow))
    }

    /// Tells whether everybody is let in.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }
}

/// An address of IPv4 is also in the network that it was mapped into.
fn contains(network: &IpNet, client: IpAddr) -> bool {
    match (network, client) {
        (IpNet::V6(network), IpAddr::V4(client)) => {
            network.prefix_len() >= 96 && network.contains(&client.to_ipv6_mapped())
        }
        (network, client) => network.contains(&client),
    }
}

impl TenantSetting for Networks {
    const NAME: &'static str = "networks";

    fn check(&self) -> Result<(), FieldError> {
        for (field, networks) in [("allow", &self.allow), ("deny", &self.deny)] {
            if networks.len() > MAX_NETWORKS {
                return Err(FieldError::new(field, "names more than 200 networks"));
            }
        }
        Ok(())
    }
}
