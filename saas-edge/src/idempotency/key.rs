//! What a key is, and what a request is.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, HeaderName, request::Parts};
use saas_core::{
    Code, Problem,
    edge::{BodyFault, read_ahead},
};
use saas_tenancy::Scope;
use sha2::{Digest as _, Sha256};

pub(super) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST: usize = 255;

/// Finds the key of a request, which is a string of structured fields (RFC 9651, section 3.3.3); its quotes may be
/// left out, as many clients do.
pub(super) fn of(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let invalid = || Problem::new(Code::IDEMPOTENCY_KEY_INVALID);
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().map_err(|_| invalid())?,
        (Some(_), Some(_)) => return Err(invalid()),
    };
    let quoted = value.strip_prefix('"');
    let key = match quoted {
        Some(rest) => rest.strip_suffix('"').ok_or_else(invalid)?,
        None => value,
    };
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\,;".contains(&byte);
    match (1..=LONGEST).contains(&key.len()) && key.bytes().all(plain) {
        true => Ok(Some(key)),
        false => Err(invalid()),
    }
}

/// Hashes a key with whose it is. It has one size, and the table holds nothing that a client has written.
pub(super) fn hash(scope: &Scope, key: &str) -> [u8; 32] {
    let actor = scope.actor().to_string();
    let mut hash = Sha256::new();
    for part in ["saas-edge/idempotency/1", &actor, key] {
        add(&mut hash, part.as_bytes());
    }
    hash.finalize().into()
}

/// Hashes a request, and gives its body back: up to so many bytes of it are read for that.
pub(super) async fn fingerprint(
    parts: &Parts,
    body: Body,
    compared: u64,
) -> Result<([u8; 32], Body), Problem> {
    let compared = usize::try_from(compared).unwrap_or(usize::MAX);
    let mut hash = Sha256::new();
    let target = parts
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str());
    let asked = parts.headers.iter().filter(|(name, _)| asks(name));
    let asked = asked.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
    let mut asked: Vec<_> = asked.collect();
    asked.sort_unstable();
    add(&mut hash, parts.method.as_str().as_bytes());
    add(&mut hash, target.as_bytes());
    hash.update((asked.len() as u64).to_be_bytes());
    for (name, value) in asked {
        add(&mut hash, name);
        add(&mut hash, value);
    }
    let (read, body) = read_ahead(parts, body, compared)
        .await
        .map_err(BodyFault::problem)?;
    let (compared, _) = read.split_at(read.len().min(compared));
    hash.update(compared);
    Ok((hash.finalize().into(), body))
}

/// Tells a header that says what is asked for: of the body, of conditions, of another method, and of an upload, which has nothing
/// else (tus 1.0). Others, such as tokens and traces, may differ when a request is sent again.
fn asks(name: &HeaderName) -> bool {
    let name = name.as_str();
    let groups = ["content-", "if-", "upload-", "tus-"];
    groups.iter().any(|group| name.starts_with(group)) || name == "x-http-method-override"
}

fn add(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_be_bytes());
    hash.update(part);
}

/// Reads a body whole that has at most so many bytes, and otherwise gives back what stands for it.
pub(super) async fn whole(body: Body, most: u64) -> Result<Bytes, Body> {
    use http_body::Body as _;

    // One that streams says no size, and may be endless.
    match body.size_hint().exact() {
        Some(size) if size <= most => {}
        _ => return Err(body),
    }
    let mut pieces = body.into_data_stream();
    let mut read = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => read.extend_from_slice(&piece),
            // The client is told as much, and that it broke off.
            Err(error) => {
                let read = stream::iter([Ok(read.freeze()), Err(error)]);
                return Err(Body::from_stream(read));
            }
        }
    }
    Ok(read.freeze())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_key_is_one_short_word_with_or_without_quotes() {
        let long = "k".repeat(255);
        for (value, key) in [
            (
                "8e03978e-40d5-43dd-bc93-6894a57f9324",
                Some("8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ),
            ("\"8e03978e\"", Some("8e03978e")),
            (&*long, Some(&*long)),
            ("", None),
            ("\"\"", None),
            ("\"open", None),
            ("two words", None),
            ("a,b", None),
            ("a;p=1", None),
            ("a\\b", None),
            (&*format!("{long}k"), None),
        ] {
            assert_eq!(of(&headers(&[value])).ok().flatten(), key, "{value}");
        }
        assert!(of(&headers(&[])).unwrap().is_none());
        assert!(of(&headers(&["a", "a"])).is_err());
    }

    #[test]
    fn what_asks_for_something_else_is_another_request() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let of = |headers: &[(&str, &str)]| {
            let mut request = http::Request::post("/uploads");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            let read = fingerprint(&parts, Body::from("body"), 100);
            runtime.block_on(read).unwrap().0
        };
        let base = [("upload-length", "8"), ("content-type", "text/plain")];
        let first = of(&base);
        for (name, value) in [
            ("upload-offset", "4"),
            ("upload-metadata", "filename dHdv"),
            ("x-http-method-override", "DELETE"),
            ("content-digest", "sha-256=:x:"),
            ("if-none-match", "*"),
        ] {
            let other = [&base[..], &[(name, value)]].concat();
            assert_ne!(first, of(&other), "{name}");
        }
        for (name, value) in [("authorization", "Bearer x"), ("traceparent", "00-1-2-01")] {
            let again = [&[(name, value)], &base[..]].concat();
            assert_eq!(first, of(&again), "{name}");
        }
        let turned = [base[1], base[0]];
        assert_eq!(first, of(&turned));
    }

    proptest! {
        #[test]
        fn what_arrives_in_other_pieces_is_the_same_request(
            body in proptest::collection::vec(any::<u8>(), 0..200),
            cut in 0..200_usize,
            compared in 0..250_u64,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (parts, ()) = http::Request::post("/a?b").body(()).unwrap().into_parts();
                let (head, tail) = body.split_at(cut.min(body.len()));
                let pieces = [head.to_vec(), tail.to_vec()];
                let pieces = stream::iter(pieces.map(|piece| Ok::<_, axum::Error>(Bytes::from(piece))));
                let one = fingerprint(&parts, Body::from(body.clone()), compared).await.unwrap();
                let two = fingerprint(&parts, Body::from_stream(pieces), compared).await.unwrap();
                assert_eq!(one.0, two.0);
                for read in [one.1, two.1] {
                    assert_eq!(axum::body::to_bytes(read, 1000).await.unwrap(), body);
                }
            });
        }
    }
}
