//! A secret of one kind is nothing in the place of another.

use std::collections::BTreeMap;

use http::{Method, Request, header};
use saas_auth::FormToken;
use saas_tenancy::Dialect;

use crate::{
    desk::{Desk, post},
    flow::{Browser, CALLBACK, CHALLENGE, VERIFIER},
    world::World,
};

/// Everything that this crate gives out as a text that proves something.
async fn every_kind(browser: &Browser<'_>, desk: &Desk) -> BTreeMap<&'static str, String> {
    let (world, tenant) = (browser.world, browser.tenant);
    let given = desk
        .tokens(browser, &[("scope", "openid projects:read")])
        .await;
    let device = desk.post(world, tenant, "/oauth/device", &[]).await;
    let own = [("grant_type", "client_credentials")];
    let own = desk.post(world, tenant, "/oauth/token", &own).await;
    let pushed = [
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "openid"),
    ];
    let pushed = desk.post(world, tenant, "/oauth/par", &pushed).await;
    let session = browser.session.as_ref().unwrap();
    let cookie = browser.cookie().unwrap();
    BTreeMap::from([
        ("access token", given.field("access_token")),
        ("access token of a program", own.field("access_token")),
        ("id token", given.field("id_token")),
        ("refresh token", given.field("refresh_token")),
        ("code", code(browser, desk).await),
        ("device code", device.field("device_code")),
        ("user code", device.field("user_code")),
        ("pushed request", pushed.field("request_uri")),
        ("session", cookie.split_once('=').unwrap().1.to_owned()),
        (
            "form token",
            FormToken::of(world.db.keys(), session).as_str().to_owned(),
        ),
    ])
}

async fn code(browser: &Browser<'_>, desk: &Desk) -> String {
    let asked = [("client_id", desk.id.as_str()), ("scope", "openid")];
    browser.code(&asked).await
}

/// A place where one kind counts.
const PLACES: [(&str, &[&str]); 8] = [
    (
        "Authorization",
        &["access token", "access token of a program"],
    ),
    ("userinfo", &["access token"]),
    ("cookie", &["session"]),
    ("refresh_token", &["refresh token"]),
    ("code", &["code"]),
    ("id_token_hint", &["id token"]),
    ("user_code", &["user code"]),
    (
        "introspect",
        &["access token", "access token of a program", "refresh token"],
    ),
];

/// Tells whether a text counts in a place.
async fn counts(browser: &Browser<'_>, desk: &Desk, place: &str, text: &str) -> bool {
    let (world, tenant) = (browser.world, browser.tenant);
    let get = async |path: &str, name: &str, value: &str| {
        let request = Request::builder()
            .method(Method::GET)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(name, value)
            .body(axum::body::Body::empty());
        world.send(request.unwrap()).await
    };
    let bearer = format!("Bearer {text}");
    match place {
        "Authorization" => get("/t/acme/whoami", "authorization", &bearer).await.status == 200,
        "userinfo" => {
            get("/t/acme/oauth/userinfo", "authorization", &bearer)
                .await
                .status
                == 200
        }
        "cookie" => {
            let name = saas_auth::SessionCookie::of(tenant.id());
            let cookie = format!("{}={text}", name.name());
            get("/t/acme/whoami", "cookie", &cookie).await.status == 200
        }
        "refresh_token" => {
            let form = [("grant_type", "refresh_token"), ("refresh_token", text)];
            desk.post(world, tenant, "/oauth/token", &form).await.status == 200
        }
        "code" => {
            let form = [
                ("grant_type", "authorization_code"),
                ("code", text),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            desk.post(world, tenant, "/oauth/token", &form).await.status == 200
        }
        "id_token_hint" => {
            let query = crate::world::encode(&[("id_token_hint", text)]);
            // In a browser without a session nothing ends but what the hint names.
            let path = format!("/t/acme/oauth/logout?{query}");
            Browser::new(world, tenant).get(&path).await.status == 200
        }
        "user_code" => {
            let session = browser.session.as_ref().unwrap();
            let devices = world.identity.devices();
            devices.find(tenant, session, text).await.unwrap().is_some()
        }
        "introspect" => desk.is_active(world, tenant, text).await,
        place => panic!("{place}"),
    }
}

#[tokio::test]
async fn jwt_14_every_kind_counts_in_its_own_place_and_in_no_other() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let desk = Desk::open(&world, &world.acme).await;
    for (place, own) in PLACES {
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let kinds = every_kind(&browser, &desk).await;
        assert_eq!(kinds.len(), 10);
        for (kind, text) in &kinds {
            // Wrong user codes are counted, and there are few to try.
            world.db.clock().advance(std::time::Duration::from_secs(1));
            let expected = own.contains(kind);
            assert_eq!(
                counts(&browser, &desk, place, text).await,
                expected,
                "{kind} as {place}"
            );
        }
    }
}

