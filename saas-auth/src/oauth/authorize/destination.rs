//! The way back to the client (RFC 6749, section 4.1.2).

use std::fmt;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Where to send a browser. The address may hold a code, so it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination(String);

impl Destination {
    /// Gives the address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Sends somebody to a page of this service.
    pub(super) fn page(prefix: &str, path: &str, parameters: &[(&str, &str)]) -> Self {
        append(format!("{prefix}{path}"), parameters)
    }

    /// Sends somebody back to a client. `iss` says which server answers, so that a client of several does not
    /// take the code of one to another (RFC 9207).
    pub(in crate::oauth) fn back(
        redirect_uri: &str,
        issuer: &str,
        state: Option<&str>,
        answer: &[(&str, &str)],
    ) -> Self {
        let mut parameters = answer.to_vec();
        parameters.extend(state.map(|state| ("state", state)));
        parameters.push(("iss", issuer));
        append(redirect_uri.to_owned(), &parameters)
    }
}

fn append(mut address: String, parameters: &[(&str, &str)]) -> Destination {
    // What is registered has no fragment.
    let mut separator = match address.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    for (name, value) in parameters {
        address.push_str(separator);
        address.push_str(name);
        address.push('=');
        address.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        separator = "&";
    }
    Destination(address)
}

/// `303`, so that a form which led here is not sent on (RFC 9700, section 4.12).
impl IntoResponse for Destination {
    fn into_response(self) -> Response {
        // INVARIANT: what is registered is ASCII that can be seen, and the rest is encoded.
        let Ok(mut location) = HeaderValue::try_from(self.0) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        location.set_sensitive(true);
        let headers = [
            (header::LOCATION, location),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (
                header::REFERRER_POLICY,
                HeaderValue::from_static("no-referrer"),
            ),
        ];
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Destination(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn oau_14_the_answer_is_added_to_what_is_registered() {
        let back = |uri| {
            let answer =
                Destination::back(uri, "https://id.example", Some("a b"), &[("code", "x-1")]);
            answer.as_str().to_owned()
        };
        let answer = "code=x%2D1&state=a%20b&iss=https%3A%2F%2Fid%2Eexample";
        for (uri, separator) in [
            ("https://a.example/cb", "?"),
            ("https://a.example/cb?", ""),
            ("https://a.example/cb?x=1", "&"),
            ("com.example.app:/cb", "?"),
        ] {
            assert_eq!(back(uri), format!("{uri}{separator}{answer}"));
        }
    }

    proptest! {
        #[test]
        fn oau_15_a_state_comes_back_letter_by_letter_and_changes_nothing_else(state in "\\PC{0,80}|[<>\"'&#?=\\r\\n\\t \\\\%]{0,20}") {
            let answer = Destination::back("https://a.example/cb?x=1", "i", Some(&state), &[("code", "c")]);
            let url = Url::parse(answer.as_str()).unwrap();
            prop_assert_eq!((url.host_str(), url.path(), url.fragment()), (Some("a.example"), "/cb", None));
            let pairs: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            let expected = [("x", "1"), ("code", "c"), ("state", &state), ("iss", "i")];
            prop_assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
            prop_assert_eq!(answer.into_response().status(), 303);
        }
    }
}
