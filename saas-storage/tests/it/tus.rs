//! tus over HTTP, as its clients speak it.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::stream;
use http::Method;
use saas_storage::{Files, FilesConfig, Storage as _, Uploads, UploadsConfig, tus};
use sha2::{Digest as _, Sha256};

use crate::{
    resume::uploads,
    world::{World, collect, key},
};

const PIECES: (&str, &str) = ("content-type", "application/offset+octet-stream");

async fn ask(
    world: &World,
    uploads: &Uploads,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "tus-resumable") {
        request = request.header("tus-resumable", "1.0.0");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.into()).unwrap();
    let response = tus(uploads, &world.acme, request).await;
    assert_eq!(header(&response, "tus-resumable"), Some("1.0.0"));
    response
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

async fn create(world: &World, uploads: &Uploads, name: &str, size: &str) -> String {
    let metadata = format!("filename {},is_confidential", STANDARD.encode(name));
    let headers = [("upload-length", size), ("upload-metadata", &metadata)];
    let created = ask(
        world,
        uploads,
        Method::POST,
        "/api/v1/uploads",
        &headers,
        "",
    )
    .await;
    assert_eq!(created.status(), 201);
    assert_eq!(header(&created, "upload-offset"), Some("0"));
    assert!(header(&created, "upload-expires").unwrap().ends_with("GMT"));
    let location = header(&created, "location").unwrap().to_owned();
    let asked = ask(world, uploads, Method::HEAD, &location, &[], "").await;
    assert_eq!(asked.status(), 200);
    assert_eq!(header(&asked, "upload-length"), Some(size));
    assert_eq!(header(&asked, "upload-metadata"), Some(metadata.as_str()));
    assert_eq!(header(&asked, "cache-control"), Some("no-store"));
    location
}

#[tokio::test]
async fn a_client_of_tus_creates_resumes_and_ends_an_upload() {
    for world in World::with_databases().await {
        let (files, uploads) = uploads(&world, &FilesConfig::default());
        let at = create(&world, &uploads, "märz.txt", "11").await;
        let ask = async |method: Method, headers: &[(&str, &str)], body| {
            ask(&world, &uploads, method, &at, headers, body).await
        };
        let first = ask(Method::PATCH, &[PIECES, ("upload-offset", "0")], "hello").await;
        assert_eq!(first.status(), 204);
        assert_eq!(header(&first, "upload-offset"), Some("5"));
        let again = ask(Method::PATCH, &[PIECES, ("upload-offset", "0")], "hello").await;
        assert_eq!(again.status(), 409);
        // Through something that knows no PATCH.
        let over = [
            PIECES,
            ("upload-offset", "5"),
            ("x-http-method-override", "PATCH"),
        ];
        let last = ask(Method::POST, &over, " world").await;
        assert_eq!(last.status(), 204, "{last:?}");
        assert_eq!(header(&last, "upload-offset"), Some("11"));
        assert_eq!(header(&last, "upload-expires"), None);
        let (_, contents) = files
            .get(&world.acme, &key("märz.txt"), None)
            .await
            .unwrap();
        assert_eq!(collect(contents).await, b"hello world");
        let head = ask(Method::HEAD, &[], "").await;
        assert_eq!(header(&head, "upload-offset"), Some("11"));
        assert_eq!(ask(Method::DELETE, &[], "").await.status(), 204);
        assert_eq!(ask(Method::HEAD, &[], "").await.status(), 404);
        // The file is complete, and not a part of the upload any more.
        assert!(files.exists(&world.acme, &key("märz.txt")).await.unwrap());
    }
}

#[tokio::test]
async fn an_upload_may_begin_with_its_first_bytes() {
    for world in World::with_databases().await {
        let (files, uploads) = uploads(&world, &FilesConfig::default());
        let headers = [
            ("upload-length", "5"),
            ("upload-metadata", "path YS9i"),
            PIECES,
        ];
        let created = ask(
            &world,
            &uploads,
            Method::POST,
            "/uploads",
            &headers,
            "hello",
        )
        .await;
        assert_eq!(created.status(), 201);
        assert_eq!(header(&created, "upload-offset"), Some("5"));
        assert!(files.exists(&world.acme, &key("a/b")).await.unwrap());
    }
}

