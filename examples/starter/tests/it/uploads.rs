//! Uploads in parts over HTTP, as clients of tus make them.

use reqwest::{Method, RequestBuilder};
use saas_tenancy::Dialect;

use crate::world::{Answer, Caller, PASSWORD, World, send};

const PART: &[(&str, &str)] = &[("SAAS__FILES__UPLOADS__PART_SIZE", "65536")];

fn ask(caller: &Caller<'_>, method: Method, path: &str) -> RequestBuilder {
    caller
        .request(method, path)
        .header("tus-resumable", "1.0.0")
}

async fn begin(caller: &Caller<'_>, size: usize) -> String {
    // `big.bin`
    let request = ask(caller, Method::POST, "/api/v1/uploads")
        .header("upload-length", size)
        .header("upload-metadata", "filename YmlnLmJpbg==");
    let begun = send(request).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    begun.header("location").unwrap().to_owned()
}

fn patch(
    caller: &Caller<'_>,
    path: &str,
    offset: usize,
    body: impl Into<reqwest::Body>,
) -> RequestBuilder {
    ask(caller, Method::PATCH, path)
        .header("upload-offset", offset)
        .header("content-type", "application/offset+octet-stream")
        .body(body)
}

async fn offset(caller: &Caller<'_>, path: &str) -> usize {
    let answer = send(ask(caller, Method::HEAD, path)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.header("upload-offset").unwrap().parse().unwrap()
}

/// Bytes of which each part is different.
fn contents(size: usize) -> Vec<u8> {
    (0..size as u32 / 4).flat_map(u32::to_be_bytes).collect()
}

#[tokio::test]
async fn an_upload_goes_on_after_the_service_was_killed() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        for encrypt in ["false", "true"] {
            let extra = [PART[0], ("SAAS__FILES__ENCRYPT", encrypt)];
            let mut world = World::on(dialect, &extra).await;
            let acme = world.sign_up("acme").await;
            let whole = contents(1_000_000);
            let path = begin(&acme, whole.len()).await;
            let mut at = 0;
            for round in 0..3_usize {
                let acme = world.sign_in("acme", "owner@acme.test", PASSWORD).await;
                // A body that stops in the middle, with the connection open.
                let (sent, has_sent) = tokio::sync::oneshot::channel();
                let (rest, mut sent) = (whole[at..].to_vec(), Some(sent));
                let pieces = futures_util::stream::unfold(0, move |n| {
                    let piece = rest.chunks(10_000).nth(n).map(<[u8]>::to_vec);
                    if n == 25 {
                        let _ = sent.take().map(|sent| sent.send(()));
                    }
                    async move {
                        if n > 25 {
                            std::future::pending::<()>().await;
                        }
                        Some((Ok::<_, std::io::Error>(piece?), n + 1))
                    }
                });
                let body = reqwest::Body::wrap_stream(pieces);
                let sending = tokio::spawn(patch(&acme, &path, at, body).send());
                has_sent.await.unwrap();
                // What is acknowledged to somebody who asks in between is there afterwards.
                let mut acknowledged = offset(&acme, &path).await;
                while acknowledged == at {
                    acknowledged = offset(&acme, &path).await;
                }
                world.kill();
                let _ = sending.await.unwrap();
                world.restart();
                let acme = world.sign_in("acme", "owner@acme.test", PASSWORD).await;
                at = offset(&acme, &path).await;
                assert!(
                    at >= acknowledged && at >= (round + 1) * 65_536,
                    "{at} {acknowledged}"
                );
                let again = send(patch(&acme, &path, 0, "x")).await;
                again.is_problem(409, "upload-offset");
                acme.get("/api/v1/files/big.bin")
                    .await
                    .is_problem(404, "not-found");
            }
            let acme = world.sign_in("acme", "owner@acme.test", PASSWORD).await;
            let last = send(patch(&acme, &path, at, whole[at..].to_vec())).await;
            assert_eq!(last.status, 204, "{last:?}");
            assert_eq!(offset(&acme, &path).await, whole.len());
            let got = acme
                .request(Method::GET, "/api/v1/files/big.bin")
                .send()
                .await;
            assert_eq!(got.unwrap().bytes().await.unwrap(), whole);
        }
    }
}

