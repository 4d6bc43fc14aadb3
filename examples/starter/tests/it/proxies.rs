//! Caches and proxies that stand in front of the service, and callers who lie about them.

use reqwest::Method;
use saas_tenancy::Dialect;

use crate::world::{Answer, PASSWORD, World, password_form, send};

/// Headers by which a caller may say that it came to another host.
const HOSTILE: [(&str, &str); 6] = [
    ("x-forwarded-host", "evil.test"),
    ("forwarded", "host=evil.test;proto=http"),
    ("x-host", "evil.test"),
    ("x-original-host", "evil.test"),
    ("x-forwarded-proto", "gopher"),
    ("x-forwarded-prefix", "/evil.test"),
];

#[tokio::test]
async fn ten_25_a_shared_cache_keeps_nothing_that_depends_on_who_asks() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let project = acme.project("secret").await;
        let routes = include_str!("../routes.txt");
        let mut kept = Vec::new();
        for line in routes.lines() {
            let mut words = line.split_whitespace();
            let (Some("GET"), Some(path)) = (words.next(), words.next()) else {
                continue;
            };
            let path = path
                .replace("{id}", &project)
                .replace("{task_id}", &project)
                .replace("{*path}", "none.txt");
            for signed_in in [true, false] {
                let mut request = world.request(Method::GET, &path);
                if signed_in {
                    request = request.bearer_auth(&acme.token);
                }
                let answer = send(request).await;
                let control = answer.headers.get("cache-control");
                let control = control
                    .map_or("", |value| value.to_str().unwrap())
                    .to_owned();
                if control.contains("no-store") || control.contains("private") {
                    continue;
                }
                // What may be kept is the same for everybody.
                let mut other = world.request(Method::GET, &path);
                for (name, value) in HOSTILE {
                    other = other.header(name, value);
                }
                let other = send(other).await;
                assert_eq!(other.text, answer.text, "{path}: {control}");
                kept.push(path.clone());
            }
        }
        assert!(
            kept.iter().all(|path| !path.starts_with("/api/")),
            "{kept:?}"
        );
    }
}

#[tokio::test]
async fn ten_26_no_answer_repeats_a_host_that_the_caller_made_up() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let form = password_form("owner@acme.test", PASSWORD);
        let paths = [
            "/.well-known/jwks.json",
            "/openapi.json",
            "/docs",
            "/api/v1/me",
            "/api/v1/projects?limit=1",
            "/nowhere",
        ];
        let mut requests: Vec<_> = paths
            .iter()
            .map(|path| acme.request(Method::GET, path))
            .collect();
        requests.push(
            world
                .request(Method::POST, "/oauth/token")
                .header("x-tenant", "acme")
                .form(&form),
        );
        acme.project("first").await;
        acme.project("second").await;
        for mut request in requests {
            for (name, value) in HOSTILE {
                request = request.header(name, value);
            }
            let answer = send(request).await;
            let said = format!("{:?}\n{}", answer.headers, answer.text);
            assert!(!said.contains("evil"), "{said}");
            assert!(!said.contains("gopher"), "{said}");
        }
        // The issuer of a token is a setting, whatever the host.
        let hostile = world
            .request(Method::POST, "/oauth/token")
            .header("x-tenant", "acme")
            .header("x-forwarded-host", "evil.test")
            .form(&form);
        let issuer = |token: &str| {
            use base64::Engine as _;
            let claims = token.split('.').nth(1).unwrap();
            let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(claims)
                .unwrap();
            let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
            claims["iss"].as_str().unwrap().to_owned()
        };
        let token = send(hostile).await.json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(issuer(&token), issuer(&acme.token));
    }
}

/// What says that the tests themselves are a proxy.
const TRUSTED: (&str, &str) = (
    "SAAS__TENANCY__RESOLVE__TRUSTED_PROXIES",
    "10.0.0.0/8, 127.0.0.0/8",
);
/// Two guesses from one network, and another after an hour.
const LIMITS: [(&str, &str); 2] = [
    ("SAAS__AUTH__LIMITS__ADDRESS__BURST", "2"),
    ("SAAS__AUTH__LIMITS__ADDRESS__PERIOD", "1h"),
];

