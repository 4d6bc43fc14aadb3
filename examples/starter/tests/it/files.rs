//! Files over HTTP.

use reqwest::Method;
use saas_tenancy::Dialect;

use crate::world::{World, send};

#[tokio::test]
async fn a_file_is_stored_fetched_listed_and_deleted() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let put = |path: &str, body: &'static str| acme.request(Method::PUT, path).body(body);
    let path = "/api/v1/files/reports/2026/m%C3%A4rz%20%231.html";
    assert_eq!(send(put(path, "hello world")).await.status, 201);
    assert_eq!(send(put(path, "hello there")).await.status, 200);
    let got = acme.get(path).await;
    assert_eq!(
        (got.status.as_u16(), got.text.as_str()),
        (200, "hello there")
    );
    assert!(
        got.header("content-disposition")
            .unwrap()
            .starts_with("attachment;")
    );
    assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
    assert!(
        got.header("content-security-policy")
            .unwrap()
            .contains("sandbox")
    );
    let part = send(acme.request(Method::GET, path).header("range", "bytes=6-")).await;
    assert_eq!((part.status.as_u16(), part.text.as_str()), (206, "there"));
    assert_eq!(part.header("content-range"), Some("bytes 6-10/11"));
    send(acme.request(Method::GET, path).header("range", "bytes=99-"))
        .await
        .is_problem(416, "range-invalid");
    let head = send(acme.request(Method::HEAD, path)).await;
    assert_eq!(
        (
            head.status.as_u16(),
            head.header("content-length"),
            head.text.as_str()
        ),
        (200, Some("11"), "")
    );
    let etag = got.header("etag").unwrap();
    assert_eq!(
        send(
            acme.request(Method::GET, path)
                .header("if-none-match", etag)
        )
        .await
        .status,
        304
    );
    let list = acme.get("/api/v1/files?prefix=reports/").await.json();
    assert_eq!(list["items"][0]["path"], "reports/2026/märz #1.html");
    assert_eq!(acme.delete(path).await.status, 204);
    acme.get(path).await.is_problem(404, "not-found");
    acme.delete(path).await.is_problem(404, "not-found");
}

#[tokio::test]
async fn sto_01_04_08_no_path_leads_to_another_tenant() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let beta_id = beta.get("/api/v1/me").await.json()["tenant"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        send(
            beta.request(Method::PUT, "/api/v1/files/secret")
                .body("canary")
        )
        .await
        .status,
        201
    );
    for path in [
        "secret".to_owned(),
        format!("tenants/{beta_id}/secret"),
        format!("..%2f{beta_id}%2fsecret"),
        format!("%2e%2e/{beta_id}/secret"),
        format!("..%5c{beta_id}%5csecret"),
        format!("%252e%252e%252f{beta_id}%252fsecret"),
        "a%00b".to_owned(),
        "a%0ab".to_owned(),
        "a//b".to_owned(),
        "C:%5cx".to_owned(),
        "%ff".to_owned(),
        "x".repeat(1025),
    ] {
        for method in [Method::GET, Method::HEAD, Method::DELETE, Method::PUT] {
            let answer = send(
                acme.request(method.clone(), &format!("/api/v1/files/{path}"))
                    .body(""),
            )
            .await;
            let own = method == Method::PUT
                && !path.contains('%')
                && !path.contains("//")
                && path.len() < 1025;
            assert!(
                answer.status == 400 || answer.status == 404 || own,
                "{method} {path}: {answer:?}"
            );
            assert!(!answer.text.contains("canary"));
        }
    }
    assert_eq!(beta.get("/api/v1/files/secret").await.text, "canary");
}

#[tokio::test]
async fn an_upload_is_whole_or_not_at_all() {
    let world = World::on(
        Dialect::Sqlite,
        &[("SAAS__STORAGE__MAX_FILE_SIZE", "3000000")],
    )
    .await;
    let acme = world.sign_up("acme").await;
    let put = |path: &str, body: Vec<u8>| acme.request(Method::PUT, path).body(body);
    // Larger than a JSON body may be, and smaller than a file.
    assert_eq!(
        send(put("/api/v1/files/large", vec![7; 2_900_000]))
            .await
            .status,
        201
    );
    send(put("/api/v1/files/huge", vec![7; 3_100_000]))
        .await
        .is_problem(413, "body-too-large");
    let pieces = futures_util::stream::iter((0..3).map(|n| match n {
        2 => Err(std::io::Error::other("gone")),
        _ => Ok(vec![1_u8; 1000]),
    }));
    let broken = acme
        .request(Method::PUT, "/api/v1/files/broken")
        .body(reqwest::Body::wrap_stream(pieces));
    assert!(broken.send().await.is_err());
    acme.get("/api/v1/files/huge")
        .await
        .is_problem(404, "not-found");
    acme.get("/api/v1/files/broken")
        .await
        .is_problem(404, "not-found");
    let list = acme.get("/api/v1/files").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

/// What another backend would bear or not, and what a first version answered with 503.
#[tokio::test]
async fn sto_26_names_that_are_long_or_were_folders_are_kept() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let put = async |path: &str| {
            let request = acme.request(Method::PUT, path).body("x");
            send(request).await.status
        };
        assert_eq!(put("/api/v1/files/a/b").await, 201);
        assert_eq!(acme.delete("/api/v1/files/a/b").await.status, 204);
        assert_eq!(put("/api/v1/files/a").await, 201);
        assert_eq!(put("/api/v1/files/a/b").await, 409);
        assert_eq!(
            put(&format!("/api/v1/files/{}", "m".repeat(255))).await,
            201
        );
        assert_eq!(put("/api/v1/files/report.pdf%C2%A0").await, 400);
    }
}
