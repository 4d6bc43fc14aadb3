//! The authorization endpoint.

use std::time::Duration;

use axum::body::Body;
use http::{Request, header};
use saas_tenancy::{Dialect, SystemScope};
use saas_testkit::TestSetup;

use crate::{
    flow::{Browser, CALLBACK, OURS, Sent, partner, redeem, request},
    world::{Answer, World, encode},
};

const ANN: &str = "ann@acme.test";

async fn world(dialect: Dialect) -> World {
    let world = World::on(dialect).await;
    world.person(&world.acme, ANN).await;
    world
}

#[track_caller]
fn is_page(answer: &Answer) {
    assert_eq!(
        answer.outcome(),
        (400, "bad-request".to_owned()),
        "{answer:?}"
    );
    assert!(!answer.headers.contains_key(header::LOCATION));
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn who_is_signed_in_goes_back_with_a_code_that_gives_tokens() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let world = world(dialect).await;
        let browser = Browser::of(&world, &world.acme, ANN).await;
        let answer = browser.authorize(&[]).await;
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
        let sent = Sent::of(&answer);
        assert!(sent.0.as_str().starts_with(CALLBACK));
        assert_eq!(sent.get("state").unwrap(), "a state");
        // oau_14: the issuer that a client finds in the metadata of this address.
        let issuer = format!("{}/t/acme", world.identity.config().token.issuer);
        assert_eq!(sent.get("iss").unwrap(), issuer);
        let tokens = redeem(&world, &world.acme, &sent.code(), &[]).await;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        // oau_46
        assert_eq!(tokens.headers[header::CACHE_CONTROL], "no-store");
        // One of our own that asks for nothing in particular may do everything.
        assert!(tokens.json().get("scope").is_none());
        let bearer = format!("Bearer {}", tokens.field("access_token"));
        let who = world.who("/whoami", &[&bearer]).await;
        let user = browser.session.as_ref().unwrap().user;
        assert_eq!(who.text, format!("{:?}", user.to_string()));
        let refreshed = world
            .token(
                None,
                &[
                    ("grant_type", "refresh_token"),
                    ("client_id", OURS),
                    ("refresh_token", &tokens.field("refresh_token")),
                ],
            )
            .await;
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_comes_back_from_the_sign_in() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let world = world(dialect).await;
        let mut browser = Browser::new(&world, &world.acme);
        let sent = Sent::of(&browser.authorize(&[("login_hint", ANN)]).await);
        assert_eq!(sent.0.path(), "/t/acme/login");
        assert_eq!(sent.get("login_hint").unwrap(), ANN);
        let onward = sent.get("continue").unwrap();
        assert!(onward.starts_with("/t/acme/oauth/authorize?"), "{onward}");
        // What travels with the browser is not to be read.
        assert!(!onward.contains("app"), "{onward}");
        // Still nobody.
        let again = Sent::of(&browser.get(&onward).await);
        assert_eq!(again.0.path(), "/t/acme/login");
        browser.sign_in(ANN).await;
        let back = Sent::of(&browser.get(&onward).await);
        assert_eq!(
            redeem(&world, &world.acme, &back.code(), &[]).await.status,
            200
        );
        // Not in another tenant, and not for ever.
        let elsewhere = onward.replace("/t/acme/", "/t/beta/");
        is_page(&browser.get(&elsewhere).await);
        world.db.clock().advance(Duration::from_secs(31 * 60));
        is_page(&browser.get(&onward).await);
    }
}

#[tokio::test]
async fn without_a_prefix_the_pages_have_none() {
    let world = world(Dialect::Sqlite).await;
    let query = encode(&request(&[]));
    let request = Request::get(format!("/oauth/authorize?{query}"))
        .header(header::HOST, "acme.localhost")
        .body(Body::empty())
        .unwrap();
    let sent = Sent::of(&world.send(request).await);
    assert_eq!(sent.0.path(), "/login");
    assert!(
        sent.get("continue")
            .unwrap()
            .starts_with("/oauth/authorize?")
    );
}

