//! Routes that will go.

use std::{
    collections::HashMap,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use axum::{extract::MatchedPath, response::Response};
use futures_util::future::{Either, MapOk, TryFutureExt as _};
use http::{HeaderMap, HeaderName, HeaderValue, Request, header::LINK};
use tower_layer::Layer;
use tower_service::Service;

use crate::{Timestamp, config::ConfigError};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// Says since when a route should not be used any more, until when it answers, and what to use instead.
///
/// The answers of the route say so in `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link` with `rel="successor-version"`
/// (RFC 5829).
#[derive(Debug, Clone)]
pub struct Deprecation {
    since: Timestamp,
    sunset: Option<Timestamp>,
    successor: Option<String>,
}

impl Deprecation {
    /// Deprecates a route since a time, which may lie ahead.
    #[must_use]
    pub const fn since(since: Timestamp) -> Self {
        Self {
            since,
            sunset: None,
            successor: None,
        }
    }

    /// Says after which time the route may be gone.
    #[must_use]
    pub const fn sunset(mut self, at: Timestamp) -> Self {
        self.sunset = Some(at);
        self
    }

    /// Says which address takes its place.
    #[must_use]
    pub fn successor(mut self, address: impl Into<String>) -> Self {
        self.successor = Some(address.into());
        self
    }

    fn headers(&self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        let since = format!("@{}", self.since.as_secs());
        headers.insert(DEPRECATION, since.parse().ok()?);
        if let Some(sunset) = self.sunset {
            let seconds = u64::try_from(sunset.as_secs()).ok()?;
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            headers.insert(SUNSET, httpdate::fmt_http_date(at).parse().ok()?);
        }
        if let Some(successor) = &self.successor {
            let is_safe = |byte: u8| byte.is_ascii_graphic() && !b"<>\"".contains(&byte);
            if !successor.bytes().all(is_safe) {
                return None;
            }
            let link = format!("<{successor}>; rel=\"successor-version\"");
            headers.insert(LINK, HeaderValue::try_from(link).ok()?);
        }
        Some(headers)
    }
}

/// Says so in the answers of routes. It is for `Router::layer`, which runs after the route was chosen.
///
/// ```
/// use axum::{Router, routing::get};
/// use saas_core::{Timestamp, edge::{Deprecation, DeprecationLayer}};
///
/// let since = Timestamp::from_secs(1_767_225_600)?;
/// let old = Deprecation::since(since).successor("/api/v2/notes");
/// let layer = DeprecationLayer::new([("GET", "/api/v1/notes", old)])?;
/// let router: Router = Router::new().route("/api/v1/notes", get(|| async { "text" })).layer(layer);
/// # let _ = router;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct DeprecationLayer(Arc<HashMap<String, Vec<(String, HeaderMap)>>>);

impl DeprecationLayer {
    /// Makes the layer for routes, each with its method and its path as the router has it.
    ///
    /// # Errors
    ///
    /// When the address of a successor is none, or a time is before 1970.
    pub fn new<'a>(
        routes: impl IntoIterator<Item = (&'a str, &'a str, Deprecation)>,
    ) -> Result<Self, ConfigError> {
        let mut found: HashMap<String, Vec<(String, HeaderMap)>> = HashMap::new();
        for (method, path, deprecation) in routes {
            let headers = deprecation.headers().ok_or_else(|| {
                let route = format!("{method} {path}");
                ConfigError::value(&route, "is deprecated in words that no header can have")
            })?;
            let methods = found.entry(path.to_owned()).or_default();
            methods.push((method.to_owned(), headers));
        }
        Ok(Self(Arc::new(found)))
    }
}

impl<S> Layer<S> for DeprecationLayer {
    type Service = DeprecationService<S>;

    fn layer(&self, inner: S) -> DeprecationService<S> {
        DeprecationService {
            inner,
            layer: self.clone(),
        }
    }
}

/// Made by [`DeprecationLayer`].
#[derive(Debug, Clone)]
pub struct DeprecationService<S> {
    inner: S,
    layer: DeprecationLayer,
}

type Adding = Box<dyn FnOnce(Response) -> Response + Send>;

impl<S, B> Service<Request<B>> for DeprecationService<S>
where
    S: Service<Request<B>, Response = Response>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Either<S::Future, MapOk<S::Future, Adding>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = request.extensions().get::<MatchedPath>();
        let methods = path.and_then(|path| self.layer.0.get(path.as_str()));
        let found = methods.and_then(|methods| {
            let mut methods = methods.iter();
            let asked = request.method().as_str();
            // axum answers it by the route of `GET`.
            let asked = if asked == "HEAD" { "GET" } else { asked };
            methods.find(|(method, _)| asked == method)
        });
        let Some((_, headers)) = found else {
            return Either::Left(self.inner.call(request));
        };
        let headers = headers.clone();
        let add: Adding = Box::new(move |mut response| {
            for (name, value) in &headers {
                // Beside the links to other pages.
                response.headers_mut().append(name, value.clone());
            }
            response
        });
        Either::Right(self.inner.call(request).map_ok(add))
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, routing::get};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_deprecated_says_so_and_nothing_else_does() {
        let at = |seconds| Timestamp::from_secs(seconds).unwrap();
        let old = Deprecation::since(at(1_688_169_599))
            .sunset(at(1_767_225_600))
            .successor("https://api.example/v2/notes");
        let layer = DeprecationLayer::new([("GET", "/v1/notes/{id}", old)]).unwrap();
        let router: Router = Router::new()
            .route(
                "/v1/notes/{id}",
                get(|| async { ([("link", "<?after=x>; rel=\"next\"")], "old") })
                    .post(|| async { "kept" }),
            )
            .route("/v2/notes/{id}", get(|| async { "new" }))
            .layer(layer);
        let ask = async |method: &str, path: &str| {
            let request = Request::builder().method(method).uri(path);
            let request = request.body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap()
        };
        let answer = ask("GET", "/v1/notes/1").await;
        assert_eq!(answer.headers()["deprecation"], "@1688169599");
        assert_eq!(answer.headers()["sunset"], "Thu, 01 Jan 2026 00:00:00 GMT");
        let link = r#"<https://api.example/v2/notes>; rel="successor-version""#;
        let links: Vec<_> = answer.headers().get_all("link").iter().collect();
        assert_eq!(links, ["<?after=x>; rel=\"next\"", link]);
        let head = ask("HEAD", "/v1/notes/1").await;
        assert_eq!(head.headers()["deprecation"], "@1688169599");
        for (method, path) in [
            ("POST", "/v1/notes/1"),
            ("GET", "/v2/notes/1"),
            ("GET", "/none"),
        ] {
            let answer = ask(method, path).await;
            assert!(
                !answer.headers().contains_key("deprecation"),
                "{method} {path}"
            );
        }
        let wrong = Deprecation::since(at(0)).successor("/v2>; rel=\"x\"\r\n");
        DeprecationLayer::new([("GET", "/v1", wrong)]).unwrap_err();
    }
}
