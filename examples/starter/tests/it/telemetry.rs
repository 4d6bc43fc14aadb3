//! What leaves the process: traces.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use http::HeaderMap;
use reqwest::Method;
use saas_tenancy::Dialect;
use tokio::net::TcpListener;

use crate::{
    measure::metric,
    settings::line,
    world::{World, send},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A collector, and what it was sent.
type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

async fn collector() -> (String, Received) {
    let (address, received) = listens("/v1/traces").await;
    (format!("http://{address}/v1/traces"), received)
}

/// Takes what is posted to a path.
async fn listens(path: &str) -> (SocketAddr, Received) {
    let received = Received::default();
    let take = async |State(received): State<Received>, headers: HeaderMap, body: Bytes| {
        received.lock().unwrap().push((headers, body));
    };
    let router = Router::new()
        .route(path, post(take))
        .with_state(Arc::clone(&received));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, received)
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_request_goes_on_with_the_trace_of_its_caller_and_the_collector_gets_it() {
    let (url, received) = collector().await;
    let mut world = World::on(
        Dialect::Sqlite,
        &[
            ("SAAS__LOG__OTLP__ENDPOINT", &url),
            ("SAAS__LOG__OTLP__SERVICE", "the-starter"),
            (
                "SAAS__LOG__OTLP__HEADERS__AUTHORIZATION",
                "Bearer of-the-collector",
            ),
            ("RUST_LOG", "info"),
        ],
    )
    .await;
    let acme = world.sign_up("acme").await;
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-00");
    let request = acme.request(Method::GET, "/api/v1/projects?secret=in-the-query");
    let request = request.header("traceparent", &parent);
    assert_eq!(send(request).await.status, 400);
    // What is no context is none, and hurts nobody.
    for wrong in ["00-zz", "", &"x".repeat(5000)] {
        let request = acme.request(Method::GET, "/api/v1/me");
        assert_eq!(send(request.header("traceparent", wrong)).await.status, 200);
    }
    // What has not been sent yet is sent before the end.
    world.terminate();
    assert_eq!(world.ended().await, Some(0));
    let received = received.lock().unwrap();
    let trace = u128::from_str_radix(TRACE, 16).unwrap().to_be_bytes();
    let parent = 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes();
    let found = received.iter().find(|(_, body)| holds(body, &trace));
    let (headers, body) = found.expect("the trace was sent");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    assert_eq!(headers["authorization"], "Bearer of-the-collector");
    for part in [
        &parent[..],
        b"the-starter",
        b"request",
        b"/api/v1/projects",
        b"http.response.status_code",
    ] {
        assert!(holds(body, part), "{}", String::from_utf8_lossy(part));
    }
    let token = acme_token(&received);
    assert!(!token, "a token or a query string was sent");
}

/// Whether anything was sent that nobody may see.
fn acme_token(received: &[(HeaderMap, Bytes)]) -> bool {
    received
        .iter()
        .any(|(_, body)| holds(body, b"eyJ") || holds(body, b"in-the-query"))
}

#[tokio::test]
async fn a_collector_that_is_gone_costs_nobody_anything() {
    let mut world = World::on(
        Dialect::Sqlite,
        &[
            ("SAAS__LOG__OTLP__ENDPOINT", "http://127.0.0.1:1/v1/traces"),
            ("RUST_LOG", "info"),
        ],
    )
    .await;
    let acme = world.sign_up("acme").await;
    for _ in 0..50 {
        assert_eq!(acme.get("/api/v1/me").await.status, 200);
    }
    world.terminate();
    let ended = tokio::time::timeout(Duration::from_secs(20), world.ended());
    assert_eq!(ended.await.expect("it ends"), Some(0));
    let output = world
        .command(&["serve", "--set", "log.otlp.endpoint=collector:4318"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && text.contains("log.otlp.endpoint"),
        "{text}"
    );
}

#[cfg(feature = "sentry")]
#[tokio::test]
async fn an_error_is_reported_with_its_request_and_without_what_was_sent() {
    let (address, received) = listens("/api/1/envelope/").await;
    let dsn = format!("http://key@{address}/1");
    let mut world = World::on(
        Dialect::Postgres,
        &[("SAAS__LOG__SENTRY__DSN", &dsn), ("RUST_LOG", "info")],
    )
    .await;
    let acme = world.sign_up("acme").await;
    let database = world.database.as_ref().unwrap();
    database
        .as_owner("ALTER TABLE projects RENAME TO gone")
        .await;
    let failed = acme.get("/api/v1/projects?filter[name]=in-the-query").await;
    failed.is_problem(500, "internal");
    let id = failed.header("x-request-id").unwrap().to_owned();
    let token = acme.token.clone();
    world.terminate();
    assert_eq!(world.ended().await, Some(0));
    let received = received.lock().unwrap();
    let found = received.iter().find(|(_, body)| holds(body, id.as_bytes()));
    let (_, body) = found.expect("the error was reported");
    assert!(
        holds(body, b"request failed"),
        "{}",
        String::from_utf8_lossy(body)
    );
    for secret in ["in-the-query", "eyJ", &token] {
        assert!(!holds(body, secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_logged_without_its_values_and_counted() {
    let slow = [("SAAS__DATABASE__SLOW_STATEMENT", "1ms")];
    let world = World::on(Dialect::Postgres, &slow).await;
    let acme = world.sign_up("acme").await;
    let mut asked = 0;
    while metric(&world, "slow_statements_total").await == 0 {
        acme.project(&format!("canary-{asked}")).await;
        asked += 1;
        assert!(
            asked < 1000,
            "every statement takes less than a millisecond"
        );
    }
    let said = "a statement was slow";
    let logged = world.logged();
    let mut lines = logged
        .iter()
        .filter(|line| line["message"] == said)
        .peekable();
    assert!(lines.peek().is_some());
    for line in lines {
        assert!(line["millis"].as_u64().is_some(), "{line}");
        assert!(line["statement"].is_string(), "{line}");
        assert!(!line.to_string().contains("canary"), "{line}");
    }
}

#[tokio::test]
async fn each_answer_is_logged_with_the_tenant_and_the_caller_where_they_are_known() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let owner = world.sign_up("acme").await;
    let me = owner.get("/api/v1/me").await.json();
    let (tenant, user) = (&me["tenant"]["id"], &me["user"]["id"]);
    assert!(tenant.is_string() && user.is_string(), "{me}");
    let answered = async |name: &'static str, request: reqwest::RequestBuilder| {
        send(request.header("x-request-id", name)).await;
        let is = |line: &serde_json::Value| {
            line["message"] == "answered" && line["span"]["request_id"] == name
        };
        line(&world, 0, is).await["span"].clone()
    };
    let span = answered("known", owner.request(Method::GET, "/api/v1/projects")).await;
    assert_eq!((&span["tenant"], &span["user"]), (tenant, user), "{span}");
    let span = answered("nobody", world.request(Method::GET, "/health/live")).await;
    assert!(span["tenant"].is_null() && span["user"].is_null(), "{span}");
}
