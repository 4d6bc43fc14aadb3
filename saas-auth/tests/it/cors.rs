//! Which pages of other origins may ask.

use axum::body::Body;
use http::{Method, Request, header};
use saas_auth::oauth::NewClient;

use crate::{
    flow::register,
    world::{Answer, World},
};

async fn ask(world: &World, method: Method, path: &str, origin: &str) -> Answer {
    let mut request = Request::builder()
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::ORIGIN, origin);
    if method == Method::OPTIONS {
        request = request.header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
    }
    let request = request.method(method).body(Body::empty()).unwrap();
    world.send(request).await
}

fn allowed(answer: &Answer) -> Option<&str> {
    let mut values = answer
        .headers
        .get_all(header::ACCESS_CONTROL_ALLOW_ORIGIN)
        .iter();
    let value = values.next().map(|value| value.to_str().unwrap());
    assert_eq!(values.next(), None);
    assert!(
        !answer
            .headers
            .contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS)
    );
    value
}

const SHARED: [(&str, Method); 6] = [
    ("/oauth/token", Method::POST),
    ("/oauth/revoke", Method::POST),
    ("/oauth/userinfo", Method::GET),
    ("/.well-known/jwks.json", Method::GET),
    ("/.well-known/openid-configuration", Method::GET),
    ("/.well-known/oauth-authorization-server", Method::GET),
];

#[tokio::test]
async fn oau_45_origins_of_registered_clients_may_ask_where_programs_ask_by_themselves() {
    for world in World::all().await {
        let mut new = NewClient::new("A page");
        new.redirect_uris = vec!["https://spa.example:8443/callback".to_owned()];
        register(&world, &world.acme, new).await;
        let (spa, configured) = ("https://spa.example:8443", "https://app.example");
        for (path, method) in SHARED {
            let of_acme = format!("/t/acme{path}");
            for method in [method.clone(), Method::OPTIONS] {
                let answer = ask(&world, method.clone(), &of_acme, spa).await;
                assert_eq!(allowed(&answer), Some(spa), "{method} {path}");
                if method == Method::OPTIONS {
                    assert_eq!(answer.status, 204);
                    assert_eq!(
                        answer.headers[header::ACCESS_CONTROL_ALLOW_METHODS],
                        "GET, POST"
                    );
                }
                let mut vary = answer.headers.get_all(header::VARY).iter();
                assert!(vary.any(|value| value.to_str().unwrap().contains("origin")));
                // Those of the configuration are known in every tenant, and without one.
                for path in [&of_acme, path] {
                    let answer = ask(&world, method.clone(), path, configured).await;
                    assert_eq!(allowed(&answer), Some(configured), "{method} {path}");
                }
                // One of another tenant is not.
                let in_beta = ask(&world, method.clone(), &format!("/t/beta{path}"), spa).await;
                assert_eq!(allowed(&in_beta), None, "{method} {path}");
                for other in [
                    "https://spa.example",
                    "https://spa.example:844",
                    "https://spa.example:84433",
                    "http://spa.example:8443",
                    "https://SPA.example:8443",
                    "https://spa.example:8443/",
                    "https://spa.example:8443/callback",
                    "https://evil.test",
                    "https://%",
                    "null",
                    "*",
                ] {
                    let answer = ask(&world, method.clone(), &of_acme, other).await;
                    assert_eq!(allowed(&answer), None, "{method} {path} {other}");
                }
            }
        }
    }
}

#[tokio::test]
async fn oau_45_no_other_origin_reads_a_page_or_an_endpoint_of_servers() {
    let world = World::on(saas_tenancy::Dialect::Sqlite).await;
    for path in [
        "/oauth/authorize",
        "/oauth/logout",
        "/oauth/introspect",
        "/oauth/par",
        "/oauth/device",
        "/whoami",
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let answer = ask(
                &world,
                method,
                &format!("/t/acme{path}"),
                "https://app.example",
            )
            .await;
            assert_eq!(allowed(&answer), None, "{path}");
        }
    }
}

#[tokio::test]
async fn oau_45_the_origin_of_the_last_of_many_clients_may_ask() {
    for world in World::all().await {
        let (path, origin) = ("/t/acme/oauth/token", "https://spa.example");
        // More than a look reads at once have an address with the origin in it, and none is at home there.
        for number in 0..120 {
            let mut new = NewClient::new(format!("Look-alike {number}"));
            new.redirect_uris = vec![
                format!("https://spa.example.org/{number}"),
                format!("https://other.example/https://spa.example/{number}"),
            ];
            register(&world, &world.acme, new).await;
        }
        let answer = ask(&world, Method::POST, path, origin).await;
        assert_eq!(allowed(&answer), None);
        let mut new = NewClient::new("A page");
        new.redirect_uris = vec![
            "com.example.app:/callback".to_owned(),
            "https://spa.example".to_owned(),
            "https://spa.example:8443/callback".to_owned(),
        ];
        new.native = true;
        register(&world, &world.acme, new).await;
        for origin in [origin, "https://spa.example:8443"] {
            let answer = ask(&world, Method::POST, path, origin).await;
            assert_eq!(allowed(&answer), Some(origin));
        }
        for other in [
            "https://spa.example:84",
            "https://other.example:1",
            "https://SPA.example",
        ] {
            let answer = ask(&world, Method::POST, path, other).await;
            assert_eq!(allowed(&answer), None, "{other}");
        }
    }
}
