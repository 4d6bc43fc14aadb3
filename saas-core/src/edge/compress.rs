//! Answers that are smaller on their way.

use std::convert::Infallible;

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderValue, Request,
    header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY},
};
use http_body::Body as _;
use tower::{Layer as _, ServiceExt as _};
use tower_http::compression::{CompressionLayer, Predicate};
use tower_service::Service;

/// Compresses answers of JSON from so many bytes on with gzip, for clients that take it.
///
/// Deliberately not what could tell a secret by its length, or has a length or a tag of its own: an answer that says
/// `no-store` by itself, as those with tokens do; pages, which have tokens of forms and repeat what was sent (BREACH);
/// files; whatever has an `ETag`, which names its bytes.
pub(super) fn compress<S>(
    from: u64,
    inner: S,
) -> impl Service<Request<Body>, Response = Response, Error = Infallible, Future: Send + 'static>
+ Clone
+ Send
+ Sync
+ 'static
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
{
    CompressionLayer::new()
        .compress_when(Worth(from))
        .layer(inner)
        .map_request(|mut request: Request<Body>| {
            only_gzip(request.headers_mut());
            request
        })
        .map_response(move |response: http::Response<_>| {
            let mut response = response.map(Body::new);
            Worth(from).forget_length(&mut response);
            response
        })
}

/// From how many bytes on it is worth it.
#[derive(Debug, Clone, Copy)]
struct Worth(u64);

impl Predicate for Worth {
    fn should_compress<B: http_body::Body>(&self, response: &http::Response<B>) -> bool {
        let size = response.body().size_hint().exact();
        size.is_some_and(|size| self.fits(size, response))
    }
}

impl Worth {
    /// To HEAD nothing is said of a length that the answer to GET may not have (RFC 9110, section 8.6).
    fn forget_length(self, response: &mut Response) {
        let length = response.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let of_head = response.body().size_hint().exact() == Some(0);
        if of_head && length.is_some_and(|length| self.fits(length, response)) {
            response.headers_mut().remove(CONTENT_LENGTH);
            let vary = HeaderValue::from_static("accept-encoding");
            response.headers_mut().append(VARY, vary);
        }
    }

    /// Tells whether an answer with so many bytes is made smaller.
    fn fits<B>(self, size: u64, response: &http::Response<B>) -> bool {
        let headers = response.headers();
        let text = |name| {
            let value: Option<&HeaderValue> = headers.get(name);
            value
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        self.0 > 0
            && size >= self.0
            && response.status().is_success()
            && text(CONTENT_TYPE).starts_with("application/json")
            && !text(CACHE_CONTROL).contains("no-store")
            // What is compressed is not the same byte for byte.
            && (!headers.contains_key(ETAG) || text(ETAG).starts_with("W/"))
    }
}

/// Says what the client takes in one word: `gzip`, or nothing. Whoever takes nothing that there is would otherwise be
/// refused after the request was done.
fn only_gzip(headers: &mut HeaderMap) {
    let Some(first) = headers.get(ACCEPT_ENCODING) else {
        return;
    };
    let takes = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let refused = parts.any(|weight| {
                let weight = weight.strip_prefix("q=").or(weight.strip_prefix("Q="));
                weight.is_some_and(|weight| weight.parse() == Ok(0.0_f32))
            });
            (name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip")) && !refused
        });
    if !takes {
        headers.remove(ACCEPT_ENCODING);
    } else if first != "gzip" {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use http_body_util::BodyExt as _;
    use tower::service_fn;

    use super::*;

    async fn ask(
        accepts: &'static str,
        headers: &[(&'static str, &'static str)],
        size: usize,
    ) -> Response {
        let headers: Vec<_> = headers.to_vec();
        let inner = service_fn(move |_: Request<Body>| {
            let headers = headers.clone();
            async move {
                let mut response = "x".repeat(size).into_response();
                for (name, value) in headers {
                    response
                        .headers_mut()
                        .insert(name, HeaderValue::from_static(value));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let mut request = Request::new(Body::empty());
        if !accepts.is_empty() {
            let accepts = HeaderValue::from_static(accepts);
            request.headers_mut().insert(ACCEPT_ENCODING, accepts);
        }
        compress(1024, inner).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn json_is_compressed_for_whom_takes_it() {
        let json = [("content-type", "application/json")];
        for (accepts, compressed) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5, br", true),
            ("x-gzip", true),
            ("br", false),
            ("gzip;q=0", false),
            ("identity;q=0", false),
            ("*;q=0", false),
            ("", false),
        ] {
            let response = ask(accepts, &json, 4096).await;
            assert_eq!(response.status(), 200, "{accepts}");
            let encoding = response.headers().get("content-encoding");
            assert_eq!(encoding.is_some(), compressed, "{accepts}");
            assert_eq!(response.headers()["vary"], "accept-encoding", "{accepts}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body.len() < 4096, compressed);
        }
    }

    #[tokio::test]
    async fn what_is_small_or_could_tell_something_is_left_as_it_is() {
        let json = ("content-type", "application/json");
        for (headers, size) in [
            (vec![json], 1023),
            (vec![json, ("cache-control", "no-store")], 4096),
            (vec![json, ("etag", "\"1\"")], 4096),
            (vec![json, ("content-range", "bytes 0-1/2")], 4096),
            (vec![("content-type", "text/html; charset=utf-8")], 4096),
            (vec![("content-type", "application/octet-stream")], 4096),
        ] {
            let response = ask("gzip", &headers, size).await;
            let encoding = response.headers().get("content-encoding");
            assert_eq!(encoding, None, "{headers:?}");
        }
    }

    #[tokio::test]
    async fn the_length_of_what_would_be_smaller_is_not_told() {
        for (length, kind, told) in [
            ("4096", "application/json", false),
            ("1023", "application/json", true),
            ("4096", "text/plain", true),
        ] {
            let head = [("content-length", length), ("content-type", kind)];
            let response = ask("gzip", &head, 0).await;
            let found = response.headers().contains_key("content-length");
            assert_eq!(found, told, "{length} {kind}");
            assert_eq!(response.headers().contains_key("vary"), !told);
        }
    }
}
