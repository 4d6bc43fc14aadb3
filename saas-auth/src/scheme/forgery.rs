//! Requests that another site makes a browser send (CSRF).

use http::{Uri, header, request::Parts};
use saas_core::{KeyRing, Purpose};
use saas_tenancy::resolve::Authority;
use subtle::ConstantTimeEq as _;

use crate::Session;

const PURPOSE: Purpose = Purpose::new("saas-auth/form-token/1");

/// Proves that a request of a session comes from a page that was made for it.
///
/// It is a keyed hash of the session, so nothing is kept, and it ends with the session. Pages put it into their
/// forms as `form_token`, programs in a browser send it in the header `X-CSRF-Token`.
#[derive(Clone)]
pub struct FormToken(String);

impl FormToken {
    /// The header that carries it.
    pub const HEADER: &'static str = "x-csrf-token";
    /// The field of a form that carries it.
    pub const FIELD: &'static str = "form_token";

    /// Gives the token of a session.
    #[must_use]
    pub fn of(keys: &KeyRing, session: &Session) -> Self {
        Self::bound_to(keys, session.id.as_uuid().as_bytes())
    }

    /// Gives a token that is bound to a secret which only one browser has, where there is no session yet.
    pub(crate) fn bound_to(keys: &KeyRing, secret: &[u8]) -> Self {
        Self(keys.seal(PURPOSE, &[secret], &[]))
    }

    /// Gives the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares in constant time.
    #[must_use]
    pub fn matches(&self, token: &str) -> bool {
        !self.0.is_empty() && self.0.as_bytes().ct_eq(token.as_bytes()).into()
    }
}

impl std::fmt::Debug for FormToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FormToken(…)")
    }
}

/// Tells whether a browser says that a page of this very host has made it send a request: by `Sec-Fetch-Site`
/// where it is there, by `Origin`, and where that is missing by `Referer`. A request without any of them proves
/// nothing.
pub(crate) fn same_origin(parts: &Parts) -> bool {
    if text(parts, header::HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|site| site != "same-origin")
    {
        return false;
    }
    let Some(host) = host(parts) else {
        return false;
    };
    let from = match parts.headers.get(header::ORIGIN) {
        Some(origin) => origin.to_str().ok(),
        None => text(parts, header::REFERER),
    };
    let from = from.and_then(|from| from.parse::<Uri>().ok());
    from.is_some_and(|from| {
        matches!(from.scheme_str(), Some("http" | "https"))
            && from
                .authority()
                .is_some_and(|authority| authority.as_str().eq_ignore_ascii_case(host))
    })
}

/// Gives the host that a browser has sent a request to. Which of them a proxy may say is known where the tenant is
/// looked for; without that layer it is what the request itself says (RFC 9110, section 7.2).
fn host(parts: &Parts) -> Option<&str> {
    let resolved = parts.extensions.get::<Authority>().map(Authority::as_str);
    resolved
        .or_else(|| parts.uri.authority().map(|authority| authority.as_str()))
        .or_else(|| text(parts, header::HOST))
}

fn text(parts: &Parts, name: header::HeaderName) -> Option<&str> {
    parts
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, Request};
    use saas_tenancy::resolve::{self, ResolveConfig};

    use super::*;

    fn request(uri: &str, given: &[(&str, &str)]) -> Parts {
        let (mut parts, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
        for (name, value) in given {
            parts.headers.insert(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                value.parse().unwrap(),
            );
        }
        parts
    }

    /// Over HTTP/2 a browser sends `:authority` and no `Host`.
    #[test]
    fn pwd_21_the_host_is_that_of_the_request_in_every_version_of_http() {
        let h2 = "https://acme.test/login";
        for (uri, host, origin, same) in [
            (h2, None, "https://acme.test", true),
            (h2, Some("acme.test"), "https://acme.test", true),
            (h2, None, "https://evil.test", false),
            (h2, None, "https://acme.test:8443", false),
            // One that says two things is refused by the layer of tenants; here the address itself counts.
            (h2, Some("evil.test"), "https://evil.test", false),
            ("/login", Some("acme.test"), "https://acme.test", true),
            ("/login", None, "https://acme.test", false),
        ] {
            let mut given = vec![("origin", origin)];
            given.extend(host.map(|host| ("host", host)));
            let parts = request(uri, &given);
            assert_eq!(same_origin(&parts), same, "{uri} {given:?}");
        }
    }

    #[test]
    fn pwd_21_the_host_is_that_of_a_proxy_where_it_is_trusted() {
        let mut config = ResolveConfig::header_only("x-tenant");
        config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let forwarded = ("x-forwarded-host", "acme.test");
        let standard = ("forwarded", "host=acme.test;proto=https");
        let (inside, outside) = ("10.0.0.1", "192.0.2.1");
        for (peer, header, origin, same) in [
            (inside, forwarded, "https://acme.test", true),
            (inside, standard, "https://acme.test", true),
            (inside, forwarded, "https://backend.internal", false),
            (inside, forwarded, "https://evil.test", false),
            // Of anybody else it is a word like every other.
            (outside, forwarded, "https://acme.test", false),
            (outside, standard, "https://acme.test", false),
            (outside, forwarded, "https://backend.internal", true),
        ] {
            let given = [("host", "backend.internal"), header, ("origin", origin)];
            let mut parts = request("/login", &given);
            let address = resolve::read(&config, &parts, peer.parse().ok()).unwrap();
            parts.extensions.insert(address.authority);
            assert_eq!(same_origin(&parts), same, "{peer} {given:?}");
        }
    }

    #[test]
    fn pwd_21_only_a_page_of_this_host_counts() {
        let table: &[(&[(&str, &str)], bool)] = &[
            (&[("origin", "http://acme.test:80")], true),
            (&[("origin", "https://ACME.test:80")], true),
            (&[("referer", "http://acme.test:80/login?x=1")], true),
            (
                &[
                    ("origin", "http://acme.test:80"),
                    ("sec-fetch-site", "same-origin"),
                ],
                true,
            ),
            (
                &[
                    ("origin", "http://acme.test:80"),
                    ("sec-fetch-site", "same-site"),
                ],
                false,
            ),
            (
                &[
                    ("origin", "http://acme.test:80"),
                    ("sec-fetch-site", "cross-site"),
                ],
                false,
            ),
            (&[("origin", "http://evil.test")], false),
            (&[("origin", "http://acme.test")], false),
            (&[("origin", "http://acme.test:80.evil.test")], false),
            (&[("origin", "http://acme.test:80@evil.test")], false),
            (
                &[("origin", "null"), ("referer", "http://acme.test:80/")],
                false,
            ),
            (&[("origin", "file://acme.test:80")], false),
            (
                &[("referer", "http://evil.test/http://acme.test:80/")],
                false,
            ),
            (&[], false),
        ];
        for (given, same) in table {
            let mut parts = request("/login", given);
            parts
                .headers
                .insert(header::HOST, "acme.test:80".parse().unwrap());
            assert_eq!(same_origin(&parts), *same, "{given:?}");
        }
    }
}
