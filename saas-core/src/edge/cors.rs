//! Which other origins may call from a browser.
//!
//! Those of the configuration may call everything, and their preflights are answered here, before anybody asks
//! who is calling. A preflight of any other origin goes on inside: a route may know origins of its own, such as
//! those of registered clients, and where none does the answer lacks the header without which a browser gives up.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use futures_util::future::Either;
use http::{HeaderValue, Method, Request, Response, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, Cors, CorsLayer, ExposeHeaders};
use tower_layer::Layer;
use tower_service::Service;

use super::EdgeConfig;
use crate::config::ConfigError;

/// Lets pages of other origins call.
pub(super) struct OriginLayer {
    cors: CorsLayer,
    origins: Arc<[HeaderValue]>,
}

impl OriginLayer {
    /// Reads the origins. `*` and `null` are refused, because the API answers to credentials.
    pub(super) fn new(config: &EdgeConfig) -> Result<Self, ConfigError> {
        let mut origins = Vec::new();
        for origin in &config.cors.origins {
            origins.push(read(origin)?);
        }
        let cors = if origins.is_empty() {
            CorsLayer::new()
        } else {
            named(origins.clone())
        };
        Ok(Self {
            cors,
            origins: origins.into(),
        })
    }
}

pub(super) fn read(origin: &str) -> Result<HeaderValue, ConfigError> {
    let authority = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    let plain = authority
        .is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', '*', '?', '#', '@', ' ']));
    match HeaderValue::from_str(origin) {
        Ok(value) if plain => Ok(value),
        _ => Err(ConfigError::value(
            "edge.cors.origins",
            format!("`{origin}` is not an exact origin, such as `https://app.example`"),
        )),
    }
}

fn named(origins: Vec<HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        // Whoever may call everything may send and read everything; `*` would not cover `authorization`.
        .allow_headers(AllowHeaders::mirror_request())
        // No cookies come along, so that `*` means what it says.
        .expose_headers(ExposeHeaders::any())
}

impl<S> Layer<S> for OriginLayer {
    type Service = OriginService<S>;

    fn layer(&self, inner: S) -> OriginService<S> {
        OriginService {
            cors: self.cors.layer(inner),
            origins: Arc::clone(&self.origins),
        }
    }
}

/// Made by [`OriginLayer`].
#[derive(Clone)]
pub(super) struct OriginService<S> {
    cors: Cors<S>,
    origins: Arc<[HeaderValue]>,
}

impl<S, B> Service<Request<Body>> for OriginService<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    B: Default,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Either<<Cors<S> as Service<Request<Body>>>::Future, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.cors.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let origin = request.headers().get(header::ORIGIN);
        let known = origin.is_some_and(|origin| self.origins.contains(origin));
        let asks_ahead = request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if request.method() == Method::OPTIONS && !(known && asks_ahead) {
            Either::Right(self.cors.get_mut().call(request))
        } else {
            Either::Left(self.cors.call(request))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use http::StatusCode;
    use tower::{ServiceExt as _, service_fn};

    use super::*;

    async fn ask(method: Method, origin: &'static str) -> (StatusCode, Option<String>) {
        let mut config = EdgeConfig::default();
        config.cors.origins = vec!["https://app.example".to_owned()];
        let inner = service_fn(async |_: Request<Body>| {
            Ok::<_, std::convert::Infallible>(StatusCode::IM_A_TEAPOT.into_response())
        });
        let service = OriginLayer::new(&config).unwrap().layer(inner);
        let request = Request::builder()
            .method(method)
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .body(Body::empty())
            .unwrap();
        let response = service.oneshot(request).await.unwrap();
        let allowed = response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        let allowed = allowed.map(|origin| origin.to_str().unwrap().to_owned());
        (response.status(), allowed)
    }

    #[tokio::test]
    async fn htp_11_a_preflight_of_an_origin_that_is_not_configured_is_for_the_route() {
        let known = Some("https://app.example".to_owned());
        for (method, origin, answer) in [
            (
                Method::OPTIONS,
                "https://app.example",
                (StatusCode::OK, known.clone()),
            ),
            (
                Method::OPTIONS,
                "https://other.example",
                (StatusCode::IM_A_TEAPOT, None),
            ),
            (Method::OPTIONS, "null", (StatusCode::IM_A_TEAPOT, None)),
            (
                Method::POST,
                "https://app.example",
                (StatusCode::IM_A_TEAPOT, known.clone()),
            ),
            (
                Method::POST,
                "https://other.example",
                (StatusCode::IM_A_TEAPOT, None),
            ),
        ] {
            assert_eq!(
                ask(method.clone(), origin).await,
                answer,
                "{method} {origin}"
            );
        }
    }

    #[test]
    fn htp_11_only_exact_origins_are_read() {
        for wrong in [
            "*",
            "null",
            "app.example",
            "https://*.example",
            "https://app.example/",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read("https://app.example:8443").is_ok());
    }
}
