//! Where a request comes from.

use std::net::IpAddr;

/// The address of whoever sent a request, as far as it can be believed: that of the peer, or behind a trusted proxy
/// the one which the proxy names.
///
/// The layer that knows which proxies are trusted leaves it in the extensions of a request; limits, the list of a
/// person's sessions and the audit log read it there, so that none of them has a view of its own of a header that
/// anybody may send.
///
/// An IPv4 address that was mapped into IPv6 is one of IPv4, so that nobody counts twice:
///
/// ```
/// use saas_core::ClientAddress;
///
/// let mapped = ClientAddress::new("::ffff:192.0.2.1".parse()?);
/// assert_eq!(mapped, ClientAddress::new("192.0.2.1".parse()?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Names an address.
    #[must_use]
    pub const fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// Gives the address.
    #[must_use]
    pub const fn ip(self) -> IpAddr {
        self.0
    }
}