#[tokio::test]
async fn sto_21_bytes_with_another_digest_are_discarded() {
    for world in World::with_databases().await {
        let (_, uploads) = uploads(&world, &FilesConfig::default());
        let at = create(&world, &uploads, "a", "30").await;
        let sha256 = format!("sha256 {}", STANDARD.encode(Sha256::digest("x".repeat(25))));
        // Of `hello`.
        let sha1 = "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=".to_owned();
        let send = async |checksum: &str, offset: &str, body| {
            let headers = [
                PIECES,
                ("upload-offset", offset),
                ("upload-checksum", checksum),
            ];
            ask(&world, &uploads, Method::PATCH, &at, &headers, body).await
        };
        let wrong = send(&sha256, "0", "yyyyyyyyyyyyyyyyyyyyyyyyy").await;
        assert_eq!(wrong.status().as_u16(), 460);
        let kind = header(&wrong, "content-type").map(ToOwned::to_owned);
        assert_eq!(kind.as_deref(), Some("application/problem+json"));
        let body = to_bytes(wrong.into_body(), 1000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (body["status"].as_u64(), body["code"].as_str()),
            (Some(460), Some("checksum-mismatch"))
        );
        let head = ask(&world, &uploads, Method::HEAD, &at, &[], "").await;
        assert_eq!(header(&head, "upload-offset"), Some("0"));
        // In parts of ten bytes, which count together or not at all.
        assert!(world.names(&world.acme, "").await.is_empty());
        for malformed in ["sha1", "md5 YWJj", "sha256 YWJj", "sha1 ?"] {
            assert_eq!(
                send(malformed, "0", "hello").await.status(),
                400,
                "{malformed}"
            );
        }
        let right = send(&sha256, "0", "xxxxxxxxxxxxxxxxxxxxxxxxx").await;
        assert_eq!(right.status(), 204);
        assert_eq!(send(&sha1, "25", "jello").await.status().as_u16(), 460);
        assert_eq!(send(&sha1, "25", "hello").await.status(), 204);
    }
}

/// They wait together for their digest, in room that the tenant does not pay for yet.
#[tokio::test]
async fn a_body_with_a_digest_holds_64_mib_at_most() {
    let world = World::on_disk(1 << 30).await;
    let files = Files::new(
        Arc::clone(&world.storage),
        world.db.database().clone(),
        &FilesConfig::default(),
    );
    let uploads = Uploads::new(files, &UploadsConfig::default());
    let at = create(&world, &uploads, "a", "100000000").await;
    let piece = Bytes::from(vec![0; 1 << 20]);
    let send = async |pieces: usize| {
        let mut digest = Sha256::new();
        (0..pieces).for_each(|_| digest.update(&piece));
        let checksum = format!("sha256 {}", STANDARD.encode(digest.finalize()));
        let headers = [
            PIECES,
            ("upload-offset", "0"),
            ("upload-checksum", &checksum),
        ];
        let piece = piece.clone();
        let pieces = (0..pieces).map(move |_| Ok::<_, Infallible>(piece.clone()));
        let body = Body::from_stream(stream::iter(pieces));
        ask(&world, &uploads, Method::PATCH, &at, &headers, body).await
    };
    assert_eq!(send(65).await.status(), 413);
    assert!(world.names(&world.acme, "").await.is_empty());
    let kept = send(64).await;
    assert_eq!(kept.status(), 204);
    assert_eq!(header(&kept, "upload-offset"), Some("67108864"));
}

#[tokio::test]
async fn what_is_not_of_the_protocol_is_refused() {
    let world = World::with_databases().await.remove(0);
    let (_, uploads) = uploads(&world, &FilesConfig::default());
    let at = create(&world, &uploads, "a", "10").await;
    let foreign = at.replace(|c: char| c.is_ascii_digit(), "7");
    let named = ("upload-metadata", "filename YQ==");
    for (status, method, path, headers) in [
        (
            412,
            Method::HEAD,
            at.as_str(),
            &[("tus-resumable", "0.2.2")][..],
        ),
        (412, Method::HEAD, &at, &[("tus-resumable", "")]),
        (404, Method::HEAD, &foreign, &[]),
        (
            404,
            Method::PATCH,
            "/uploads/x",
            &[PIECES, ("upload-offset", "0")],
        ),
        (400, Method::PATCH, &at, &[PIECES]),
        (400, Method::PATCH, &at, &[PIECES, ("upload-offset", "-1")]),
        (415, Method::PATCH, &at, &[("upload-offset", "0")]),
        (
            415,
            Method::PATCH,
            &at,
            &[("upload-offset", "0"), ("content-type", "text/plain")],
        ),
        (409, Method::PATCH, &at, &[PIECES, ("upload-offset", "3")]),
        (400, Method::POST, "/uploads", &[named]),
        (
            400,
            Method::POST,
            "/uploads",
            &[named, ("upload-length", "x")],
        ),
        (
            400,
            Method::POST,
            "/uploads",
            &[named, ("upload-defer-length", "1")],
        ),
        (400, Method::POST, "/uploads", &[("upload-length", "5")]),
        (
            400,
            Method::POST,
            "/uploads",
            &[("upload-length", "5"), ("upload-metadata", "path Li4veA==")],
        ),
        (
            413,
            Method::POST,
            "/uploads",
            &[("upload-length", "99999999999"), named],
        ),
        (
            415,
            Method::POST,
            "/uploads",
            &[("upload-length", "5"), named, ("content-type", "a/b")],
        ),
        (405, Method::GET, &at, &[]),
        (405, Method::POST, &at, &[("x-http-method-override", "PUT")]),
    ] {
        let answer = ask(&world, &uploads, method.clone(), path, headers, "hello").await;
        assert_eq!(answer.status(), status, "{method} {path} {headers:?}");
        if status == 412 {
            assert_eq!(header(&answer, "tus-version"), Some("1.0.0"));
        }
    }
    let head = ask(&world, &uploads, Method::HEAD, &at, &[], "").await;
    assert_eq!(header(&head, "upload-offset"), Some("0"));
    assert!(world.names(&world.acme, "").await.is_empty());
}
