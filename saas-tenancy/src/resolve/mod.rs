//! Which tenant a request names, before anybody is signed in.
//!
//! An address can name it in four places: a subdomain, a domain of the tenant's own, the header
//! `X-Tenant`, a path prefix. All that are configured are read; when two of them disagree the request is
//! refused, because guessing which one counts is how one tenant gets to see another. What a token claims
//! is not read here: an unverified claim never chooses a tenant. It is compared with the others when the
//! caller has been verified, by [`AdmitLayer`](crate::AdmitLayer).
//!
//! Forwarded hosts (`X-Forwarded-Host`, RFC 7239's `Forwarded`) count only when the peer is a trusted
//! proxy; otherwise nothing says that it may set them. The same proxies say in `X-Forwarded-For` who has asked
//! them, which limits and the audit log go by.

mod authority;
mod client;
mod forwarded;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod header;
mod host;
mod path;

use std::net::IpAddr;

use http::{HeaderMap, Uri, request::Parts};
use ipnet::IpNet;
use saas_core::{ClientAddress, Code, Problem, TenantId};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

pub use authority::Authority;
pub use path::PathPrefix;

use crate::{Domain, Slug};

/// Where tenants are looked for in a request.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ResolveConfig {
    /// Domains under which every subdomain is a tenant: with `app.example`, the host
    /// `acme.app.example` names the tenant `acme`. A request to a host that is neither under one of them,
    /// nor one of `hosts`, nor a tenant's own domain is answered with `tenant-unknown`; without any of
    /// the three every host is answered.
    pub base_domains: Vec<String>,
    /// Other hosts that this service answers to, without a tenant. The base domains and literal IP
    /// addresses always belong to them.
    pub hosts: Vec<String>,
    /// Whether other hosts are looked for among the domains that tenants have proven to own.
    pub custom_domains: bool,
    /// The networks of proxies that are believed, such as `10.0.0.0/8`: which host they were asked for
    /// (`X-Forwarded-Host` or `Forwarded`), and by whom (`X-Forwarded-For`, to which each of them has to
    /// append). Without the load balancer in this list all people share its address, and the limits of it.
    /// The address that is compared is that of the peer, from `ConnectInfo`.
    pub trusted_proxies: Vec<IpNet>,
    /// The header that names a tenant by slug or id; empty for none.
    #[serde(deserialize_with = "header_name")]
    pub header: String,
    /// The first path segment that is followed by a slug, such as `t` in `/t/acme/projects`; empty
    /// for none.
    #[serde(deserialize_with = "segment")]
    pub path_prefix: String,
    /// Whether the claim of a verified token is enough, so that an address need not name a tenant.
    pub token: bool,
}

fn header_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let fits = name.is_empty() || name.parse::<http::HeaderName>().is_ok();
    let wrong = || D::Error::custom(format!("`{name}` is no name of a header"));
    fits.then(|| name.clone()).ok_or_else(wrong)
}

fn segment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    // RFC 3986, section 3.3, without what is encoded.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
    let wrong = || D::Error::custom(format!("`{text}` is no single segment of a path"));
    let fits = text.bytes().all(plain);
    fits.then(|| text.clone()).ok_or_else(wrong)
}

impl Default for ResolveConfig {
    fn default() -> Self {
        Self {
            base_domains: vec!["localhost".to_owned()],
            hosts: Vec::new(),
            custom_domains: true,
            trusted_proxies: Vec::new(),
            header: "x-tenant".to_owned(),
            path_prefix: "t".to_owned(),
            token: true,
        }
    }
}

impl ResolveConfig {
    /// Reads tenants from one header only, whatever the host: for services behind a gateway that sets it.
    #[must_use]
    pub fn header_only(header: impl Into<String>) -> Self {
        Self {
            base_domains: Vec::new(),
            hosts: Vec::new(),
            custom_domains: false,
            trusted_proxies: Vec::new(),
            header: header.into(),
            path_prefix: String::new(),
            token: false,
        }
    }

    /// Whether the host may name a tenant, or has to be one of ours.
    pub(crate) fn reads_hosts(&self) -> bool {
        self.custom_domains || !self.base_domains.is_empty() || !self.hosts.is_empty()
    }

    /// Whether what a peer forwards counts.
    fn trusts(&self, peer: Option<IpAddr>) -> bool {
        peer.is_some_and(|peer| {
            let peer = peer.to_canonical();
            self.trusted_proxies
                .iter()
                .any(|proxies| proxies.contains(&peer))
        })
    }
}

/// Left in a request where the claim of a token is not enough.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddressRequired;

/// A tenant as an address names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Name {
    /// By its name in addresses.
    Slug(Slug),
    /// By its id.
    Id(TenantId),
    /// By a domain that may be its own.
    Domain(Domain),
}

/// What an address says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Address {
    /// The host that the request was sent to.
    pub authority: Authority,
    /// The names, one for each place that has one.
    pub names: Vec<Name>,
    /// The address to route by, when the path held a name that is taken off.
    pub uri: Option<Uri>,
    /// Who has sent the request, where the peer is known.
    pub client: Option<ClientAddress>,
}

/// Reads the names of a request that came from `peer`, where that is known.
///
/// # Errors
///
/// The problem to answer with: `host-invalid`, `header-invalid`, `bad-request` or `tenant-unknown`
/// (the host is none of ours, or a subdomain that cannot be a tenant).
pub fn read(
    config: &ResolveConfig,
    parts: &Parts,
    peer: Option<IpAddr>,
) -> Result<Address, Problem> {
    let authority = authority::read(parts, config.trusts(peer))?;
    let mut names = Vec::new();
    names.extend(host::read(config, &authority)?);
    names.extend(header::read(config, parts)?);
    let mut routed = None;
    if let Some((slug, uri)) = path::read(config, &parts.uri)? {
        names.push(Name::Slug(slug));
        routed = Some(uri);
    }
    Ok(Address {
        authority,
        names,
        uri: routed,
        client: peer.map(|peer| client::address(config, &parts.headers, peer)),
    })
}

/// Finds who has sent a request that came from `peer`, as [`read`] does, and looks at nothing else: for what comes
/// before everything, such as a limit.
#[must_use]
pub fn client_address(config: &ResolveConfig, headers: &HeaderMap, peer: IpAddr) -> ClientAddress {
    client::address(config, headers, peer)
}

fn unknown() -> Problem {
    Problem::new(Code::TENANT_UNKNOWN)
}
