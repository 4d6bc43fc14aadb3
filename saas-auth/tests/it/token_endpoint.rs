//! The token endpoint as a protocol: RFC 6749, section 5.2, and problems beside it.

use axum::body::Body;
use http::{Request, header};
use saas_tenancy::Dialect;

use crate::world::{Answer, PASSWORD, World};

const FORM: &str = "application/x-www-form-urlencoded";

async fn post(world: &World, kind: Option<&str>, body: impl Into<Body>) -> Answer {
    let mut request = Request::post("/oauth/token")
        .header(header::HOST, "localhost")
        .header("x-tenant", "acme");
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    world.send(request.body(body.into()).unwrap()).await
}

#[track_caller]
fn is_error(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.field("error"), error, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["pragma"], "no-cache");
    let body = answer.json();
    assert_eq!(body["status"], status);
    for member in ["error_description", "type", "title", "code"] {
        assert!(body[member].is_string(), "{member}: {body}");
    }
    if status == 401 {
        assert!(answer.headers.contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn every_fault_of_a_request_has_its_error() {
    let world = World::on(Dialect::Sqlite).await;
    for (form, status, error) in [
        ("", 400, "invalid_request"),
        ("&&&", 400, "invalid_request"),
        ("grant_type=", 400, "invalid_request"),
        ("grant_type=password", 400, "invalid_request"),
        ("client_id=starter-web", 400, "invalid_request"),
        ("grant_type=password&client_id=", 400, "invalid_request"),
        (
            "grant_type=password&client_id=nobody",
            401,
            "invalid_client",
        ),
        (
            "grant_type=password&client_id=STARTER-WEB",
            401,
            "invalid_client",
        ),
        (
            "grant_type=magic&client_id=starter-web",
            400,
            "unsupported_grant_type",
        ),
        (
            "grant_type=PASSWORD&client_id=starter-web",
            400,
            "unsupported_grant_type",
        ),
        (
            "grant_type=client_credentials&client_id=starter-web",
            400,
            "unauthorized_client",
        ),
        (
            "grant_type=password&client_id=partner",
            400,
            "unauthorized_client",
        ),
        (
            "grant_type=password&client_id=starter-web",
            400,
            "invalid_request",
        ),
        (
            "grant_type=password&client_id=starter-web&username=a",
            400,
            "invalid_request",
        ),
        (
            "grant_type=password&client_id=starter-web&password=a",
            400,
            "invalid_request",
        ),
        (
            "grant_type=password&client_id=starter-web&username=&password=",
            400,
            "invalid_request",
        ),
        (
            "grant_type=password&client_id=starter-web&username=a&password=b",
            400,
            "invalid_grant",
        ),
        (
            "grant_type=password&client_id=starter-web&username=a&password=b&scope=x",
            400,
            "invalid_scope",
        ),
        (
            "grant_type=refresh_token&client_id=starter-web",
            400,
            "invalid_request",
        ),
        (
            "grant_type=refresh_token&client_id=starter-web&refresh_token=x",
            400,
            "invalid_grant",
        ),
    ] {
        is_error(&post(&world, Some(FORM), form).await, status, error);
    }
}

#[tokio::test]
async fn oau_12_a_parameter_that_appears_twice_is_refused_known_or_not() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let good = format!(
        "grant_type=password&client_id=starter-web&username=ann@acme.test&password={}",
        PASSWORD.replace(' ', "+")
    );
    assert_eq!(post(&world, Some(FORM), good.clone()).await.status, 200);
    let unknown = format!("{good}&nonsense=1");
    assert_eq!(post(&world, Some(FORM), unknown).await.status, 200);
    for again in [
        "grant_type=password",
        "client_id=starter-web",
        "client_id=",
        "username=ann@acme.test",
        "password=x",
        "%70assword=x",
        "x=1&x=1",
        "x&x",
    ] {
        let answer = post(&world, Some(FORM), format!("{good}&{again}")).await;
        is_error(&answer, 400, "invalid_request");
    }
}

#[tokio::test]
async fn oau_48_only_a_form_in_utf_8_is_read() {
    let world = World::on(Dialect::Sqlite).await;
    let body = "grant_type=magic&client_id=starter-web";
    for kind in [
        FORM,
        "application/x-www-form-urlencoded; charset=UTF-8",
        "Application/X-WWW-Form-Urlencoded;charset=\"utf-8\"",
    ] {
        is_error(
            &post(&world, Some(kind), body).await,
            400,
            "unsupported_grant_type",
        );
    }
    for kind in [
        None,
        Some("application/json"),
        Some("text/plain"),
        Some("multipart/form-data; boundary=x"),
        Some("application/x-www-form-urlencodedx"),
        Some("application/x-www-form-urlencoded; charset=utf-16"),
        Some("application/x-www-form-urlencoded; charset=iso-8859-1"),
        Some(""),
    ] {
        is_error(&post(&world, kind, body).await, 400, "invalid_request");
    }
    for wrong in [
        &b"grant_type=\xff"[..],
        b"\xff\xfe=x",
        b"grant_type=%ff",
        b"%c3%28=x",
    ] {
        is_error(
            &post(&world, Some(FORM), wrong).await,
            400,
            "invalid_request",
        );
    }
}

#[tokio::test]
async fn a_request_is_bounded_in_size_and_in_parameters() {
    let world = World::on(Dialect::Sqlite).await;
    let large = post(&world, Some(FORM), "x".repeat((16 << 10) + 1)).await;
    assert_eq!(large.outcome(), (413, "body-too-large".to_owned()));
    let many: Vec<_> = (0..33).map(|n| format!("p{n}=1")).collect();
    is_error(
        &post(&world, Some(FORM), many.join("&")).await,
        400,
        "invalid_request",
    );
}

#[tokio::test]
async fn the_tenant_of_a_password_has_to_be_named_by_the_address() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let form = [
        ("grant_type", "password"),
        ("client_id", "starter-web"),
        ("username", "ann@acme.test"),
        ("password", PASSWORD),
        // A parameter does not name it.
        ("tenant", "acme"),
    ];
    let answer = world.token(None, &form).await;
    is_error(&answer, 400, "invalid_request");
    assert!(answer.field("error_description").contains("X-Tenant"));
    assert_eq!(world.token(Some(&world.acme), &form).await.status, 200);
}

#[tokio::test]
async fn oau_46_no_secret_comes_back_in_an_error() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let answer = world
        .sign_in(&world.acme, "ann@acme.test", "a secret that is wrong")
        .await;
    assert!(!answer.text.contains("secret"), "{}", answer.text);
    assert!(!answer.text.contains("ann@"), "{}", answer.text);
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_a_503_and_no_oauth_error() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let good = world.sign_in(&world.acme, "ann@acme.test", PASSWORD).await;
    world.db.database().close().await;
    for answer in [
        world.sign_in(&world.acme, "ann@acme.test", PASSWORD).await,
        world.exchange(None, &good.field("refresh_token")).await,
    ] {
        assert_eq!(answer.outcome(), (503, "unavailable".to_owned()));
        assert!(answer.headers.contains_key("retry-after"));
    }
}