/// Signs in, by way of who is named.
async fn sign_in_by(world: &World, password: &str, by: &[&str]) -> Answer {
    let mut request = world
        .request(Method::POST, "/oauth/token")
        .header("x-tenant", "acme")
        .form(&password_form("owner@acme.test", password));
    for list in by {
        request = request.header("x-forwarded-for", *list);
    }
    send(request).await
}

/// Gives the addresses of the sessions of who has signed in.
async fn addresses(world: &World, answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let list = world.request(Method::GET, "/api/v1/me/sessions");
    let list = send(list.bearer_auth(token)).await.json();
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["address"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn rat_03_an_address_that_anybody_may_send_changes_nothing() {
    let world = World::on(Dialect::Sqlite, &LIMITS).await;
    world.sign_up("acme").await;
    for by in [
        &["192.0.2.7"][..],
        &["10.0.0.1"],
        &["192.0.2.7", "127.0.0.1"],
    ] {
        let answer = sign_in_by(&world, PASSWORD, by).await;
        let seen = addresses(&world, &answer).await;
        assert!(
            seen.iter().all(|seen| seen == "127.0.0.1"),
            "{by:?} {seen:?}"
        );
    }
    // Nor does another address each time give more guesses.
    for guess in 0..2 {
        let by = format!("192.0.2.{guess}");
        let answer = sign_in_by(&world, "not the password", &[&by]).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    for guess in 2..200 {
        let by = format!("192.0.2.{guess}");
        let answer = sign_in_by(&world, "not the password", &[&by]).await;
        assert_eq!(answer.status, 429, "{answer:?}");
    }
}

#[tokio::test]
async fn rat_03_behind_a_trusted_proxy_everybody_has_an_address_and_a_limit() {
    let [burst, period] = LIMITS;
    let world = World::on(Dialect::Sqlite, &[TRUSTED, burst, period]).await;
    world.sign_up("acme").await;
    let answer = sign_in_by(&world, PASSWORD, &["198.51.100.9, 192.0.2.7, 10.0.0.2"]).await;
    let seen = addresses(&world, &answer).await;
    assert!(seen.contains(&"192.0.2.7".to_owned()), "{seen:?}");
    assert!(!seen.contains(&"198.51.100.9".to_owned()), "{seen:?}");
    // One guesses, with another word each time in front of what the proxy says.
    for guess in 0..2 {
        let made_up = format!("203.0.113.{guess}");
        let answer = sign_in_by(&world, "not the password", &[&made_up, "192.0.2.66"]).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    let answer = sign_in_by(&world, "not the password", &["203.0.113.9", "192.0.2.66"]).await;
    assert_eq!(answer.status, 429, "{answer:?}");
    // The others sign in.
    let answer = sign_in_by(&world, PASSWORD, &["192.0.2.7"]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn pwd_21_forms_come_through_a_trusted_proxy() {
    let world = World::on(Dialect::Sqlite, &[TRUSTED]).await;
    world.sign_up("acme").await;
    // It follows no redirects, to see what the answer was.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = client.build().unwrap();
    let through = |method, origin: Option<&str>| {
        let request = client
            .request(method, format!("{}/login", world.url))
            .header("x-forwarded-host", "acme.localhost");
        match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        }
    };
    let page = send(through(Method::GET, None)).await;
    assert_eq!(page.status, 200, "{page:?}");
    let (_, token) = page
        .text
        .split_once("name=\"form_token\" value=\"")
        .unwrap();
    let (token, _) = token.split_once('"').unwrap();
    let cookie = page.header("set-cookie").unwrap();
    let (cookie, _) = cookie.split_once(';').unwrap();
    let form = [
        ("form_token", token),
        ("username", "owner@acme.test"),
        ("password", PASSWORD),
    ];
    for (origin, status) in [
        ("https://acme.localhost", 303),
        ("https://beta.localhost", 403),
        (world.url.as_str(), 403),
    ] {
        let request = through(Method::POST, Some(origin));
        let answer = send(request.header("cookie", cookie).form(&form)).await;
        assert_eq!(answer.status, status, "{origin}: {answer:?}");
    }
}
