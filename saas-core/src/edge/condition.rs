//! Answers that the client has already (RFC 9110, section 13.1.2).

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// What a request to read says that its client has.
#[derive(Debug)]
pub(super) struct Known(Vec<HeaderValue>);

impl Known {
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Option<Self> {
        let reads = *method == Method::GET || *method == Method::HEAD;
        let named = headers.get_all(header::IF_NONE_MATCH).iter();
        let named: Vec<_> = named.filter(|_| reads).cloned().collect();
        (!named.is_empty()).then_some(Self(named))
    }

    /// Leaves out the body of an answer of which the client has this version.
    pub(super) fn leave_out(&self, response: Response) -> Response {
        let tag = response.headers().get(header::ETAG);
        let tag = tag.and_then(|tag| tag.to_str().ok());
        if response.status() != StatusCode::OK || !tag.is_some_and(|tag| self.has(tag)) {
            return response;
        }
        let (mut parts, _) = response.into_parts();
        parts.status = StatusCode::NOT_MODIFIED;
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
        ] {
            parts.headers.remove(name);
        }
        Response::from_parts(parts, Body::empty())
    }

    /// Compares weakly (section 8.8.3.2): what was compressed is the same.
    fn has(&self, tag: &str) -> bool {
        let lists = self.0.iter().filter_map(|list| list.to_str().ok());
        // No tag of ours has a comma.
        let mut named = lists.flat_map(|list| list.split(',')).map(str::trim);
        named.any(|named| named == "*" || opaque(named) == opaque(tag))
    }
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &Method, named: &[&str], status: StatusCode) -> Response {
        let mut headers = HeaderMap::new();
        for named in named {
            headers.append(header::IF_NONE_MATCH, named.parse().unwrap());
        }
        let response = Response::builder()
            .status(status)
            .header(header::ETAG, "\"7\"")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from("{}"))
            .unwrap();
        match Known::of(method, &headers) {
            Some(known) => known.leave_out(response),
            None => response,
        }
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        for named in [
            &["\"7\""][..],
            &["W/\"7\""],
            &["\"6\", \"7\""],
            &["\"6\"", "\"7\""],
            &["*"],
        ] {
            let answer = ask(&Method::GET, named, StatusCode::OK);
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{named:?}");
            assert_eq!(answer.headers()[header::ETAG], "\"7\"");
            assert!(!answer.headers().contains_key(header::CONTENT_TYPE));
        }
        for (method, named, status) in [
            (Method::GET, &["\"6\""][..], StatusCode::OK),
            (Method::GET, &["W/W/\"7\""], StatusCode::OK),
            (Method::GET, &[], StatusCode::OK),
            (Method::PATCH, &["\"7\""], StatusCode::OK),
            (Method::GET, &["\"7\""], StatusCode::CREATED),
        ] {
            let answer = ask(&method, named, status);
            assert_eq!(answer.status(), status, "{named:?}");
        }
    }
}
