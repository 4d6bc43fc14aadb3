//! The host that a request was sent to.

use http::{header::HOST, request::Parts};
use saas_core::{Code, Problem};

use super::forwarded;

/// The host and port that a request was sent to, as its sender wrote them: in `Host` with HTTP/1.1, in `:authority`
/// with HTTP/2, and behind a trusted proxy in what it forwards.
///
/// [`TenantLayer`](crate::TenantLayer) leaves it in the extensions of every request that it lets through, so that
/// nothing inside has to know of proxies. It is one whether or not a tenant was found by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority(String);

impl Authority {
    /// Gives the text, such as `acme.app.example` or `localhost:8080`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Finds the authority of a request. `trusted` says that the peer may forward another than its own.
pub(super) fn read(parts: &Parts, trusted: bool) -> Result<Authority, Problem> {
    // Also where a proxy says another host, a request with two of its own is refused.
    let own = own(parts)?;
    let forwarded = if trusted {
        forwarded::host(&parts.headers)?
    } else {
        None
    };
    Ok(Authority(forwarded.unwrap_or_else(|| own.to_owned())))
}

/// Finds the one authority that a request itself has: `Host` in HTTP/1.1, `:authority` in HTTP/2 (RFC 9110,
/// section 7.2). Two that differ are how a cache and a server come to disagree.
fn own(parts: &Parts) -> Result<&str, Problem> {
    let wrong = |detail: &'static str| Problem::new(Code::HOST_INVALID).detail(detail);
    let mut headers = parts.headers.get_all(HOST).iter();
    let header = match (headers.next(), headers.next()) {
        (None, _) => None,
        (Some(value), None) => Some(
            value
                .to_str()
                .map_err(|_| wrong("the host holds characters that no host has"))?,
        ),
        (Some(_), Some(_)) => return Err(wrong("the request has more than one `Host`")),
    };
    match (
        parts.uri.authority().map(http::uri::Authority::as_str),
        header,
    ) {
        (Some(uri), Some(header)) if !uri.eq_ignore_ascii_case(header) => {
            Err(wrong("`Host` and the authority of the request differ"))
        }
        (Some(authority), _) | (None, Some(authority)) => Ok(authority),
        (None, None) => Err(wrong("the request names no host")),
    }
}