#[tokio::test]
async fn iso_an_upload_belongs_to_one_person_of_one_tenant() {
    for world in World::all().await {
        let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
        let body = serde_json::json!({ "email": "bob@acme.test", "name": "Bob", "password": PASSWORD, "roles": ["admin"] });
        assert_eq!(acme.post("/api/v1/members", &body).await.status, 201);
        let bob = world.sign_in("acme", "bob@acme.test", PASSWORD).await;
        let path = begin(&acme, 10).await;
        for other in [&beta, &bob] {
            for request in [
                ask(other, Method::HEAD, &path),
                ask(other, Method::DELETE, &path),
                patch(other, &path, 0, "0123456789"),
            ] {
                let refused: Answer = send(request).await;
                assert_eq!(refused.status, 404, "{refused:?}");
            }
        }
        let nobody = world
            .request(Method::HEAD, &path)
            .header("tus-resumable", "1.0.0");
        assert_eq!(send(nobody).await.status, 401);
        let done = send(patch(&acme, &path, 0, "0123456789")).await;
        assert_eq!(done.status, 204, "{done:?}");
        assert_eq!(acme.get("/api/v1/files/big.bin").await.text, "0123456789");
    }
}

#[tokio::test]
async fn the_server_says_what_it_can_do_and_refuses_what_it_cannot() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let about = send(world.request(Method::OPTIONS, "/api/v1/uploads")).await;
    assert_eq!(about.status, 204);
    assert_eq!(about.header("tus-version"), Some("1.0.0"));
    assert_eq!(about.header("tus-max-size"), Some("1073741824"));
    assert!(
        about
            .header("tus-extension")
            .unwrap()
            .contains("creation-with-upload")
    );
    let path = begin(&acme, 5).await;
    let old = acme
        .request(Method::HEAD, &path)
        .header("tus-resumable", "0.2.0");
    assert_eq!(send(old).await.header("tus-version"), Some("1.0.0"));
    let old = acme
        .request(Method::DELETE, &path)
        .header("tus-resumable", "0.2.0");
    send(old).await.is_problem(412, "upload-version");
    send(patch(&acme, &path, 0, "123456"))
        .await
        .is_problem(413, "body-too-large");
    let wrong = patch(&acme, &path, 0, "12345")
        .header("upload-checksum", "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=");
    send(wrong).await.is_problem(460, "checksum-mismatch");
    assert_eq!(offset(&acme, &path).await, 0);
    let text = patch(&acme, &path, 0, "12345");
    let text = send(text.header("upload-checksum", "sha1")).await;
    text.is_problem(400, "header-invalid");
    let over = acme
        .request(Method::POST, &path)
        .header("tus-resumable", "1.0.0")
        .header("x-http-method-override", "PATCH")
        .header("upload-offset", 0)
        .header("content-type", "application/offset+octet-stream")
        .body("12345");
    assert_eq!(send(over).await.status, 204);
    assert_eq!(acme.get("/api/v1/files/big.bin").await.text, "12345");
}

/// What an upload asks for stands in its headers.
#[tokio::test]
async fn a_key_is_good_for_one_upload_and_one_part_of_it() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let make = async |length: usize| {
        let request = ask(&acme, Method::POST, "/api/v1/uploads").header("idempotency-key", "make");
        let request = request.header("upload-metadata", "filename YmlnLmJpbg==");
        send(request.header("upload-length", length)).await
    };
    let made = make(8).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = made.header("location").unwrap();
    assert_eq!(make(8).await.header("location"), Some(path));
    make(5000).await.is_problem(422, "idempotency-key-reused");

    let part = async |at: usize| {
        let request = patch(&acme, path, at, "aaaa").header("idempotency-key", "part");
        send(request).await
    };
    assert_eq!(part(0).await.status, 204);
    part(4).await.is_problem(422, "idempotency-key-reused");
    assert_eq!(offset(&acme, path).await, 4);

    // Larger than the body of any other route may be.
    let large = vec![b'a'; 3 << 20];
    let begun = ask(&acme, Method::POST, "/api/v1/uploads");
    let begun = begun.header("upload-metadata", "filename bGFyZ2UuYmlu");
    let begun = send(begun.header("upload-length", large.len())).await;
    let all = patch(&acme, begun.header("location").unwrap(), 0, large);
    let all = send(all.header("idempotency-key", "large")).await;
    assert_eq!(all.status, 204, "{all:?}");
    // One that is too large for its route is so with a key, too.
    let project = acme.request(Method::POST, "/api/v1/projects");
    let project = project.header("content-type", "application/json");
    let project = project
        .header("idempotency-key", "too-large")
        .body(vec![b' '; 3 << 20]);
    send(project).await.is_problem(413, "body-too-large");

    let instead = async |method: &str| {
        let request = ask(&acme, Method::POST, path).header("x-http-method-override", method);
        let request = request.header("idempotency-key", "instead").body("aaaa");
        let request = request.header("content-type", "application/offset+octet-stream");
        send(request.header("upload-offset", 4)).await
    };
    assert_eq!(instead("PATCH").await.status, 204);
    instead("DELETE")
        .await
        .is_problem(422, "idempotency-key-reused");
}
