//! What is refused before there is a request: a head that is too large, or is none.
//!
//! hyper answers by itself then, on HTTP/1 with an empty body, and closes the connection.

use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::{HeaderMap, header};

use crate::{
    Code, Problem,
    edge::{RequestId, finish::finish},
};

/// How hyper ends the head of such an answer, but for the date.
const EMPTY: &[u8] = b"content-length: 0\r\n";

/// Gives the same answer with a problem, where that is what hyper is about to write. Whoever asks knows that it is no answer to a
/// request, and whether only its head was asked for (RFC 9110, section 9.3.2).
pub(super) fn told(answer: &[u8], of_head: bool) -> Option<Bytes> {
    let (version, answered) = answer.split_at_checked(b"HTTP/1.1 ".len())?;
    // After a request of HTTP/1.0 the answer is of it, too, and the connection is closed without a word.
    let closes: &[u8] = match version {
        b"HTTP/1.1 " => b"\r\nconnection: close\r\n",
        b"HTTP/1.0 " => b"\r\n",
        _ => return None,
    };
    let status = answered.get(..3)?;
    let problem = match status {
        b"400" => Problem::new(Code::BAD_REQUEST).detail("the head of the request cannot be read"),
        b"414" => Problem::new(Code::URI_TOO_LONG),
        b"431" => Problem::new(Code::HEADERS_TOO_LARGE),
        _ => return None,
    };
    let at = answer
        .windows(EMPTY.len())
        .position(|window| window == EMPTY)?;
    let (before, after) = answer.split_at(at);
    let after = after.strip_prefix(EMPTY)?;
    if !before.ends_with(closes) || !after.ends_with(b"\r\n\r\n") {
        return None;
    }
    let id = RequestId::of(&HeaderMap::new());
    let problem = problem.request_id(id.as_str());
    tracing::debug!(
        request_id = id.as_str(),
        code = problem.code().name(),
        "refused before there was a request"
    );
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let response = finish(problem.into_response(), &id, None, false);
    let mut told = before.to_vec();
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH {
            told.extend_from_slice(name.as_str().as_bytes());
            told.extend_from_slice(b": ");
            told.extend_from_slice(value.as_bytes());
            told.extend_from_slice(b"\r\n");
        }
    }
    told.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    told.extend_from_slice(after);
    if !of_head {
        told.extend_from_slice(&body);
    }
    Some(told.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hyper_says_by_itself_becomes_a_problem_and_nothing_else_does() {
        let said = |status: &str, rest: &str| {
            told(
                format!("HTTP/1.1 {status} Because\r\n{rest}\r\n").as_bytes(),
                false,
            )
        };
        let own = "connection: close\r\ncontent-length: 0\r\ndate: now\r\n";
        for (status, code) in [
            ("400", "bad-request"),
            ("414", "uri-too-long"),
            ("431", "headers-too-large"),
        ] {
            let told = said(status, own).unwrap();
            let told = str::from_utf8(&told).unwrap();
            let (head, body) = told.split_once("\r\n\r\n").unwrap();
            let length = format!("\r\ncontent-length: {}\r\n", body.len());
            assert!(head.contains(&length), "{head}");
            assert!(head.starts_with(&format!("HTTP/1.1 {status} Because\r\n")));
            assert!(head.ends_with("\r\ndate: now"), "{head}");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["code"], code);
            let id = format!(
                "\r\nx-request-id: {}\r\n",
                body["request_id"].as_str().unwrap()
            );
            assert!(head.contains(&id), "{head}");
        }
        assert!(said("200", own).is_none() && said("413", own).is_none());
        assert!(said("400", "connection: close\r\ncontent-length: 2\r\n").is_none());
        assert!(said("400", "content-length: 0\r\n").is_none());
        assert!(told(b"HTTP/1.1 400", false).is_none());
        let of_1_0 = |rest: &str| {
            told(
                format!("HTTP/1.0 400 Because\r\n{rest}\r\n").as_bytes(),
                false,
            )
        };
        assert!(of_1_0("content-length: 0\r\ndate: now\r\n").is_some());
        assert!(of_1_0("content-length: 2\r\n").is_none());
        let more = format!("HTTP/1.1 400 Because\r\n{own}\r\nbody");
        assert!(told(more.as_bytes(), false).is_none());
    }
}
