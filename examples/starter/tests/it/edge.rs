//! What the edge says to everybody, whatever lies behind it.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::json;

use crate::world::{Answer, World, send};

const APP: &str = "https://app.test";

#[tokio::test]
async fn htp_11_only_the_origins_that_are_named_are_told_that_they_may_call() {
    let world = World::on(Dialect::Sqlite, &[("SAAS__EDGE__CORS__ORIGINS", APP)]).await;
    for wrong in ["*", "null", "https://*.test", "https://app.test/"] {
        let mut command = world.command(&["serve"]);
        let command = command.env("SAAS__EDGE__CORS__ORIGINS", wrong);
        let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let begun = Instant::now();
        while process.try_wait().unwrap().is_none() {
            if begun.elapsed() > Duration::from_secs(60) {
                process.kill().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let refused = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success(), "{wrong}: {said}");
        assert!(said.contains("edge.cors.origins"), "{wrong}: {said}");
    }
    let acme = world.sign_up("acme").await;
    for (origin, named) in [
        (Some(APP), true),
        (Some("https://app.test.evil"), false),
        (Some("https://evil.app.test"), false),
        (Some("https://app.test:8443"), false),
        (Some("http://app.test"), false),
        (Some("HTTPS://APP.TEST"), false),
        (Some("null"), false),
        (None, false),
    ] {
        let from = |method: Method, path: &str| {
            let request = acme.request(method, path);
            match origin {
                Some(origin) => request.header("origin", origin),
                None => request,
            }
        };
        let preflight = from(Method::OPTIONS, "/api/v1/projects")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization");
        for (answer, preflight) in [
            (send(preflight).await, true),
            (send(from(Method::GET, "/api/v1/projects")).await, false),
            (send(from(Method::GET, "/nothing/here")).await, false),
        ] {
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, named.then_some(APP), "{origin:?}: {answer:?}");
            // Tokens stand in a header, so no page ever needs the cookies of another origin.
            let credentials = answer.header("access-control-allow-credentials");
            assert_eq!(credentials, None, "{origin:?}: {answer:?}");
            if named && preflight {
                let methods = answer.header("access-control-allow-methods").unwrap();
                assert!(
                    methods.contains("POST") && !methods.contains('*'),
                    "{answer:?}"
                );
            }
            // What is kept for one origin is not given to another.
            if !preflight {
                let mut varies = answer.headers.get_all("vary").iter();
                let varies = varies.any(|vary| vary.to_str().unwrap().contains("origin"));
                assert!(varies, "{origin:?}: {answer:?}");
            }
        }
    }
}

/// What a program is made of, and nobody outside has to know.
const INSIDE: [&str; 14] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "relation",
    "heading",
    "constraint",
    "sqlx",
    "postgres",
    "sqlite",
    "starter::",
    "saas_",
    ".rs",
    "/src/",
    "panicked",
];

fn says_nothing(answer: &Answer) {
    for word in INSIDE {
        assert!(!answer.text.contains(word), "{word}: {answer:?}");
    }
    for header in ["server", "x-powered-by", "via"] {
        assert!(answer.header(header).is_none(), "{answer:?}");
    }
}

