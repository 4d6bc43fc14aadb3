//! The modules of the OpenID Foundation's conformance suite, by their names: the Basic OP and the Config OP plan.
//! Those of RP-Initiated Logout stand in `signing_out.rs`; docs/src/oidc-conformance.md lists what does not apply.

use std::time::Duration;

use axum::body::Body;
use http::{Request, header};
use jsonwebtoken::{Algorithm, DecodingKey};
use saas_auth::oauth::{AuthMethod, NewClient};
use saas_tenancy::Dialect;
use serde_json::Value;

use crate::{
    desk::{Desk, post, read},
    flow::{Browser, CALLBACK, Sent, VERIFIER, register, request},
    world::{Answer, World, encode},
};

/// A person, their browser, and a relying party with a secret.
struct Suite {
    world: World,
    desk: Desk,
}

impl Suite {
    async fn new() -> Self {
        let world = World::on(Dialect::Sqlite).await;
        world.person(&world.acme, "ann@acme.test").await;
        let desk = Desk::open(&world, &world.acme).await;
        Self { world, desk }
    }

    async fn browser(&self) -> Browser<'_> {
        Browser::of(&self.world, &self.world.acme, "ann@acme.test").await
    }

    /// Runs the whole flow and gives the claims of the id token, verified as a client does.
    async fn flow(&self, browser: &Browser<'_>, change: &[(&str, &str)]) -> (Answer, Value) {
        let mut asked = vec![("scope", "openid")];
        for (name, value) in change {
            asked.retain(|(known, _)| known != name);
            asked.push((name, value));
        }
        let given = self.desk.tokens(browser, &asked).await;
        let claims = self.verified(&given.field("id_token")).await;
        (given, claims)
    }

    /// Verifies an id token by the metadata alone.
    async fn verified(&self, token: &str) -> Value {
        let document = self
            .world
            .who("/t/acme/.well-known/openid-configuration", &[])
            .await;
        let keys = self
            .world
            .who("/t/acme/.well-known/jwks.json", &[])
            .await
            .json();
        let (head, claims) = read(token);
        let algorithms = document.json()["id_token_signing_alg_values_supported"].clone();
        assert!(
            algorithms.as_array().unwrap().contains(&head["alg"]),
            "{head}"
        );
        let keys = keys["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["kid"] == head["kid"]).unwrap();
        assert_eq!((&key["alg"], &key["use"]), (&head["alg"], &"sig".into()));
        let part = |name: &str| key[name].as_str().unwrap();
        let key = DecodingKey::from_ec_components(part("x"), part("y")).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        assert!(
            jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, Algorithm::ES256)
                .unwrap()
        );
        assert_eq!(claims["iss"], document.json()["issuer"]);
        assert_eq!(claims["aud"], self.desk.id);
        let now = self.world.db.now().as_secs();
        assert!(claims["iat"].as_i64().unwrap() <= now && claims["exp"].as_i64().unwrap() > now);
        claims
    }

    async fn userinfo(&self, given: &Answer) -> Value {
        let bearer = format!("Bearer {}", given.field("access_token"));
        let answer = self.world.who("/t/acme/oauth/userinfo", &[&bearer]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn redeem(&self, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.desk
            .post(&self.world, &self.world.acme, "/oauth/token", &form)
            .await
    }

    fn asked<'a>(&'a self, change: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut asked = vec![("client_id", self.desk.id.as_str()), ("scope", "openid")];
        asked.extend_from_slice(change);
        asked
    }
}

