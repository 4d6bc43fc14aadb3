//! Bad input: each kind a problem of its own, never a fault, and nothing written.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use reqwest::Method;
use serde_json::json;

use crate::world::{World, password_form, send};

#[tokio::test]
async fn htp_01_02_a_bad_body_is_named_and_changes_nothing() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let post = || {
            acme.request(Method::POST, "/api/v1/projects")
                .header("content-type", "application/json")
        };
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        let large = format!("{{\"name\":\"{}\"}}", "x".repeat(2 << 20));
        for (body, status, code) in [
            (b"{\"name\":\"x\"".to_vec(), 400, "json-syntax"),
            (b"".to_vec(), 400, "json-syntax"),
            (b"{\"name\":\"x\"}}".to_vec(), 400, "json-syntax"),
            (b"{\"name\":\"\xff\xfe\"}".to_vec(), 400, "json-syntax"),
            (b"\xef\xbb\xbf{\"name\":\"x\"}".to_vec(), 400, "json-syntax"),
            (b"{\"name\":NaN}".to_vec(), 400, "json-syntax"),
            (b"{\"name\":\"\\ud800\"}".to_vec(), 400, "json-syntax"),
            (deep.clone().into_bytes(), 422, "json-type"),
            (
                format!("{{\"name\":{deep}}}").into_bytes(),
                422,
                "json-type",
            ),
            (b"{\"name\":1e999}".to_vec(), 400, "json-syntax"),
            (b"{\"name\":7}".to_vec(), 422, "json-type"),
            (b"{}".to_vec(), 422, "json-type"),
            (b"[]".to_vec(), 422, "json-type"),
            (b"null".to_vec(), 422, "json-type"),
            (b"{\"name\":\"x\",\"colour\":1}".to_vec(), 422, "json-type"),
            (b"{\"name\":\"\"}".to_vec(), 422, "validation"),
            (
                format!("{{\"name\":\"{}\"}}", "x".repeat(201)).into_bytes(),
                422,
                "validation",
            ),
            (b"{\"name\":\"a\\u0000b\"}".to_vec(), 422, "validation"),
            (b"{\"name\":\"a\\nb\"}".to_vec(), 422, "validation"),
            (
                b"{\"name\":\"x\",\"description\":\"a\\u0000b\"}".to_vec(),
                422,
                "validation",
            ),
            (large.into_bytes(), 413, "body-too-large"),
        ] {
            let shown = String::from_utf8_lossy(&body)
                .chars()
                .take(40)
                .collect::<String>();
            let answer = send(post().body(body)).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()["code"].as_str()),
                (status, Some(code)),
                "{shown}"
            );
            answer.is_problem(status, code);
        }
        let form = acme
            .request(Method::POST, "/api/v1/projects")
            .header("content-type", "text/plain");
        send(form.body("{\"name\":\"x\"}"))
            .await
            .is_problem(415, "media-type");
        let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(
            (0..40).map(|_| Ok::<_, std::io::Error>(vec![b' '; 65_536])),
        ));
        send(post().body(chunked))
            .await
            .is_problem(413, "body-too-large");
        assert_eq!(acme.names().await, [""; 0]);
    }
}

#[tokio::test]
async fn htp_15_16_17_bad_queries_methods_and_paths_are_named() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        for (query, code) in [
            ("after=nonsense", "cursor-invalid"),
            ("after=", "cursor-invalid"),
            ("filter[colour]=x", "filter-unknown"),
            ("filter[tenant_id]=x", "filter-unknown"),
            ("sort=colour", "sort-unknown"),
            ("sort=name;DROP TABLE projects", "sort-unknown"),
            ("limit=0", "query-invalid"),
            ("limit=1000", "query-invalid"),
            ("limit=10&limit=10", "query-invalid"),
            ("offset=10", "query-invalid"),
            ("filter[archived]=maybe", "query-invalid"),
            ("filter[name]=%ff", "query-invalid"),
        ] {
            acme.get(&format!("/api/v1/projects?{query}"))
                .await
                .is_problem(400, code);
        }
        for path in [
            "/api/v1/projects/42",
            "/api/v1/projects/%00",
            "/api/v1/projects/%ff",
            "/api/v1/projects/a%2fb",
            "/nope",
            "/api/v1/projects/",
        ] {
            acme.get(path).await.is_problem(404, "not-found");
        }
        acme.get(&format!("/{}", "x".repeat(20_000)))
            .await
            .is_problem(414, "uri-too-long");
        send(acme.request(Method::PUT, "/api/v1/projects"))
            .await
            .is_problem(405, "method-not-allowed");
        for method in ["TRACE", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let refused = send(acme.request(method, "/api/v1/projects")).await;
            refused.is_problem(405, "method-not-allowed");
            let allowed = refused.header("allow").unwrap();
            assert!(
                allowed.contains("GET") && allowed.contains("POST"),
                "{allowed}"
            );
        }
        // More than any list takes, each with a name of its own.
        let many: Vec<_> = (0..1_000).map(|n| format!("a{n}=1")).collect();
        acme.get(&format!("/api/v1/projects?{}", many.join("&")))
            .await
            .is_problem(400, "query-invalid");
    }
}

