//! Caches and proxies that stand in front of the service, and callers who lie about them.

use reqwest::Method;

use crate::world::{PASSWORD, World, password_form, send};

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