#[tokio::test]
async fn htp_13_what_goes_wrong_inside_is_not_described() {
    let mut world = World::on(Dialect::Postgres, &[]).await;
    let acme = world.sign_up("acme").await;
    let tasks = format!("/api/v1/projects/{}/tasks", acme.project("p").await);
    let token = acme.token;
    let database = world.database.as_ref().unwrap();
    database
        .as_owner(
            "CREATE FUNCTION angry() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'the relation of sqlx'; END $$;
             CREATE TRIGGER angry BEFORE INSERT ON projects FOR EACH ROW EXECUTE FUNCTION angry();
             ALTER TABLE tasks RENAME COLUMN title TO heading;",
        )
        .await;
    let ask = async |world: &World, method: Method, path: &str, body: &str| {
        let request = world.request(method, path).bearer_auth(&token);
        let request = request.header("content-type", "application/json");
        send(request.body(body.to_owned())).await
    };
    let broken = [
        // The database refuses, by a trigger and by a column that is not there.
        (Method::POST, "/api/v1/projects", r#"{"name":"x"}"#),
        (Method::GET, &*tasks, ""),
    ];
    for (method, path, body) in broken {
        let answer = ask(&world, method, path, body).await;
        answer.is_problem(500, "internal");
        says_nothing(&answer);
    }
    for body in [
        "{",
        r#"{"name":7}"#,
        r#"{"name":"x","tenant_id":"y"}"#,
        "[]",
        "\u{feff}{}",
    ] {
        let answer = ask(&world, Method::POST, "/api/v1/projects", body).await;
        says_nothing(&answer);
        assert!(answer.status.is_client_error(), "{answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
    }
    // And a handler that panics.
    database
        .as_owner(
            "DROP TRIGGER angry ON projects; DROP FUNCTION angry;
             ALTER TABLE tasks RENAME COLUMN heading TO title;",
        )
        .await;
    world.kill();
    world.set("FAILPOINTS", "tenancy/before-commit=panic");
    world.restart();
    let answer = ask(&world, Method::POST, "/api/v1/projects", r#"{"name":"x"}"#).await;
    answer.is_problem(500, "internal");
    says_nothing(&answer);
}

#[tokio::test]
async fn htp_24_what_is_open_to_everybody_says_nothing_of_tenants() {
    for world in World::all().await {
        let mut secrets = Vec::new();
        for slug in ["quartz", "basalt"] {
            let caller = world.sign_up(slug).await;
            let project = caller.project(&format!("of {slug}")).await;
            let file = caller.request(Method::PUT, &format!("/api/v1/files/{slug}.txt"));
            assert_eq!(send(file.body("text")).await.status, 201);
            caller.get(&format!("/api/v1/projects/{project}")).await;
            let me = caller.get("/api/v1/me").await.json();
            for place in ["/user/id", "/user/email", "/tenant/id"] {
                secrets.push(me.pointer(place).unwrap().as_str().unwrap().to_owned());
            }
            secrets.extend([slug.to_owned(), project]);
        }
        for path in [
            "/metrics",
            "/health",
            "/health/live",
            "/health/ready",
            "/health/db",
            "/openapi.json",
        ] {
            let answer = send(world.request(Method::GET, path)).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            for secret in &secrets {
                assert!(!answer.text.contains(secret), "{path} names {secret}");
            }
        }
    }
}

#[tokio::test]
async fn htp_18_a_form_inside_of_a_form_is_a_file_and_ten_thousand_parts_are_refused() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let post = |kind: &str, body: String| {
        acme.request(Method::POST, "/api/v1/files/in")
            .header("content-type", kind)
            .body(body)
    };
    let form = "multipart/form-data; boundary=b";
    let part = |name: &str, kind: &str, text: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{name}\"\r\n\
             Content-Type: {kind}\r\n\r\n{text}\r\n"
        )
    };
    let inner = "--c\r\nContent-Disposition: form-data; name=\"f\"; filename=\"inner.txt\"\r\n\r\nx\r\n--c--";
    let outer = part("outer", "multipart/form-data; boundary=c", inner);
    let stored = send(post(form, format!("{outer}--b--\r\n"))).await;
    assert_eq!(stored.status, 201, "{stored:?}");
    assert_eq!(acme.get("/api/v1/files/in/outer").await.text, inner);
    acme.get("/api/v1/files/in/inner.txt")
        .await
        .is_problem(404, "not-found");

    let many: String = (0..10_000)
        .map(|number| part(&format!("{number}.txt"), "text/plain", "x"))
        .collect();
    // Those that came first are stored: a form is no transaction.
    send(post(form, format!("{many}--b--\r\n")))
        .await
        .is_problem(413, "body-too-large");
    assert_eq!(acme.get("/api/v1/files/in/999.txt").await.text, "x");
    acme.get("/api/v1/files/in/1000.txt")
        .await
        .is_problem(404, "not-found");
    send(post("multipart/form-data", many))
        .await
        .is_problem(415, "media-type");
    let after = json!({ "name": "after" });
    assert_eq!(acme.post("/api/v1/projects", &after).await.status, 201);
}

/// A page of a named origin is as good as any client.
#[tokio::test]
async fn a_named_origin_may_send_every_header_and_read_every_answer() {
    let world = World::on(Dialect::Sqlite, &[("SAAS__EDGE__CORS__ORIGINS", APP)]).await;
    let wanted = [
        "idempotency-key",
        "tus-resumable",
        "upload-length",
        "authorization",
    ];
    let preflight = world
        .request(Method::OPTIONS, "/api/v1/uploads")
        .header("origin", APP)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", wanted.join(","));
    let preflight = send(preflight).await;
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    for header in wanted {
        assert!(allowed.contains(header), "{header}: {preflight:?}");
    }
    let long = format!("/{}", "x".repeat(20_000));
    for path in ["/health/live", "/api/v1/me", &long] {
        let request = world.request(Method::GET, path);
        let answer = send(request.header("origin", APP)).await;
        let origin = answer.header("access-control-allow-origin");
        assert_eq!(origin, Some(APP), "{answer:?}");
        let readable = answer.header("access-control-expose-headers");
        assert_eq!(readable, Some("*"), "{answer:?}");
    }
}