#[tokio::test]
async fn jwt_14_not_even_with_one_algorithm_for_both() {
    for algorithm in saas_auth::Algorithm::ALL {
        let world = World::with(Dialect::Sqlite, |config| {
            config.token.algorithm = algorithm;
            config.token.id_token_algorithm = algorithm;
        })
        .await;
        world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let given = crate::desk::tokens(&browser, &[("scope", "openid")]).await;
        let (access, id) = (given.field("access_token"), given.field("id_token"));
        for (token, typ) in [(&access, "at+jwt"), (&id, "JWT")] {
            let header = crate::desk::read(token).0;
            assert_eq!(
                (header["alg"].as_str(), header["typ"].as_str()),
                (Some(algorithm.as_str()), Some(typ))
            );
        }
        assert!(world.identity.verifier().verify(&access).is_ok());
        assert!(world.identity.verifier().verify(&id).is_err());
        let hinted = async |token: &str| {
            let query = crate::world::encode(&[("id_token_hint", token)]);
            browser
                .get(&format!("/t/acme/oauth/logout?{query}"))
                .await
                .status
                .as_u16()
        };
        assert_eq!(hinted(&access).await, 400);
        assert_eq!(hinted(&id).await, 200);
    }
}

#[tokio::test]
async fn tokens_of_the_old_algorithm_stay_good_after_a_change() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let world = World::on(dialect).await;
        world.person(&world.acme, "ann@acme.test").await;
        let token = async |world: &World| {
            let answer = world
                .sign_in(&world.acme, "ann@acme.test", crate::world::PASSWORD)
                .await;
            answer.field("access_token")
        };
        let before = token(&world).await;
        let mut config = world.identity.config().clone();
        config.token.algorithm = saas_auth::Algorithm::Es256;
        let registry = world.db.registry();
        let changed = saas_auth::Identity::load(world.db.database(), &registry, &config);
        let changed = changed.await.unwrap();
        assert!(changed.verifier().verify(&before).is_ok());
        let session = Browser::of(&world, &world.acme, "ann@acme.test")
            .await
            .session
            .unwrap();
        let issuer = &config.token.issuer;
        let after = changed.issuer().issue(&session, issuer).unwrap();
        assert_eq!(crate::desk::read(after.expose()).0["alg"], "ES256");
        // An instance that runs with the old configuration knows the keys already.
        assert!(world.identity.verifier().verify(after.expose()).is_ok());
    }
}

#[tokio::test]
async fn nothing_that_is_posted_makes_an_endpoint_fall_over() {
    let world = World::on(Dialect::Sqlite).await;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let words = "(grant_type|token|code|device_code|subject_token|id_token_hint|client_id|scope|state|post_logout_redirect_uri|access_token)=";
    let strategy =
        proptest::string::string_regex(&format!("({words}[ -~]{{0,30}}&?){{0,4}}\\PC{{0,10}}"))
            .unwrap();
    for _ in 0..60 {
        use proptest::strategy::{Strategy as _, ValueTree as _};
        let body = strategy.new_tree(&mut runner).unwrap().current();
        for path in [
            "token",
            "revoke",
            "introspect",
            "device",
            "userinfo",
            "logout",
            "par",
        ] {
            let request = Request::post(format!("/t/acme/oauth/{path}"))
                .header(header::HOST, "localhost")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(axum::body::Body::from(body.clone()));
            let answer = world.send(request.unwrap()).await;
            assert!(answer.status.as_u16() < 500, "{path} {body:?} {answer:?}");
        }
    }
    let form = [("token", "x"), ("client_id", "partner")];
    assert_eq!(
        post(&world, &world.acme, "/oauth/revoke", None, &form)
            .await
            .status,
        200
    );
}
