//! What a sign-in tells of where it comes from.

use std::net::IpAddr;

use http::{HeaderMap, header};
#[cfg(feature = "axum")]
use saas_core::ClientAddress;

/// How much of a name is kept, in characters.
const MAX_AGENT: usize = 200;

/// Where a request comes from: for the list of a person's sessions, the audit log, and limits. Nothing of it
/// is proven.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    agent: String,
    address: Option<IpAddr>,
}

impl Device {
    /// Reads the name that a browser or program gives itself from the headers of its request. `address` is
    /// that of the peer, or of whom a trusted proxy names.
    #[must_use]
    pub fn new(headers: &HeaderMap, address: Option<IpAddr>) -> Self {
        let agent = headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        // Header values that are text hold no control characters but the tab.
        let agent = agent.replace('\t', " ").chars().take(MAX_AGENT).collect();
        Self { agent, address }
    }

    /// Reads where a request comes from: from whom the layer of tenants has found, who knows the proxies, and
    /// without that layer from its peer.
    #[cfg(feature = "axum")]
    pub(crate) fn of(headers: &HeaderMap, extensions: &http::Extensions) -> Self {
        let client = extensions.get::<ClientAddress>().map(|client| client.ip());
        let peer = || {
            let peer = extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>();
            peer.map(|peer| peer.0.ip().to_canonical())
        };
        Self::new(headers, client.or_else(peer))
    }

    /// Gives the name, at most 200 characters; empty when there is none.
    #[must_use]
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// Gives the address.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    pub(crate) fn address_text(&self) -> String {
        self.address
            .map(|address| address.to_string())
            .unwrap_or_default()
    }
}
