//! An answer, as it is kept and told again.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use saas_core::{Code, KeyRing, Problem, Purpose};
use saas_tenancy::Scope;
use serde::{Deserialize, Serialize};

use super::key;

const PURPOSE: Purpose = Purpose::new("saas-edge/idempotency/1");
/// Says that an answer is told again.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// What is said about one connection, or to one browser, is not kept.
const DROPPED: [HeaderName; 4] = [
    header::SET_COOKIE,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::DATE,
];

/// What is encrypted, before the bytes of the body.
#[derive(Serialize, Deserialize)]
struct Head {
    headers: Vec<(String, Vec<u8>)>,
}

/// Splits an answer into what is kept and what is sent. Nothing is kept of one that is too large, nor of one that says
/// itself that it may not be: `Cache-Control: no-store` (RFC 9111, section 5.2.2.5).
pub(super) async fn keep(
    keys: &KeyRing,
    context: &[u8],
    response: Response,
    most: u64,
) -> Result<(Response, Option<Vec<u8>>), Problem> {
    if may_not_be_stored(response.headers()) {
        return Ok((response, None));
    }
    let (parts, body) = response.into_parts();
    let body = match key::whole(body, most).await {
        Ok(body) => body,
        Err(body) => return Ok((Response::from_parts(parts, body), None)),
    };
    let kept = parts
        .headers
        .iter()
        .filter(|(name, _)| !DROPPED.contains(name));
    let head = Head {
        headers: kept
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
    };
    let internal = |what: &str| {
        tracing::error!("an answer could not be {what}");
        Problem::new(Code::INTERNAL)
    };
    let head = serde_json::to_vec(&head).map_err(|_| internal("written"))?;
    let length = u32::try_from(head.len()).map_err(|_| internal("written"))?;
    let plain = [&length.to_be_bytes()[..], &head, &body].concat();
    let sealed = keys.encrypt(PURPOSE, context, &plain);
    let sealed = sealed.map_err(|_| internal("encrypted"))?;
    Ok((Response::from_parts(parts, Body::from(body)), Some(sealed)))
}

fn may_not_be_stored(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CACHE_CONTROL).iter();
    let mut directives = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    directives.any(|directive| directive.trim().eq_ignore_ascii_case("no-store"))
}

/// Makes an answer anew.
pub(super) fn again(keys: &KeyRing, context: &[u8], status: i64, kept: &[u8]) -> Option<Response> {
    let plain = keys.decrypt(PURPOSE, context, kept).ok()?;
    let (length, rest) = plain.expose().split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (head, body) = rest.split_at_checked(length)?;
    let head: Head = serde_json::from_slice(head).ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in head.headers {
        let value = HeaderValue::from_bytes(&value).ok()?;
        headers.append(name.parse::<HeaderName>().ok()?, value);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    let mut response = Response::new(Body::from(Bytes::copy_from_slice(body)));
    *response.status_mut() = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    *response.headers_mut() = headers;
    Some(response)
}

/// What an answer is bound to: it is worth nothing in the row of another tenant, caller or key.
pub(super) fn context(scope: &Scope, key: &[u8; 32]) -> Vec<u8> {
    [scope.tenant().id().as_uuid().as_bytes(), &key[..]].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[tokio::test]
    async fn what_says_that_it_may_not_be_stored_is_not() {
        let keys = KeyRing::generate().unwrap();
        for (value, kept) in [
            ("no-store", false),
            ("private, No-Store", false),
            ("private, max-age=60", true),
            ("no-storex", true),
        ] {
            let response = http::Response::builder()
                .header("cache-control", value)
                .body(Body::from("text"))
                .unwrap();
            let (sent, found) = keep(&keys, b"here", response, 100).await.unwrap();
            assert_eq!(found.is_some(), kept, "{value}");
            let sent = axum::body::to_bytes(sent.into_body(), 100).await.unwrap();
            assert_eq!(sent, "text");
        }
    }

    proptest! {
        #[test]
        fn an_answer_is_told_as_it_was_and_opens_nowhere_else(
            body in proptest::collection::vec(any::<u8>(), 0..300),
            value in "[ -~]{0,40}",
            status in 200_u16..400,
            most in 0..300_u64,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let keys = KeyRing::generate().unwrap();
                let response = http::Response::builder()
                    .status(status)
                    .header("location", value.trim())
                    .header("set-cookie", "a=b")
                    .body(Body::from(body.clone()))
                    .unwrap();
                let (sent, kept) = keep(&keys, b"here", response, most).await.unwrap();
                let read = async |response: Response| {
                    axum::body::to_bytes(response.into_body(), 1000).await.unwrap()
                };
                assert_eq!(sent.headers()["set-cookie"], "a=b");
                assert_eq!(read(sent).await, body);
                assert_eq!(kept.is_some(), body.len() as u64 <= most);
                let Some(kept) = kept else { return };
                let told = again(&keys, b"here", status.into(), &kept).unwrap();
                assert_eq!(told.status(), status);
                assert_eq!(told.headers()["location"], value.trim());
                assert_eq!(told.headers()["idempotent-replayed"], "true");
                assert_eq!(told.headers().len(), 2);
                assert_eq!(read(told).await, body);
                assert!(again(&keys, b"there", status.into(), &kept).is_none());
                for length in 0..kept.len() {
                    assert!(again(&keys, b"here", status.into(), &kept[..length]).is_none());
                }
            });
        }
    }
}