#[tokio::test]
async fn oau_06_oau_42_nobody_is_sent_to_an_address_that_is_not_registered() {
    let world = world(Dialect::Sqlite).await;
    let browser = Browser::of(&world, &world.acme, ANN).await;
    let foreign = partner(&world, &world.beta).await;
    for change in [
        [("client_id", "")],
        [("client_id", "nobody")],
        [("client_id", "OURS")],
        [("client_id", foreign.id.as_str())],
        [("redirect_uri", "")],
        [("redirect_uri", "https://app.example/callback/")],
        [("redirect_uri", "https://app.example/callback?x=1")],
        [("redirect_uri", "https://app.example/callback#x")],
        [("redirect_uri", "https://app.example:443/callback")],
        [("redirect_uri", "https://evil.example/callback")],
        [("redirect_uri", "//evil.example")],
        [("redirect_uri", "javascript:alert(1)")],
    ] {
        let answer = browser.authorize(&change).await;
        is_page(&answer);
        for value in change {
            assert!(
                value.1.len() < 5 || !answer.text.contains(value.1),
                "{answer:?}"
            );
        }
    }
    // Also not when something else is wrong besides.
    let change = [
        ("redirect_uri", "https://evil.example"),
        ("response_type", "token"),
    ];
    is_page(&browser.authorize(&change).await);
}

#[tokio::test]
async fn oau_12_a_parameter_that_appears_twice_leads_nowhere() {
    let world = world(Dialect::Sqlite).await;
    let browser = Browser::of(&world, &world.acme, ANN).await;
    let good = encode(&request(&[]));
    for twice in ["client_id=ours", "state=x", "x=1&x=1", "%73tate=x"] {
        is_page(
            &browser
                .get(&format!("/t/acme/oauth/authorize?{good}&{twice}"))
                .await,
        );
    }
    is_page(&browser.get("/t/acme/oauth/authorize").await);
    is_page(&browser.get("/t/acme/oauth/authorize?%ff=%ff").await);
    let nameless = browser.get("/oauth/authorize?client_id=ours").await;
    assert_eq!(nameless.outcome(), (400, "tenant-required".to_owned()));
}

#[tokio::test]
async fn what_else_is_wrong_is_told_to_the_client() {
    let world = world(Dialect::Sqlite).await;
    let browser = Browser::of(&world, &world.acme, ANN).await;
    for (change, error) in [
        // oau_16
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "id_token"), "unsupported_response_type"),
        (("response_type", "code token"), "unsupported_response_type"),
        (
            ("response_type", "code id_token"),
            "unsupported_response_type",
        ),
        (("response_type", "none"), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        // oau_09
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "x"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", "s256"), "invalid_request"),
        // oau_34
        (("scope", "openid nonsense"), "invalid_scope"),
        (("scope", "OpenID"), "invalid_scope"),
        (("scope", "openid\tprofile"), "invalid_scope"),
        // oau_44
        (("request", "x"), "request_not_supported"),
        (
            ("request_uri", "https://app.example/r"),
            "request_uri_not_supported",
        ),
        (("registration", "{}"), "registration_not_supported"),
        (("prompt", "create"), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("max_age", "-1"), "invalid_request"),
        (("max_age", "soon"), "invalid_request"),
    ] {
        let sent = Sent::of(&browser.authorize(&[change]).await);
        assert!(sent.0.as_str().starts_with(CALLBACK), "{change:?}");
        assert_eq!(sent.get("error").as_deref(), Some(error), "{change:?}");
        assert_eq!(sent.get("code"), None, "{change:?}");
        // oau_14, oau_15
        assert!(sent.get("error_description").is_some());
        assert!(sent.get("iss").is_some());
        assert_eq!(sent.get("state").as_deref(), Some("a state"), "{change:?}");
        assert!(!sent.0.as_str().contains("nonsense"));
    }
    for ignored in [
        ("claims", "{\"userinfo\":{}}"),
        ("display", "page"),
        ("ui_locales", "de en"),
        ("acr_values", "aal9"),
        ("claims_locales", "de"),
        ("response_mode", "query"),
        ("nonsense", "1"),
        ("max_age", "86400"),
    ] {
        browser.code(&[ignored]).await;
    }
    let long = "x".repeat(4097);
    let sent = Sent::of(&browser.authorize(&[("state", &long)]).await);
    assert_eq!(sent.get("error").unwrap(), "invalid_request");
    assert_eq!(sent.get("state"), None);
}

