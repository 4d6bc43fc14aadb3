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

/// Gives the SHA-256 of a text in the form of RFC 9530.
fn digest(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest as _, Sha256};
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(text)))
}

#[tokio::test]
async fn sto_21_a_file_is_written_under_the_conditions_of_the_request() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let put = |headers: &[(&'static str, &str)], body: &'static str| {
            let request = acme.request(Method::PUT, "/api/v1/files/a.txt").body(body);
            headers.iter().fold(request, |request, (name, value)| {
                request.header(*name, *value)
            })
        };
        let none = send(put(&[("if-match", "\"x\"")], "one")).await;
        none.is_problem(412, "version-mismatch");
        let first = send(put(&[("if-none-match", "*")], "one")).await;
        assert_eq!(first.status, 201, "{first:?}");
        let shown = first.json();
        assert_eq!(shown["size"], 3);
        assert_eq!(shown["media_type"], "text/plain");
        assert_eq!(
            shown["sha256"],
            "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
        );
        send(put(&[("if-none-match", "*")], "two"))
            .await
            .is_problem(412, "version-mismatch");
        send(put(&[("content-digest", &digest("else"))], "two"))
            .await
            .is_problem(400, "checksum-mismatch");
        send(put(&[("content-digest", "sha-256=?")], "two"))
            .await
            .is_problem(400, "header-invalid");
        assert_eq!(acme.get("/api/v1/files/a.txt").await.text, "one");
        let etag = first.header("etag").unwrap();
        let second = send(put(
            &[("if-match", etag), ("content-digest", &digest("two"))],
            "two",
        ))
        .await;
        assert_eq!(second.status, 200, "{second:?}");
        send(put(&[("if-match", etag)], "three"))
            .await
            .is_problem(412, "version-mismatch");
        let delete = |etag: &str| {
            let request = acme.request(Method::DELETE, "/api/v1/files/a.txt");
            request.header("if-match", etag)
        };
        send(delete(etag)).await.is_problem(412, "version-mismatch");
        let now = second.header("etag").unwrap();
        assert_eq!(send(delete(now)).await.status, 204);
    }
}

#[tokio::test]
async fn a_folder_is_listed_with_its_folders() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        for name in ["a-b", "a/1", "a/2/x", "a/2/y", "a/3", "a0", "b/1", "c"] {
            let put = acme.request(Method::PUT, &format!("/api/v1/files/{name}"));
            assert_eq!(send(put.body("x")).await.status, 201);
        }
        // In pages of every size the whole is the same.
        for limit in 1..9 {
            let (mut files, mut folders) = (Vec::new(), Vec::new());
            let mut next = String::new();
            loop {
                let query = format!("/api/v1/files?delimiter=/&limit={limit}{next}");
                let page = acme.get(&query).await.json();
                let items = page["items"].as_array().unwrap();
                files.extend(
                    items
                        .iter()
                        .map(|file| file["path"].as_str().unwrap().to_owned()),
                );
                let found = page["folders"].as_array().unwrap();
                folders.extend(found.iter().map(|name| name.as_str().unwrap().to_owned()));
                assert!(items.len() + found.len() <= limit, "{page}");
                match page["next"].as_str() {
                    Some(after) => next = format!("&after={after}"),
                    None => break,
                }
            }
            assert_eq!(files, ["a-b", "a0", "c"], "{limit}");
            assert_eq!(folders, ["a/", "b/"], "{limit}");
        }
        let inside = acme.get("/api/v1/files?delimiter=/&prefix=a/").await.json();
        assert_eq!(inside["folders"], serde_json::json!(["a/2/"]));
        assert_eq!(inside["items"].as_array().unwrap().len(), 2);
        acme.get("/api/v1/files?delimiter=-")
            .await
            .is_problem(400, "query-invalid");
        acme.get("/api/v1/files?after=../x")
            .await
            .is_problem(400, "file-key-invalid");
        let gone = serde_json::json!({ "paths": ["a/1", "nowhere", "c"] });
        let gone = acme.post("/api/v1/files:batch-delete", &gone).await.json();
        assert_eq!(gone["deleted"], serde_json::json!(["a/1", "c"]));
        assert_eq!(gone["missing"], serde_json::json!(["nowhere"]));
        let wrong = serde_json::json!({ "paths": ["a/3", "../b"] });
        acme.post("/api/v1/files:batch-delete", &wrong)
            .await
            .is_problem(400, "file-key-invalid");
        assert_eq!(acme.get("/api/v1/files/a/3").await.status, 200);
    }
}

