//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr};

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

    /// Gives what counts as one place: an address of IPv4, or the network (/64) of one of IPv6, of which
    /// everybody there has as many as they want.
    ///
    /// ```
    /// use saas_core::ClientAddress;
    ///
    /// let client = ClientAddress::new("2001:db8:1:2:3:4:5:6".parse()?);
    /// assert_eq!(client.network().to_string(), "2001:db8:1:2::");
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub const fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => {
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !(u64::MAX as u128)))
            }
        }
    }
}