/// Otherwise it would be taken for another request than its sender meant.
#[tokio::test]
async fn what_a_request_says_of_its_body_is_not_passed_over() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let project = format!("/api/v1/projects/{}", acme.project("first").await);
    let json = r#"{"name":"other"}"#;
    for (method, path, headers, body, status, code) in [
        (
            Method::POST,
            "/api/v1/projects",
            &[("content-encoding", "gzip")][..],
            json,
            415,
            "media-type",
        ),
        (
            Method::PUT,
            "/api/v1/files/a",
            &[("content-encoding", "br")],
            "x",
            415,
            "media-type",
        ),
        (
            Method::PUT,
            "/api/v1/files/a",
            &[("content-range", "bytes 0-0/2")],
            "x",
            400,
            "header-invalid",
        ),
        (
            Method::PATCH,
            &project,
            &[
                ("content-type", "application/merge-patch+json"),
                ("if-match", "*"),
            ],
            json,
            415,
            "media-type",
        ),
        (
            Method::PATCH,
            &project,
            &[
                ("content-type", "application/json-patch+json"),
                ("if-match", "*"),
            ],
            "[]",
            415,
            "media-type",
        ),
        (
            Method::POST,
            "/api/v1/projects",
            &[
                ("content-type", "application/json"),
                ("content-type", "text/plain"),
            ],
            json,
            400,
            "header-invalid",
        ),
        (
            Method::POST,
            "/api/v1/projects",
            &[("content-type", "application/json")],
            r#"["other", null]"#,
            422,
            "json-type",
        ),
        (
            Method::POST,
            "/api/v1/projects",
            &[("content-type", "application/json")],
            r#"{"name":"a","name":"b"}"#,
            422,
            "json-type",
        ),
    ] {
        let mut request = acme.request(method, path).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = send(request).await;
        answer.is_problem(status, code);
        if status == 415 && path.contains("files") {
            assert_eq!(answer.header("accept-encoding"), Some("identity"));
        }
        if body.contains("\"b\"") {
            assert_eq!(answer.json()["errors"][0]["field"], "name", "{answer:?}");
        }
    }
    assert_eq!(acme.names().await, ["first"]);
    acme.get("/api/v1/files/a")
        .await
        .is_problem(404, "not-found");
}

/// A client that is not told meets a closed connection with its next request.
#[tokio::test]
async fn who_is_answered_before_all_was_read_is_told_that_the_connection_ends() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let post = |path: &'static str, kind: &'static str, size: usize| {
        let request = acme
            .request(Method::POST, path)
            .header("content-type", kind);
        send(request.body("x".repeat(size)))
    };
    for (path, kind, size, status, ends) in [
        ("/api/v1/projects", "text/plain", 20_000, 415, true),
        ("/nothing/here", "text/plain", 20_000, 404, true),
        ("/api/v1/projects", "text/plain", 1000, 415, false),
        ("/api/v1/projects", "application/json", 100_000, 400, false),
    ] {
        let answer = post(path, kind, size).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let ended = answer.header("connection") == Some("close");
        assert_eq!(ended, ends, "{path} {kind} {size}: {answer:?}");
    }
    assert_eq!(acme.get("/api/v1/me").await.header("connection"), None);
}

/// Over HTTP/2, too, where a client takes an answer for broken that has a body and should have none.
#[tokio::test]
async fn an_answer_to_head_has_no_body() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let http2 = reqwest::Client::builder().http2_prior_knowledge();
    let clients = [world.http.clone(), http2.build().unwrap()];
    for client in clients {
        for (path, token, status) in [
            ("/api/v1/me", "", 401),
            ("/api/v1/me", "wrong", 401),
            ("/api/v1/me", acme.token.as_str(), 200),
            ("/api/v1/files/none", acme.token.as_str(), 404),
            ("/api/v1/uploads/none", acme.token.as_str(), 412),
            ("/api/v1/signup", acme.token.as_str(), 405),
            ("/nothing/here", acme.token.as_str(), 404),
            ("/health", "", 200),
        ] {
            let mut request = client.head(format!("{}{path}", world.url));
            if !token.is_empty() {
                request = request.bearer_auth(token);
            }
            let answer = send(request).await;
            assert_eq!(answer.status, status, "{path} {answer:?}");
            assert_eq!(answer.text, "", "{path}");
        }
    }
}
