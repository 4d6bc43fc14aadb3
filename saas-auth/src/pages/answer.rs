//! What a page is answered with.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use saas_core::{Code, Problem};
use url::{Host, Origin, Url};

use super::visitor::Frame;

/// What every answer carries that did not set it otherwise.
const DEFAULTS: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "strict-origin"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    html: String,
    status: StatusCode,
    away: Option<String>,
    nonce: Option<String>,
    cookies: Vec<HeaderValue>,
}

impl Page {
    pub(super) fn new(template: &impl Template) -> Result<Self, Problem> {
        let html = template.render().map_err(|error| {
            tracing::error!(%error, "a page could not be rendered");
            Problem::new(Code::INTERNAL)
        })?;
        Ok(Self {
            html,
            status: StatusCode::OK,
            away: None,
            nonce: None,
            cookies: Vec::new(),
        })
    }

    pub(super) const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Lets the answer to the page's form lead to a program, by its address.
    pub(super) fn leads_to(mut self, address: &str) -> Self {
        self.away = source(address);
        self
    }

    /// Lets the page run our script for passkeys, where it has it, and no other of this host.
    pub(super) fn scripted(mut self, scripted: bool, frame: &Frame) -> Self {
        self.nonce = scripted.then(|| frame.nonce().to_owned());
        self
    }

    pub(super) fn cookie(mut self, cookie: Option<HeaderValue>) -> Self {
        self.cookies.extend(cookie);
        self
    }

    pub(super) fn answer(self) -> Response {
        let mut response = (self.status, self.html).into_response();
        let headers = response.headers_mut();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, html);
        // Browsers look at it again for each address that the answer to a form leads on to.
        let action = self.away.map(|away| format!(" {away}")).unwrap_or_default();
        let script = self.nonce.filter(|nonce| !nonce.is_empty());
        let script = script.map(|nonce| format!("script-src 'nonce-{nonce}'; "));
        let script = script.unwrap_or_default();
        let policy = format!(
            "default-src 'none'; {script}style-src 'self'; img-src 'self'; form-action 'self'{action}; \
             frame-ancestors 'none'; base-uri 'none'"
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        for cookie in self.cookies {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// A page that says something and leads on.
#[derive(Template)]
#[template(path = "said.html")]
pub(super) struct Said<'a> {
    pub(super) frame: &'a Frame,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// A path and its words.
    pub(super) link: (&'static str, &'static str),
}

/// Sends a browser on with `GET`, to a path of this host.
pub(super) fn redirect(prefix: &str, path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // INVARIANT: both are of visible ASCII characters.
    if let Ok(location) = HeaderValue::from_str(&format!("{prefix}{path}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Names where an address is, for a policy: its origin, or its scheme where that is a program's own (or the host is
/// an IPv6 address, which policies cannot name).
fn source(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    match (url.origin(), url.host()) {
        (Origin::Tuple(..), Some(Host::Domain(_) | Host::Ipv4(_))) => {
            Some(url.origin().ascii_serialization())
        }
        _ => Some(format!("{}:", url.scheme())),
    }
}

/// Adds what every answer carries.
pub(super) fn complete(response: &mut Response) {
    for (name, value) in DEFAULTS {
        let entry = response.headers_mut().entry(name);
        entry.or_insert_with(|| HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_exactly_where_a_form_leads() {
        for (address, named) in [
            ("https://app.example/cb?x=1", "https://app.example"),
            ("https://APP.example:8443/cb", "https://app.example:8443"),
            ("https://app.example:443/cb;x", "https://app.example"),
            ("http://127.0.0.1:5000/cb", "http://127.0.0.1:5000"),
            ("http://[::1]:5000/cb", "http:"),
            ("com.example.app:/cb; script-src *", "com.example.app:"),
        ] {
            assert_eq!(source(address).as_deref(), Some(named), "{address}");
        }
        assert_eq!(source("no address"), None);
    }
}