#[tokio::test]
async fn sto_08_09_a_signed_address_is_good_for_one_file_of_one_tenant() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    for caller in [&acme, &beta] {
        let put = caller.request(Method::PUT, "/api/v1/files/a/b.txt");
        send(put.body(caller.token.clone())).await;
    }
    let sign = async |method: &str, path: &str| {
        let input =
            serde_json::json!({ "path": path, "method": method, "expires_in": 60, "max_size": 5 });
        let answer = acme.post("/api/v1/files:sign", &input).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["url"].as_str().unwrap().to_owned()
    };
    let bare = |method: Method, url: &str| world.http.request(method, url);
    let url = sign("GET", "a/b.txt").await;
    assert!(url.starts_with(&format!("{}/signed/", world.url)), "{url}");
    let got = send(bare(Method::GET, &url)).await;
    assert_eq!((got.status.as_u16(), &got.text), (200, &acme.token));
    assert!(
        got.header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    assert_eq!(send(bare(Method::HEAD, &url)).await.status, 200);
    let tenant = async |caller: &crate::world::Caller<'_>| {
        let me = caller.get("/api/v1/me").await.json();
        me["tenant"]["id"].as_str().unwrap().to_owned()
    };
    let (ours, theirs) = (tenant(&acme).await, tenant(&beta).await);
    for wrong in [
        url.replace(&ours, &theirs),
        url.replace("/a/b.txt", "/a/c.txt"),
        format!("{url}x"),
        url.split('?').next().unwrap().to_owned(),
    ] {
        send(bare(Method::GET, &wrong))
            .await
            .is_problem(403, "forbidden");
    }
    send(bare(Method::PUT, &url).body("x"))
        .await
        .is_problem(403, "forbidden");
    // Nor is anything told under the address of another tenant.
    let under = |tenant| send(bare(Method::GET, &url).header("x-tenant", tenant));
    under("beta").await.is_problem(403, "forbidden");
    assert_eq!(under("acme").await.status, 200);
    let put = sign("PUT", "new.txt").await;
    send(bare(Method::GET, &put))
        .await
        .is_problem(403, "forbidden");
    send(bare(Method::PUT, &put).body("123456"))
        .await
        .is_problem(413, "body-too-large");
    assert_eq!(
        send(bare(Method::PUT, &put).body("12345")).await.status,
        204
    );
    assert_eq!(acme.get("/api/v1/files/new.txt").await.text, "12345");
    for wrong in [
        serde_json::json!({ "path": "../x", "method": "GET", "expires_in": 60 }),
        serde_json::json!({ "path": "a", "method": "DELETE", "expires_in": 60 }),
        serde_json::json!({ "path": "a", "method": "GET", "expires_in": 0 }),
        serde_json::json!({ "path": "a", "method": "GET" }),
    ] {
        let answer = acme.post("/api/v1/files:sign", &wrong).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{answer:?}");
    }
}

#[tokio::test]
async fn a_form_is_stored_in_a_folder() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let part = |name: &str, text: &'static str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{name}\"\r\n\r\n{text}\r\n"
        )
    };
    let post = |path: &str, body: String| {
        acme.request(Method::POST, path)
            .header("content-type", "multipart/form-data; boundary=b")
            .body(body)
    };
    let form = format!(
        "{}{}--b--\r\n",
        part("one.txt", "first"),
        part("märz.txt", "second")
    );
    for (path, folder) in [("/api/v1/files/in/box/", "in/box/"), ("/api/v1/files", "")] {
        let stored = send(post(path, form.clone())).await;
        assert_eq!(stored.status, 201, "{stored:?}");
        let stored = stored.json();
        assert_eq!(stored[1]["path"], format!("{folder}märz.txt"));
        let got = acme.get(&format!("/api/v1/files/{folder}one.txt")).await;
        assert_eq!(got.text, "first");
    }
    let outside = format!("{}--b--\r\n", part("../../x", "y"));
    send(post("/api/v1/files/in", outside))
        .await
        .is_problem(400, "file-key-invalid");
    send(post("/api/v1/files/in", "--b--\r\n".to_owned()))
        .await
        .is_problem(400, "bad-request");
    let cut = part("cut.txt", "half");
    assert_eq!(send(post("/api/v1/files/in", cut)).await.status, 400);
    acme.get("/api/v1/files/in/cut.txt")
        .await
        .is_problem(404, "not-found");
    let json = acme.post("/api/v1/files/in", &serde_json::json!({})).await;
    json.is_problem(415, "media-type");
}