#[tokio::test]
async fn oau_15_a_state_comes_back_as_it_was() {
    let world = world(Dialect::Sqlite).await;
    let browser = Browser::of(&world, &world.acme, ANN).await;
    let stranger = Browser::new(&world, &world.acme);
    let long = "x".repeat(4096);
    for state in [
        "zürich 🎉",
        "<script>alert(1)</script>",
        "a&code=b#c",
        "\r\nx: y",
        &long,
    ] {
        for answer in [
            browser.authorize(&[("state", state)]).await,
            browser.authorize(&[("state", state), ("scope", "x")]).await,
            stranger
                .authorize(&[("state", state), ("prompt", "none")])
                .await,
        ] {
            assert_eq!(Sent::of(&answer).get("state").as_deref(), Some(state));
            assert!(answer.text.is_empty());
        }
    }
    let sent = Sent::of(&browser.authorize(&[("state", "")]).await);
    assert_eq!(sent.get("state"), None);
}

#[tokio::test]
async fn oau_19_who_may_not_be_asked_is_not() {
    let world = world(Dialect::Sqlite).await;
    let stranger = Browser::new(&world, &world.acme);
    let none = ("prompt", "none");
    let sent = Sent::of(&stranger.authorize(&[none]).await);
    assert_eq!(sent.get("error").unwrap(), "login_required");
    let browser = Browser::of(&world, &world.acme, ANN).await;
    browser.code(&[none]).await;
    let client = partner(&world, &world.acme).await;
    let sent = Sent::of(&browser.authorize(&[none, ("client_id", &client.id)]).await);
    assert_eq!(sent.get("error").unwrap(), "consent_required");
    world.db.clock().advance(Duration::from_secs(61));
    let sent = Sent::of(&browser.authorize(&[none, ("max_age", "60")]).await);
    assert_eq!(sent.get("error").unwrap(), "login_required");
}

#[tokio::test]
async fn oau_19_who_has_to_sign_in_again_does_so_once() {
    for change in [
        ("prompt", "login"),
        ("prompt", "select_account"),
        ("max_age", "60"),
        ("max_age", "0"),
    ] {
        let world = world(Dialect::Sqlite).await;
        let mut browser = Browser::of(&world, &world.acme, ANN).await;
        world.db.clock().advance(Duration::from_secs(61));
        let sent = Sent::of(&browser.authorize(&[change, ("scope", "openid")]).await);
        assert_eq!(sent.0.path(), "/t/acme/login", "{change:?}");
        assert_eq!(sent.get("prompt").unwrap(), "login");
        let onward = sent.get("continue").unwrap();
        // Who goes on without signing in comes back.
        let again = Sent::of(&browser.get(&onward).await);
        assert_eq!(again.0.path(), "/t/acme/login", "{change:?}");
        world.db.clock().advance(Duration::from_secs(61));
        browser.sign_in(ANN).await;
        let signed_in = world.db.now();
        world.db.clock().advance(Duration::from_secs(61));
        let code = Sent::of(&browser.get(&onward).await).code();
        let tokens = redeem(&world, &world.acme, &code, &[]).await;
        let verifier = world.identity.verifier();
        let principal = verifier.verify(&tokens.field("access_token")).unwrap();
        assert_eq!(principal.authenticated_at().as_secs(), signed_in.as_secs());
    }
}

#[tokio::test]
async fn a_form_goes_on_as_a_get() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let world = world(dialect).await;
        let browser = Browser::of(&world, &world.acme, ANN).await;
        let post = async |kind: &str, body: String| {
            let request = Request::post("/t/acme/oauth/authorize")
                .header(header::HOST, "localhost")
                .header(header::ORIGIN, "https://app.example")
                .header(header::CONTENT_TYPE, kind)
                .body(Body::from(body))
                .unwrap();
            world.send(request).await
        };
        let form = "application/x-www-form-urlencoded";
        let sent = Sent::of(&post(form, encode(&request(&[]))).await);
        assert_eq!(sent.0.path(), "/t/acme/oauth/authorize");
        Sent::of(&browser.get(sent.path()).await).code();
        let wrong = encode(&request(&[("response_type", "token")]));
        let sent = Sent::of(&post(form, wrong).await);
        assert_eq!(sent.get("error").unwrap(), "unsupported_response_type");
        is_page(&post(form, "client_id=nobody".to_owned()).await);
        is_page(&post("application/json", "{}".to_owned()).await);
    }
}

