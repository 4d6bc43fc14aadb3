//! The last touch on every answer.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body::Body as _;

use super::{RequestId, limit::Unread, request_id};
use crate::{Code, Problem};

/// Headers that an answer gets unless its handler set them. The policy fits an API, whose answers a
/// browser never shows as a page; a page brings its own.
const DEFAULTS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "private, no-store"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// What is answered to a body that goes on, however little of it was announced.
const UNREAD: [Code; 3] = [Code::BODY_TOO_LARGE, Code::BODY_INCOMPLETE, Code::TIMEOUT];

pub(super) fn finish(
    response: Response,
    id: &RequestId,
    hsts: Option<HeaderValue>,
    closes: bool,
) -> Response {
    let problem = problem_of(&response);
    let unread = response.extensions().get::<Unread>().is_some()
        || problem
            .as_ref()
            .is_some_and(|problem| UNREAD.contains(&problem.code()));
    let mut response = match problem {
        // A page says it in its own words; the problem beside it is for the log.
        Some(problem) if !is_page(&response) => replace(&response, problem.request_id(id.as_str())),
        _ => response,
    };
    if unread && closes {
        // The rest of the body stands in the way of the next request, so there is none on this
        // connection; said aloud, so that the client does not try.
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let headers = response.headers_mut();
    headers.reserve(DEFAULTS.len() + 2);
    for (name, value) in DEFAULTS {
        headers
            .entry(name)
            .or_insert_with(|| HeaderValue::from_static(value));
    }
    if let Some(hsts) = hsts {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(hsts);
    }
    headers.insert(request_id::HEADER, id.value());
    response
}

/// Leaves the length of a body and takes the body away (RFC 9110, section 9.3.2). Over HTTP/2 nobody else does so, and a client
/// takes the answer for broken.
pub(super) fn leave_body_out(response: &mut Response) {
    let body = std::mem::take(response.body_mut());
    if let Some(length @ 1..) = body.size_hint().exact() {
        let headers = response.headers_mut();
        headers
            .entry(header::CONTENT_LENGTH)
            .or_insert(length.into());
    }
}

/// Gives the problem that an answer is, or should be: frameworks refuse with plain texts.
fn problem_of(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(is_json);
    if is_json || is_page(response) {
        // A protocol with error documents of its own, such as OAuth, or a page for people.
        return None;
    }
    Some(Problem::new(match status {
        StatusCode::NOT_FOUND => Code::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => Code::METHOD_NOT_ALLOWED,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BODY_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::MEDIA_TYPE,
        StatusCode::REQUEST_TIMEOUT => Code::TIMEOUT,
        StatusCode::UNAUTHORIZED => Code::UNAUTHENTICATED,
        StatusCode::FORBIDDEN => Code::FORBIDDEN,
        StatusCode::SERVICE_UNAVAILABLE => Code::UNAVAILABLE,
        StatusCode::BAD_REQUEST => Code::BAD_REQUEST,
        StatusCode::CONFLICT => Code::CONFLICT,
        StatusCode::PRECONDITION_FAILED => Code::VERSION_MISMATCH,
        StatusCode::PRECONDITION_REQUIRED => Code::VERSION_REQUIRED,
        StatusCode::RANGE_NOT_SATISFIABLE => Code::RANGE_INVALID,
        StatusCode::URI_TOO_LONG => Code::URI_TOO_LONG,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Code::HEADERS_TOO_LARGE,
        StatusCode::UNPROCESSABLE_ENTITY => Code::VALIDATION,
        StatusCode::TOO_MANY_REQUESTS => Code::RATE_LIMITED,
        StatusCode::INTERNAL_SERVER_ERROR => Code::INTERNAL,
        // Whoever answers so means something that has no code here.
        _ => return None,
    }))
}

/// Tells whether a media type is JSON, or of its kind (RFC 6839, section 3.1).
fn is_json(value: &HeaderValue) -> bool {
    let kind = value.as_bytes().split(|byte| *byte == b';').next();
    let kind = kind.unwrap_or_default().trim_ascii();
    kind.to_ascii_lowercase().ends_with(b"json")
}

/// Tells whether an answer is a page. Frameworks refuse with plain texts, so whoever answers with a page means it.
fn is_page(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

/// Makes the answer anew from the problem and keeps the headers that the old one had, and what layers have noted.
fn replace(old: &Response, problem: Problem) -> Response {
    let mut response = problem.into_response();
    let made = std::mem::replace(response.extensions_mut(), old.extensions().clone());
    response.extensions_mut().extend(made);
    for name in old.headers().keys() {
        let rebuilt = [
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
        ]
        .contains(name);
        if !rebuilt && !response.headers().contains_key(name) {
            // Cookies, and whatever is a list, may be there more than once.
            for value in old.headers().get_all(name) {
                response.headers_mut().append(name, value.clone());
            }
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn answer(kind: &'static str) -> Response {
        let mut response = Response::new(Body::from("refused"));
        *response.status_mut() = StatusCode::FORBIDDEN;
        let kind = HeaderValue::from_static(kind);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }

    fn kind_of(response: Response) -> HeaderValue {
        let id = RequestId::of(&http::HeaderMap::new());
        let finished = finish(response, &id, None, true);
        finished.headers()[header::CONTENT_TYPE].clone()
    }

    #[test]
    fn a_refusal_becomes_a_problem_unless_it_has_a_form_of_its_own() {
        let problem = Problem::MEDIA_TYPE;
        assert_eq!(kind_of(answer("text/plain; charset=utf-8")), problem);
        for json in ["application/json", "application/vnd.x+json; charset=utf-8"] {
            assert_eq!(kind_of(answer(json)), json);
        }
        let page = "text/html; charset=utf-8";
        assert_eq!(kind_of(answer(page)), page);
        // Also one that notes its problem for the log.
        let mut noted = answer(page);
        noted.extensions_mut().insert(Problem::new(Code::FORBIDDEN));
        assert_eq!(kind_of(noted), page);
    }

    #[test]
    fn the_status_of_a_refusal_and_its_headers_stay() {
        for status in 400..600 {
            let mut refused = answer("text/plain");
            *refused.status_mut() = StatusCode::from_u16(status).unwrap();
            for value in ["a", "b"] {
                let value = HeaderValue::from_static(value);
                refused.headers_mut().append(header::SET_COOKIE, value);
            }
            let id = RequestId::of(&http::HeaderMap::new());
            let finished = finish(refused, &id, None, true);
            assert_eq!(finished.status(), status);
            let cookies = finished.headers().get_all(header::SET_COOKIE);
            assert_eq!(cookies.iter().count(), 2, "{status}");
        }
    }
}
