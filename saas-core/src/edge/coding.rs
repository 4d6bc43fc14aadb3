//! What a request says of its own form, and nothing here understands.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, header, request::Parts};

use crate::{Code, Problem};

/// Refuses a request that would be taken for another one, if what it says of its body was passed over.
pub(super) fn refusal(parts: &Parts, has_body: bool) -> Option<Response> {
    let says = |name, plain: &str| is_other(&parts.headers, name, plain);
    // RFC 9112, section 6.1.
    if says(header::TRANSFER_ENCODING, "chunked") {
        return Some(Problem::new(Code::TRANSFER_CODING).into_response());
    }
    // RFC 9110, sections 8.4 and 15.5.16. A layer outside that takes the coding off takes the header off, too.
    if has_body && says(header::CONTENT_ENCODING, "identity") {
        let problem = Problem::new(Code::MEDIA_TYPE).detail("the body may not be compressed");
        let mut response = problem.into_response();
        let none = HeaderValue::from_static("identity");
        response.headers_mut().insert(header::ACCEPT_ENCODING, none);
        return Some(response);
    }
    // RFC 9110, section 14.5: a part is not the whole.
    if parts.method == Method::PUT && parts.headers.contains_key(header::CONTENT_RANGE) {
        let problem = Problem::new(Code::HEADER_INVALID);
        let message = "a part of something cannot be put";
        return Some(problem.field("content-range", message).into_response());
    }
    None
}

fn is_other(headers: &HeaderMap, name: header::HeaderName, plain: &str) -> bool {
    let mut values = headers.get_all(name).iter();
    values
        .any(|value| !value.is_empty() && !value.as_bytes().eq_ignore_ascii_case(plain.as_bytes()))
}

#[cfg(test)]
mod tests {
    use http::{Request, StatusCode};

    use super::*;

    #[test]
    fn what_is_not_understood_is_not_passed_over() {
        for (method, name, value, status) in [
            ("POST", "transfer-encoding", "gzip, chunked", Some(501)),
            ("POST", "transfer-encoding", "Chunked", None),
            ("POST", "content-encoding", "gzip", Some(415)),
            ("POST", "content-encoding", "identity", None),
            ("POST", "content-encoding", "", None),
            ("GET", "content-encoding", "gzip", None),
            ("PUT", "content-range", "bytes 0-3/10", Some(400)),
            ("GET", "content-range", "bytes 0-3/10", None),
        ] {
            let request = Request::builder().method(method).header(name, value);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            let refused = refusal(&parts, method != "GET").map(|refusal| refusal.status());
            let expected = status.map(|status| StatusCode::from_u16(status).unwrap());
            assert_eq!(refused, expected, "{name}: {value}");
        }
    }
}