#[tokio::test]
async fn sto_20_a_quota_and_the_accepted_types_are_held() {
    let rules = [
        ("SAAS__FILES__RULES__QUOTA", "10"),
        ("SAAS__FILES__RULES__MEDIA_TYPES", "text/plain"),
    ];
    let world = World::on(Dialect::Sqlite, &rules).await;
    let acme = world.sign_up("acme").await;
    let put = |path: &str, body: &'static str| {
        acme.request(Method::PUT, &format!("/api/v1/files/{path}"))
            .body(body)
    };
    assert_eq!(send(put("a", "123456")).await.status, 201);
    send(put("b", "123456"))
        .await
        .is_problem(409, "storage-limit");
    send(put("c", "<p>")).await.is_problem(415, "media-type");
    assert_eq!(acme.delete("/api/v1/files/a").await.status, 204);
    assert_eq!(send(put("b", "123456")).await.status, 201);
}

#[tokio::test]
async fn encrypted_files_are_read_through_the_service_only() {
    let world = World::on(Dialect::Sqlite, &[("SAAS__FILES__ENCRYPT", "true")]).await;
    let acme = world.sign_up("acme").await;
    let canary = "canary ".repeat(20_000);
    let put = acme
        .request(Method::PUT, "/api/v1/files/a")
        .body(canary.clone());
    assert_eq!(send(put).await.status, 201);
    let part = acme
        .request(Method::GET, "/api/v1/files/a")
        .header("range", "bytes=70000-70006");
    assert_eq!(send(part).await.text, canary.get(70_000..70_007).unwrap());
    let mut folders = vec![world.folder.path().join("data/files")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                folders.push(entry);
            } else {
                let bytes = std::fs::read(entry).unwrap();
                seen += bytes.len();
                assert!(!bytes.windows(6).any(|window| window == b"canary"));
            }
        }
    }
    assert!(seen > canary.len(), "{seen}");
}

#[tokio::test]
async fn an_upload_that_a_kill_cuts_off_is_swept() {
    let fast = [
        ("SAAS__FILES__SWEEP_EVERY", "100ms"),
        ("SAAS__FILES__RULES__UNFINISHED_AFTER", "1s"),
    ];
    let mut world = World::on(Dialect::Sqlite, &fast).await;
    let acme = world.sign_up("acme").await;
    let pieces = futures_util::stream::unfold(0, |n| async move {
        if n > 20 {
            std::future::pending::<()>().await;
        }
        Some((Ok::<_, std::io::Error>(vec![b'x'; 65_536]), n + 1))
    });
    let upload = acme
        .request(Method::PUT, "/api/v1/files/cut")
        .body(reqwest::Body::wrap_stream(pieces));
    let upload = tokio::spawn(upload.send());
    world.receives().await;
    world.kill();
    let _ = upload.await.unwrap();
    world.restart();
    let acme = world
        .sign_in("acme", "owner@acme.test", crate::world::PASSWORD)
        .await;
    acme.get("/api/v1/files/cut")
        .await
        .is_problem(404, "not-found");
    let space = world.folder.path().join("data/files/tenants");
    let left = || {
        let find = std::process::Command::new("find")
            .arg(&space)
            .args(["-type", "f"])
            .output();
        String::from_utf8(find.unwrap().stdout).unwrap()
    };
    let patience = std::time::Instant::now();
    while !left().is_empty() {
        assert!(patience.elapsed().as_secs() < 30, "{}", left());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