#[tokio::test]
async fn oidc_server() {
    let suite = Suite::new().await;
    let (given, claims) = suite
        .flow(&suite.browser().await, &[("nonce", "n-0S6_WzA2Mj")])
        .await;
    assert_eq!(claims["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(given.field("token_type"), "Bearer");
    for name in ["sub", "sid", "tid", "acr", "at_hash"] {
        assert!(claims[name].is_string(), "{name}: {claims}");
    }
    // OpenID Connect Core, section 3.1.3.6.
    let hash = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        given.field("access_token").as_bytes(),
    );
    let half = base64::Engine::encode(
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
        &hash.as_ref()[..16],
    );
    assert_eq!(claims["at_hash"], half);
    assert_eq!(suite.userinfo(&given).await["sub"], claims["sub"]);
    assert_eq!(given.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn oidc_response_type_missing() {
    let suite = Suite::new().await;
    let answer = suite
        .browser()
        .await
        .authorize(&suite.asked(&[("response_type", "")]))
        .await;
    assert_eq!(
        Sent::of(&answer).get("error").as_deref(),
        Some("invalid_request")
    );
}

#[tokio::test]
async fn oidc_userinfo_get_post_header_and_post_body() {
    let suite = Suite::new().await;
    let (given, claims) = suite.flow(&suite.browser().await, &[]).await;
    let token = given.field("access_token");
    let bearer = format!("Bearer {token}");
    let (world, acme) = (&suite.world, &suite.world.acme);
    let by_get = suite.userinfo(&given).await;
    let by_header = post(world, acme, "/oauth/userinfo", Some(&bearer), &[])
        .await
        .json();
    let by_body = post(
        world,
        acme,
        "/oauth/userinfo",
        None,
        &[("access_token", &token)],
    )
    .await
    .json();
    for told in [by_get, by_header, by_body] {
        assert_eq!(told["sub"], claims["sub"]);
    }
}

#[tokio::test]
async fn oidc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let suite = Suite::new().await;
    let (_, claims) = suite.flow(&suite.browser().await, &[]).await;
    assert_eq!(claims.get("nonce"), None);
}

#[tokio::test]
async fn oidc_scope_profile_email_and_all() {
    let suite = Suite::new().await;
    let browser = suite.browser().await;
    for (scope, name, email) in [
        ("openid", false, false),
        ("openid profile", true, false),
        ("openid email", false, true),
        ("openid profile email", true, true),
    ] {
        let (given, claims) = suite.flow(&browser, &[("scope", scope)]).await;
        let told = suite.userinfo(&given).await;
        for told in [&claims, &told] {
            assert_eq!(told.get("name").is_some(), name, "{scope}");
            assert_eq!(told.get("email").is_some(), email, "{scope}");
            assert_eq!(
                told.get("email_verified").is_some_and(Value::is_boolean),
                email,
                "{scope}"
            );
        }
    }
}

#[tokio::test]
async fn oidc_ensure_other_scope_order_succeeds() {
    let suite = Suite::new().await;
    suite
        .flow(&suite.browser().await, &[("scope", "email openid")])
        .await;
}

#[tokio::test]
async fn oidc_what_is_not_understood_is_ignored() {
    // display-page, display-popup, ui-locales, claims-locales, ensure-request-with-acr-values-succeeds,
    // ensure-request-with-unknown-parameter-succeeds, login-hint.
    let suite = Suite::new().await;
    let browser = suite.browser().await;
    for parameter in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se"),
        ("claims_locales", "se"),
        ("acr_values", "1 2"),
        ("extra", "foobar"),
        ("login_hint", "bob@acme.test"),
    ] {
        suite.flow(&browser, &[parameter]).await;
    }
}

#[tokio::test]
async fn oidc_prompt_login() {
    let suite = Suite::new().await;
    let mut browser = suite.browser().await;
    let (_, before) = suite.flow(&browser, &[]).await;
    suite.world.db.clock().advance(Duration::from_secs(10));
    let sent = Sent::of(
        &browser
            .authorize(&suite.asked(&[("prompt", "login")]))
            .await,
    );
    assert!(sent.0.path().ends_with("/login"), "{sent:?}");
    browser.sign_in("ann@acme.test").await;
    let code = Sent::of(&browser.get(&sent.get("continue").unwrap()).await).code();
    let after = suite
        .verified(&suite.redeem(&code).await.field("id_token"))
        .await;
    assert_eq!(after["sub"], before["sub"]);
    assert!(after["auth_time"].as_i64() > before["auth_time"].as_i64());
}

#[tokio::test]
async fn oidc_prompt_none_not_logged_in_and_logged_in() {
    let suite = Suite::new().await;
    let asked = suite.asked(&[("prompt", "none")]);
    let nobody = Browser::new(&suite.world, &suite.world.acme);
    let error = Sent::of(&nobody.authorize(&asked).await).get("error");
    assert_eq!(error.as_deref(), Some("login_required"));
    let browser = suite.browser().await;
    let (_, before) = suite.flow(&browser, &[]).await;
    suite.world.db.clock().advance(Duration::from_secs(10));
    let (_, after) = suite.flow(&browser, &[("prompt", "none")]).await;
    assert_eq!(
        (&after["sub"], &after["auth_time"]),
        (&before["sub"], &before["auth_time"])
    );
}

#[tokio::test]
async fn oidc_max_age_1_and_10000() {
    let suite = Suite::new().await;
    let browser = suite.browser().await;
    suite.flow(&browser, &[]).await;
    suite.world.db.clock().advance(Duration::from_secs(2));
    let (_, claims) = suite.flow(&browser, &[("max_age", "10000")]).await;
    assert!(claims["auth_time"].is_i64());
    let sent = Sent::of(&browser.authorize(&suite.asked(&[("max_age", "1")])).await);
    assert!(sent.0.path().ends_with("/login"), "{sent:?}");
}

#[tokio::test]
async fn oau_20_oidc_id_token_hint() {
    let suite = Suite::new().await;
    let browser = suite.browser().await;
    let (given, before) = suite.flow(&browser, &[]).await;
    let hint = given.field("id_token");
    suite.world.db.clock().advance(Duration::from_secs(3500));
    let browser = suite.browser().await;
    // Expired, and still a hint.
    suite.world.db.clock().advance(Duration::from_secs(110));
    let asked = [("prompt", "none"), ("id_token_hint", hint.as_str())];
    let (_, after) = suite.flow(&browser, &asked).await;
    assert_eq!(after["sub"], before["sub"]);
    // Somebody else is signed in.
    suite.world.person(&suite.world.acme, "bob@acme.test").await;
    let bob = Browser::of(&suite.world, &suite.world.acme, "bob@acme.test").await;
    let error = |answer: Answer| Sent::of(&answer).get("error");
    let refused = bob.authorize(&suite.asked(&asked)).await;
    assert_eq!(error(refused).as_deref(), Some("login_required"));
    let asked = suite.asked(&[("id_token_hint", &hint)]);
    let sent = Sent::of(&bob.authorize(&asked).await);
    assert!(sent.0.path().ends_with("/login"), "{sent:?}");
    let (signed, _) = hint.rsplit_once('.').unwrap();
    let access = given.field("access_token");
    for bad in ["x", &format!("{signed}.AAAA"), &access] {
        let asked = suite.asked(&[("id_token_hint", bad)]);
        let refused = browser.authorize(&asked).await;
        assert_eq!(error(refused).as_deref(), Some("invalid_request"), "{bad}");
    }
    // Of another client.
    let other = [("id_token_hint", hint.as_str())];
    let refused = browser.authorize(&other).await;
    assert_eq!(error(refused).as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn oidc_codereuse_and_codereuse_30seconds() {
    for pause in [0, 30] {
        let suite = Suite::new().await;
        let browser = suite.browser().await;
        suite.flow(&browser, &[]).await;
        let code = browser.code(&suite.asked(&[])).await;
        let given = suite.redeem(&code).await;
        assert_eq!(given.status, 200);
        suite.world.db.clock().advance(Duration::from_secs(pause));
        assert_eq!(suite.redeem(&code).await.field("error"), "invalid_grant");
        // What was given is revoked.
        let bearer = format!("Bearer {}", given.field("access_token"));
        assert_eq!(
            suite
                .world
                .who("/t/acme/oauth/userinfo", &[&bearer])
                .await
                .status,
            401
        );
    }
}

#[tokio::test]
async fn oidc_ensure_registered_redirect_uri() {
    let suite = Suite::new().await;
    let asked = suite.asked(&[("redirect_uri", "https://app.example/callback/other")]);
    let answer = suite.browser().await.authorize(&asked).await;
    assert_eq!(answer.status, 400);
    assert!(!answer.headers.contains_key(header::LOCATION));
}

#[tokio::test]
async fn oidc_ensure_post_request_succeeds() {
    let suite = Suite::new().await;
    let browser = suite.browser().await;
    suite.flow(&browser, &[]).await;
    let form = encode(&request(&suite.asked(&[])));
    let request = Request::post("/t/acme/oauth/authorize")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    let sent = Sent::of(&suite.world.send(request).await);
    let code = Sent::of(&browser.get(sent.path()).await).code();
    suite
        .verified(&suite.redeem(&code).await.field("id_token"))
        .await;
}

#[tokio::test]
async fn oidc_server_client_secret_post() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let mut new = NewClient::new("By post");
    new.redirect_uris = vec![CALLBACK.to_owned()];
    new.auth_method = AuthMethod::SecretPost;
    let made = register(&world, &world.acme, new).await;
    let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
    let asked = [
        ("client_id", made.client().id.as_str()),
        ("scope", "openid"),
    ];
    let code = browser
        .allow(&Sent::of(&browser.authorize(&asked).await))
        .await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", made.client().id.as_str()),
        ("client_secret", made.secret().unwrap().expose().as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let given = post(&world, &world.acme, "/oauth/token", None, &form).await;
    assert_eq!(read(&given.field("id_token")).1["aud"], made.client().id);
}

#[tokio::test]
async fn oidc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    let suite = Suite::new().await;
    let asked = suite.asked(&[("request", "eyJhbGciOiJub25lIn0.e30.")]);
    let answer = suite.browser().await.authorize(&asked).await;
    assert_eq!(
        Sent::of(&answer).get("error").as_deref(),
        Some("request_not_supported")
    );
}

#[tokio::test]
async fn oidc_claims_essential() {
    // It is not supported, as the metadata says, and so ignored.
    let suite = Suite::new().await;
    let claims = r#"{"userinfo":{"name":{"essential":true}}}"#;
    suite
        .flow(&suite.browser().await, &[("claims", claims)])
        .await;
}

#[tokio::test]
async fn oidc_refresh_token() {
    let suite = Suite::new().await;
    let (given, before) = suite.flow(&suite.browser().await, &[("nonce", "x")]).await;
    suite.world.db.clock().advance(Duration::from_secs(60));
    let token = given.field("refresh_token");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
    ];
    let next = suite
        .desk
        .post(&suite.world, &suite.world.acme, "/oauth/token", &form)
        .await;
    // OpenID Connect Core, section 12.2.
    let after = suite.verified(&next.field("id_token")).await;
    for same in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert!(after["iat"].as_i64() > before["iat"].as_i64());
    assert_eq!(after.get("nonce"), None);
    assert_ne!(next.field("access_token"), given.field("access_token"));
}

#[tokio::test]
async fn oidc_discovery_endpoint_verification() {
    let suite = Suite::new().await;
    let document = suite
        .world
        .who("/t/acme/.well-known/openid-configuration", &[])
        .await
        .json();
    for required in [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "scopes_supported",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "claims_supported",
    ] {
        assert!(document.get(required).is_some(), "{required}");
    }
    let keys = suite
        .world
        .who("/t/acme/.well-known/jwks.json", &[])
        .await
        .json();
    for key in keys["keys"].as_array().unwrap() {
        assert_eq!(key.get("d"), None);
        assert_eq!(key["use"], "sig");
    }
}
