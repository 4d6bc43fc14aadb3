//! What is counted of requests.

use std::{convert::Infallible, time::Duration};

use axum::{Router, body::Body, response::Response, routing::get};
use http::{Method, Request, StatusCode};
use saas_edge::requests::{RequestMetrics, RequestsLayer, RouteLayer};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_service::Service;

fn counts(metrics: &RequestMetrics) -> Vec<(String, u64, u64, u64)> {
    let counts = metrics.counts().into_iter();
    counts
        .map(|of| (of.route, of.requests, of.refused, of.failed))
        .collect()
}

async fn ask(
    app: &(impl Service<Request<Body>, Response = Response, Error = Infallible> + Clone),
    method: Method,
    path: &str,
) -> StatusCode {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn every_request_is_counted_by_its_route_and_strangers_together() {
    let metrics = RequestMetrics::new([("GET", "/a/{id}"), ("GET", "/slow"), ("PUT", "/a/{id}")]);
    let router: Router = Router::new()
        .route(
            "/a/{id}",
            get(|| async { "text" }).put(|| async { StatusCode::BAD_GATEWAY }),
        )
        .route(
            "/slow",
            get(|| async { std::future::pending::<()>().await }),
        )
        .layer(RouteLayer::new(metrics.clone()));
    // Something between that refuses by itself.
    let router = service_fn(move |request: Request<Body>| {
        let router = router.clone();
        async move {
            if request.uri().path() == "/refused" {
                let mut refused = Response::default();
                *refused.status_mut() = StatusCode::FORBIDDEN;
                return Ok(refused);
            }
            router.oneshot(request).await
        }
    });
    let app = RequestsLayer::new(metrics.clone()).layer(router);
    for number in 0..1000 {
        assert_eq!(ask(&app, Method::GET, &format!("/a/{number}")).await, 200);
    }
    assert_eq!(ask(&app, Method::HEAD, "/a/1").await, 200);
    assert_eq!(ask(&app, Method::PUT, "/a/1").await, 502);
    assert_eq!(ask(&app, Method::POST, "/a/1").await, 405);
    assert_eq!(ask(&app, Method::GET, "/nowhere").await, 404);
    assert_eq!(ask(&app, Method::GET, "/refused").await, 403);
    // A client that goes away is counted, too.
    let waiting = ask(&app, Method::GET, "/slow");
    let gone = tokio::time::timeout(Duration::from_millis(1), waiting).await;
    assert!(gone.is_err());
    let name = |name: &str| name.to_owned();
    assert_eq!(
        counts(&metrics),
        [
            (name("GET /a/{id}"), 1001, 0, 0),
            (name("GET /slow"), 1, 0, 0),
            (name("PUT /a/{id}"), 1, 0, 1),
            (name("(none)"), 3, 3, 0),
        ]
    );
    let times = metrics.times();
    assert_eq!(times.last(), Some(&(Duration::MAX, 1006)));
    assert!(times.is_sorted());
}
