//! What a program may know of the person.

use axum::body::Body;
use http::{Method, Request, header};
use saas_tenancy::Dialect;
use serde_json::json;

use crate::{
    desk::{Desk, post, tokens},
    flow::Browser,
    world::{Answer, World},
};

async fn ask(world: &World, method: Method, path: &str, authorization: &[&str]) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost");
    for value in authorization {
        request = request.header(header::AUTHORIZATION, *value);
    }
    world.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn oau_22_scopes_say_what_is_told() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let desk = Desk::open(&world, &world.acme).await;
        let sub = ann.to_string();
        let name = "Name of ann@acme.test";
        for (scope, expected) in [
            ("openid", json!({ "sub": sub })),
            (
                "openid email",
                json!({ "sub": sub, "email": "ann@acme.test", "email_verified": false }),
            ),
        ] {
            let token = desk
                .tokens(&browser, &[("scope", scope)])
                .await
                .field("access_token");
            let bearer = format!("Bearer {token}");
            for (method, path) in [
                (Method::GET, "/oauth/userinfo"),
                (Method::POST, "/oauth/userinfo"),
                (Method::GET, "/t/acme/oauth/userinfo"),
            ] {
                let answer = ask(&world, method, path, &[&bearer]).await;
                assert_eq!(answer.status, 200, "{answer:?}");
                assert_eq!(answer.json(), expected, "{scope}");
                assert_eq!(answer.headers["cache-control"], "no-store");
            }
            let form = [("access_token", token.as_str())];
            let answer = post(&world, &world.acme, "/oauth/userinfo", None, &form).await;
            assert_eq!(answer.json(), expected);
        }
        let token = desk
            .tokens(&browser, &[("scope", "openid profile")])
            .await
            .field("access_token");
        let told = ask(
            &world,
            Method::GET,
            "/oauth/userinfo",
            &[&format!("Bearer {token}")],
        )
        .await
        .json();
        assert_eq!(told["name"], name);
        assert!(told["updated_at"].is_i64());
        assert_eq!(told.get("email"), None);
    }
}

#[tokio::test]
async fn an_address_is_verified_when_the_account_has_proven_it_and_it_is_the_same() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        world.join(&world.beta, ann, "ann@elsewhere.test").await;
        let verify = "UPDATE saas_accounts SET verified_at = $1 WHERE id = $2";
        let values = [
            saas_tenancy::Value::Timestamp(world.db.now()),
            saas_tenancy::Column::to_value(&ann),
        ];
        assert_eq!(world.system(verify, &values).await, 1);
        for (tenant, verified) in [(&world.acme, true), (&world.beta, false)] {
            let browser = Browser::of(&world, tenant, "ann@acme.test").await;
            let token = tokens(&browser, &[("scope", "openid email")])
                .await
                .field("access_token");
            let bearer = format!("Bearer {token}");
            let told = ask(&world, Method::GET, "/oauth/userinfo", &[&bearer])
                .await
                .json();
            assert_eq!(told["email_verified"], verified, "{told}");
        }
    }
}

#[tokio::test]
async fn oau_22_every_fault_has_the_error_of_rfc_6750() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
    let desk = Desk::open(&world, &world.acme).await;
    let answer = desk.tokens(&browser, &[("scope", "openid")]).await;
    let good = format!("Bearer {}", answer.field("access_token"));
    let narrow = desk.tokens(&browser, &[("scope", "projects:read")]).await;
    let narrow = format!("Bearer {}", narrow.field("access_token"));
    let own = [("grant_type", "client_credentials")];
    let program = desk.post(&world, &world.acme, "/oauth/token", &own).await;
    let program = format!("Bearer {}", program.field("access_token"));
    let table: [(&str, &[&str], u16, &str); 10] = [
        ("/oauth/userinfo", &[], 401, "Bearer"),
        (
            "/oauth/userinfo",
            &["Bearer x.y.z"],
            401,
            "Bearer error=\"invalid_token\"",
        ),
        (
            "/oauth/userinfo",
            &[&format!("{good}x")],
            401,
            "Bearer error=\"invalid_token\"",
        ),
        (
            "/t/beta/oauth/userinfo",
            &[&good],
            401,
            "Bearer error=\"invalid_token\"",
        ),
        (
            "/oauth/userinfo",
            &[&narrow],
            403,
            "Bearer error=\"insufficient_scope\", scope=\"openid\"",
        ),
        (
            "/oauth/userinfo",
            &[&program],
            403,
            "Bearer error=\"insufficient_scope\", scope=\"openid\"",
        ),
        (
            "/oauth/userinfo",
            &[&good, &good],
            400,
            "Bearer error=\"invalid_request\"",
        ),
        (
            "/oauth/userinfo",
            &["Basic eDp5"],
            400,
            "Bearer error=\"invalid_request\"",
        ),
        (
            "/oauth/userinfo",
            &["Bearer"],
            400,
            "Bearer error=\"invalid_request\"",
        ),
        ("/oauth/userinfo?access_token=x", &[], 401, "Bearer"),
    ];
    for (path, authorization, status, challenge) in table {
        for method in [Method::GET, Method::POST] {
            let answer = ask(&world, method, path, authorization).await;
            assert_eq!(answer.status, status, "{path} {answer:?}");
            assert_eq!(
                answer.headers["www-authenticate"], challenge,
                "{path} {authorization:?}"
            );
        }
    }
    let token = answer.field("access_token");
    let form = [("access_token", token.as_str())];
    let both = post(&world, &world.acme, "/oauth/userinfo", Some(&good), &form).await;
    assert_eq!(both.status, 400);
    let none = post(&world, &world.acme, "/oauth/userinfo", None, &[("x", "y")]).await;
    assert_eq!(none.status, 401);
    // The cookie of a browser is not a token.
    assert_eq!(browser.get("/t/acme/oauth/userinfo").await.status, 401);
}

#[tokio::test]
async fn who_has_left_is_not_told_of() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let token = tokens(&browser, &[]).await.field("access_token");
        let bearer = format!("Bearer {token}");
        assert_eq!(
            ask(&world, Method::GET, "/oauth/userinfo", &[&bearer])
                .await
                .status,
            200
        );
        world
            .system("UPDATE saas_accounts SET status = 'disabled'", &[])
            .await;
        assert_eq!(
            ask(&world, Method::GET, "/oauth/userinfo", &[&bearer])
                .await
                .status,
            401
        );
    }
}
