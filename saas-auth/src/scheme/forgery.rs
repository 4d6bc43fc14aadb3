//! Requests that another site makes a browser send (CSRF).

use http::{HeaderMap, Uri, header};
use saas_core::{KeyRing, Purpose};
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
pub(crate) fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|site| site != "same-origin")
    {
        return false;
    }
    let Some(host) = text(header::HOST) else {
        return false;
    };
    let from = match headers.get(header::ORIGIN) {
        Some(origin) => origin.to_str().ok(),
        None => text(header::REFERER),
    };
    let from = from.and_then(|from| from.parse::<Uri>().ok());
    from.is_some_and(|from| {
        matches!(from.scheme_str(), Some("http" | "https"))
            && from
                .authority()
                .is_some_and(|authority| authority.as_str().eq_ignore_ascii_case(host))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

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
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "acme.test:80".parse().unwrap());
            for (name, value) in *given {
                headers.insert(
                    HeaderName::from_bytes(name.as_bytes()).unwrap(),
                    value.parse().unwrap(),
                );
            }
            assert_eq!(same_origin(&headers), *same, "{given:?}");
        }
    }
}