/// Sends bytes, perhaps as the last ones, and gives what comes back.
fn raw(world: &World, bytes: &[u8], last: bool) -> String {
    let mut stream = TcpStream::connect(world.url.trim_start_matches("http://")).unwrap();
    stream
        .set_read_timeout(Some(std::time::Duration::from_secs(10)))
        .unwrap();
    stream.write_all(bytes).unwrap();
    if last {
        stream.shutdown(std::net::Shutdown::Write).unwrap();
    }
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    // Up to the end of a document, so that a connection that is kept open does not hold the test.
    while !answer.ends_with(b"}") {
        match stream.read(&mut piece) {
            Ok(length) if length > 0 => answer.extend_from_slice(&piece[..length]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_cut_short_writes_nothing() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let head = format!(
            "POST /api/v1/projects HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            acme.token
        );
        let cut = format!("{head}Content-Length: 500\r\n\r\n{{\"name\":\"x\"}}");
        let answer = raw(&world, cut.as_bytes(), true);
        assert!(answer.contains("body-incomplete"), "{answer}");
        let cut = format!("{head}Transfer-Encoding: chunked\r\n\r\nc\r\n{{\"name\":\"x\"}}\r\n");
        let answer = raw(&world, cut.as_bytes(), true);
        assert!(answer.contains("body-incomplete"), "{answer}");
        assert_eq!(acme.names().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_transfer_coding_that_nothing_takes_off_is_told_so() {
    let world = World::on(saas_tenancy::Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let request = format!(
        "POST /api/v1/projects HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
        Transfer-Encoding: gzip, chunked\r\n\r\nc\r\n{{\"name\":\"x\"}}\r\n0\r\n\r\n",
        acme.token
    );
    let answer = raw(&world, request.as_bytes(), false);
    assert!(answer.starts_with("HTTP/1.1 501"), "{answer}");
    assert!(answer.contains("transfer-coding"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(acme.names().await, [""; 0]);
}

/// Also where its beginning is wanted, to be compared with that of a request before.
#[tokio::test]
async fn who_waits_with_a_body_that_is_too_large_is_told_so_at_once() {
    let world = World::on(saas_tenancy::Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    for key in ["", "Idempotency-Key: large\r\n"] {
        let request = format!(
            "POST /api/v1/projects HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
            Expect: 100-continue\r\nContent-Length: 1000000000000\r\n{key}\r\n",
            acme.token
        );
        let answer = raw(&world, request.as_bytes(), false);
        assert!(answer.starts_with("HTTP/1.1 413"), "{key}: {answer}");
    }
}

#[tokio::test]
async fn ten_05_16_a_request_has_one_host() {
    let world = World::on(saas_tenancy::Dialect::Sqlite, &[]).await;
    for head in [
        "GET /health HTTP/1.1\r\nHost: a.localhost\r\nHost: b.localhost\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a.localhost, b.localhost\r\n\r\n",
        "GET /health HTTP/1.1\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /health HTTP/1.0\r\n\r\n",
    ] {
        let answer = raw(&world, head.as_bytes(), false);
        assert!(
            answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.0 400"),
            "{head:?}: {answer}"
        );
        assert!(answer.contains("host-invalid"), "{head:?}: {answer}");
    }
    let many: String = (0..200).map(|n| format!("X-{n}: x\r\n")).collect();
    let answer = raw(
        &world,
        format!("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n{many}\r\n").as_bytes(),
        false,
    );
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(answer.contains("headers-too-large"), "{answer}");
}

#[tokio::test]
async fn htp_09_a_hostile_request_id_is_replaced() {
    let world = World::on(saas_tenancy::Dialect::Sqlite, &[]).await;
    for (sent, kept) in [
        ("abc-1.2_3", true),
        ("a b", false),
        ("{\"x\":1}", false),
        (&"x".repeat(65), false),
    ] {
        let answer = send(
            world
                .request(Method::GET, "/health/live")
                .header("x-request-id", sent),
        )
        .await;
        assert_eq!(answer.header("x-request-id") == Some(sent), kept, "{sent}");
    }
}

#[tokio::test]
async fn htp_10_nothing_that_is_sent_makes_a_line_in_the_log() {
    let world = World::on(saas_tenancy::Dialect::Sqlite, &[]).await;
    world.sign_up("acme").await;
    let forged = r#"{"message":"forged","level":"INFO"}"#;
    for before in ["%0a", "%0d%0a", "%e2%80%a8", "%1b[2K"] {
        let path = format!(
            "/api/v1/x{before}{}",
            forged.replace('"', "%22").replace('{', "%7b")
        );
        send(world.request(Method::GET, &path)).await;
    }
    let tabbed = format!("agent\t{forged}");
    let agent = world
        .request(Method::GET, "/health/live")
        .header("user-agent", &tabbed);
    send(agent.header("x-request-id", "a")).await;
    for name in [
        format!("\n{forged}\n"),
        format!("\r{forged}"),
        format!("\u{2028}{forged}"),
    ] {
        world
            .token(Some("acme"), &password_form(&name, "wrong password"))
            .await;
        let body = json!({
            "tenant": { "slug": "other", "name": name },
            "owner": { "email": "x@other.test", "password": "long enough to take", "name": name },
        });
        send(world.request(Method::POST, "/api/v1/signup").json(&body)).await;
    }
    // A method, and a path, as long as the server takes them.
    let method = Method::from_bytes("X".repeat(5_000).as_bytes()).unwrap();
    let path = format!("/{}", "ü".repeat(500));
    send(world.request(method, &path)).await;
    let last = world
        .request(Method::GET, "/health/live")
        .header("x-request-id", "the-last");
    send(last).await;
    let begun = std::time::Instant::now();
    let logged = loop {
        let logged = world.logged();
        if logged
            .iter()
            .any(|event| event["span"]["request_id"] == "the-last")
        {
            break logged;
        }
        assert!(
            begun.elapsed().as_secs() < 10,
            "the log does not come to its end"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    // That each line is one object is checked at the end of every test.
    let made = logged.iter().filter(|event| event["message"] == "forged");
    assert_eq!(made.count(), 0);
    for (field, most) in [("method", 32), ("path", 256)] {
        let lengths = logged
            .iter()
            .filter_map(|event| event["span"][field].as_str());
        assert_eq!(lengths.map(str::len).max(), Some(most), "{field}");
    }
}

#[tokio::test]
async fn ten_11_12_a_slug_is_a_plain_free_word() {
    let world = World::on(saas_tenancy::Dialect::Sqlite, &[]).await;
    world.sign_up("taken").await;
    for (slug, status, code) in [
        ("www", 422, "validation"),
        ("admin", 422, "validation"),
        ("xn--x", 422, "validation"),
        ("-a", 422, "validation"),
        ("ACME", 422, "validation"),
        ("аcme", 422, "validation"),
        ("a\u{200b}b", 422, "validation"),
        ("taken", 409, "slug-taken"),
    ] {
        let body = json!({
            "tenant": { "slug": slug, "name": "x" },
            "owner": { "email": "new@x.test", "password": "long enough to take", "name": "x" },
        });
        send(world.request(Method::POST, "/api/v1/signup").json(&body))
            .await
            .is_problem(status, code);
    }
    // A sign-up that failed left no account behind: the address is still free.
    let body = json!({
        "tenant": { "slug": "fresh", "name": "x" },
        "owner": { "email": "new@x.test", "password": "another password", "name": "x" },
    });
    assert_eq!(
        send(world.request(Method::POST, "/api/v1/signup").json(&body))
            .await
            .status,
        201
    );
    for (field, owner) in [
        (
            "owner.email",
            json!({ "email": "nobody", "password": "long enough to take", "name": "x" }),
        ),
        (
            "owner.password",
            json!({ "email": "a@b.test", "password": "short", "name": "x" }),
        ),
        (
            "owner.name",
            json!({ "email": "a@b.test", "password": "long enough to take", "name": "" }),
        ),
    ] {
        let body = json!({ "tenant": { "slug": "other", "name": "x" }, "owner": owner });
        let answer = send(world.request(Method::POST, "/api/v1/signup").json(&body)).await;
        answer.is_problem(422, "validation");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
}