#[tokio::test]
async fn pushed_requests_are_of_their_client_for_a_moment_and_once() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let world = world(dialect).await;
        let browser = Browser::of(&world, &world.acme, ANN).await;
        let push = async |change: &[(&str, &str)]| {
            let post = Request::post("/t/acme/oauth/par")
                .header(header::HOST, "localhost")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(encode(&request(change))))
                .unwrap();
            world.send(post).await
        };
        let follow = async |id: &str, uri: &str| {
            let query = encode(&[
                ("client_id", id),
                ("request_uri", uri),
                ("scope", "nonsense"),
            ]);
            browser
                .get(&format!("/t/acme/oauth/authorize?{query}"))
                .await
        };
        let pushed = push(&[("state", "pushed")]).await;
        assert_eq!(pushed.status, 201, "{pushed:?}");
        assert_eq!(pushed.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(pushed.json()["expires_in"], 90);
        let uri = pushed.field("request_uri");
        assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"));
        is_page(&follow("starter-web", &uri).await);
        is_page(&follow(OURS, &format!("{uri}x")).await);
        let sent = Sent::of(&follow(OURS, &uri).await);
        assert_eq!(sent.get("state").unwrap(), "pushed");
        // Somebody who reloads gets a code again, but only one of them is good for anything.
        let reloaded = Sent::of(&follow(OURS, &uri).await).code();
        assert_eq!(
            redeem(&world, &world.acme, &sent.code(), &[]).await.status,
            200
        );
        assert_eq!(
            redeem(&world, &world.acme, &reloaded, &[])
                .await
                .field("error"),
            "invalid_grant"
        );
        is_page(&follow(OURS, &uri).await);

        let late = push(&[]).await.field("request_uri");
        world.db.clock().advance(Duration::from_secs(90));
        is_page(&follow(OURS, &late).await);
        for (change, error) in [
            (("redirect_uri", "https://evil.example"), "invalid_request"),
            (("code_challenge", ""), "invalid_request"),
            (("scope", "nonsense"), "invalid_scope"),
            (
                ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
                "request_uri_not_supported",
            ),
            (("response_type", "token"), "unsupported_response_type"),
            (("client_id", "nobody"), "invalid_client"),
        ] {
            assert_eq!(push(&[change]).await.field("error"), error, "{change:?}");
        }
    }
}

#[tokio::test]
async fn pwd_22_no_get_writes() {
    let world = world(Dialect::Sqlite).await;
    let browser = Browser::of(&world, &world.acme, ANN).await;
    let client = partner(&world, &world.acme).await;
    let before = rows(&world).await;
    browser.code(&[]).await;
    browser.authorize(&[("client_id", &client.id)]).await;
    browser.authorize(&[("prompt", "login")]).await;
    browser.authorize(&[("scope", "nonsense")]).await;
    Browser::new(&world, &world.acme).authorize(&[]).await;
    assert_eq!(rows(&world).await, before);
}

async fn rows(world: &World) -> Vec<i64> {
    let scope = SystemScope::<TestSetup>::enter();
    let mut tx = world.db.database().system_read(&scope);
    let mut counts = Vec::new();
    for sql in [
        "SELECT count(*) FROM saas_used_codes",
        "SELECT count(*) FROM saas_consents",
        "SELECT count(*) FROM saas_sessions",
        "SELECT count(*) FROM saas_refresh_tokens",
        "SELECT count(*) FROM saas_audit",
    ] {
        let rows = tx.fetch_all(sql, &[]).await.unwrap();
        counts.push(rows[0].get(0).unwrap());
    }
    counts
}
