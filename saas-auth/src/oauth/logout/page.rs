//! The two pages of signing out. They need no script and load nothing.

use std::borrow::Cow;

use axum::response::{Html, IntoResponse as _, Response};
use http::{HeaderValue, header};
use url::Url;

/// Asks whether to sign out.
pub(super) fn question(
    client: Option<&str>,
    fields: &[(&str, &str)],
    back: Option<&Url>,
) -> Response {
    let who = match client {
        Some(name) => format!("<p>{} asks to sign you out.</p>", escape(name)),
        None => String::new(),
    };
    let fields: String = fields
        .iter()
        .map(|(name, value)| {
            let (name, value) = (escape(name), escape(value));
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        })
        .collect();
    // Where a form leads in the end has to be allowed too.
    let leads_to = match back {
        Some(back) if back.origin().is_tuple() => back.origin().ascii_serialization(),
        Some(back) => format!("{}:", back.scheme()),
        None => String::new(),
    };
    let body = format!(
        "<h1>Sign out?</h1>{who}<form method=\"post\">{fields}<button>Sign out</button></form>"
    );
    page(&body, &leads_to)
}

/// Says that nobody is signed in any more.
pub(super) fn done() -> Response {
    page("<h1>You are signed out</h1>", "")
}

fn page(body: &str, leads_to: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sign out</title>\
         <meta name=\"viewport\" content=\"width=device-width\"></head><body><main>{body}</main></body></html>"
    );
    let policy = format!(
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {leads_to}"
    );
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(policy.trim_end()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Without it browsers would send `Origin: null` with our own form (Fetch, section 3.1).
    let referrer = HeaderValue::from_static("strict-origin");
    headers.insert(header::REFERRER_POLICY, referrer);
    response
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_write_stays_text() {
        assert_eq!(escape("a&<b>\"'"), "a&amp;&lt;b&gt;&quot;&#39;");
        assert_eq!(escape("plain"), "plain");
    }
}
