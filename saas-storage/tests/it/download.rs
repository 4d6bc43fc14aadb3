//! Files as answers.

use axum::response::Response;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use saas_storage::download;

use crate::world::{LIMIT, World, key, worlds};

async fn send(world: &World, method: Method, name: &str, given: &[(HeaderName, &str)]) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        headers.append(name, value.parse().unwrap());
    }
    let answer = download(&*world.storage, &world.acme, &key(name), &method, &headers).await;
    answer.unwrap_or_else(axum::response::IntoResponse::into_response)
}

async fn get(
    world: &World,
    name: &str,
    given: &[(HeaderName, &str)],
) -> (StatusCode, HeaderMap, String) {
    let (parts, body) = send(world, Method::GET, name, given).await.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        parts.headers,
        String::from_utf8(bytes.to_vec()).unwrap(),
    )
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_file_is_sent_whole_with_its_description() {
    for world in worlds().await {
        world.put("a/märz.txt", "hello world").await.unwrap();
        let (status, headers, body) = get(&world, "a/märz.txt", &[]).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "hello world"));
        assert_eq!(text(&headers, header::CONTENT_LENGTH), "11");
        assert_eq!(text(&headers, header::CONTENT_TYPE), "text/plain");
        assert_eq!(text(&headers, header::ACCEPT_RANGES), "bytes");
        assert_eq!(text(&headers, header::CACHE_CONTROL), "private, no-cache");
        let (status, _, body) = get(&world, "none", &[]).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body.contains("not-found"));
        let head = send(
            &world,
            Method::HEAD,
            "a/märz.txt",
            &[(header::RANGE, "bytes=0-4")],
        )
        .await;
        assert_eq!(head.status(), StatusCode::OK);
        assert_eq!(text(head.headers(), header::CONTENT_LENGTH), "11");
        assert!(
            head.into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn sto_13_whatever_is_uploaded_is_an_attachment_that_nothing_guesses_about() {
    let world = World::on_disk(LIMIT).await;
    for name in [
        "x.html", "x.svg", "x.xml", "x.pdf", "x.js", "x", "x.exe", "x.swf",
    ] {
        world.put(name, "<script>alert(1)</script>").await.unwrap();
        for given in [vec![], vec![(header::RANGE, "bytes=0-4")]] {
            let (status, headers, _) = get(&world, name, &given).await;
            assert!(status.is_success());
            assert!(
                text(&headers, header::CONTENT_DISPOSITION).starts_with("attachment; "),
                "{name}"
            );
            assert_eq!(text(&headers, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert!(
                text(&headers, header::CONTENT_SECURITY_POLICY)
                    .starts_with("sandbox; default-src 'none'")
            );
            assert_ne!(text(&headers, header::CONTENT_TYPE), "");
        }
    }
}

#[tokio::test]
async fn sto_14_a_name_arrives_as_it_is() {
    let world = World::on_disk(LIMIT).await;
    world.put("f/日本; filename=x'.txt", "x").await.unwrap();
    let (_, headers, _) = get(&world, "f/日本; filename=x'.txt", &[]).await;
    assert_eq!(
        text(&headers, header::CONTENT_DISPOSITION),
        "attachment; filename=\"___ filename_x_.txt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC%3B%20filename%3Dx%27.txt"
    );
}

#[tokio::test]
async fn sto_19_a_range_is_answered_as_rfc_9110_says() {
    for world in worlds().await {
        world.put("a", "hello world").await.unwrap();
        for (range, status, wanted, part) in [
            ("bytes=0-4", 206, "bytes 0-4/11", "hello"),
            ("bytes=6-", 206, "bytes 6-10/11", "world"),
            ("bytes=-5", 206, "bytes 6-10/11", "world"),
            ("bytes=6-999", 206, "bytes 6-10/11", "world"),
            ("bytes=10-10", 206, "bytes 10-10/11", "d"),
            ("bytes=0-1,3-4", 200, "", "hello world"),
            ("bytes=4-0", 200, "", "hello world"),
            ("lines=0-4", 200, "", "hello world"),
        ] {
            let (got, headers, body) = get(&world, "a", &[(header::RANGE, range)]).await;
            assert_eq!((got.as_u16(), body.as_str()), (status, part), "{range}");
            assert_eq!(text(&headers, header::CONTENT_RANGE), wanted, "{range}");
            assert_eq!(
                text(&headers, header::CONTENT_LENGTH),
                part.len().to_string(),
                "{range}"
            );
        }
        for range in ["bytes=11-", "bytes=99-100", "bytes=-0"] {
            let (got, headers, body) = get(&world, "a", &[(header::RANGE, range)]).await;
            assert_eq!(got, StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
            assert_eq!(text(&headers, header::CONTENT_RANGE), "bytes */11");
            assert!(body.contains("range-invalid"));
        }
    }
}

#[tokio::test]
async fn a_client_that_knows_the_file_is_not_sent_it() {
    let world = World::on_disk(LIMIT).await;
    world.put("a", "hello").await.unwrap();
    let (_, headers, _) = get(&world, "a", &[]).await;
    let etag = text(&headers, header::ETAG).to_owned();
    let date = text(&headers, header::LAST_MODIFIED).to_owned();
    assert!(
        etag.starts_with("W/\"") && date.ends_with(" GMT"),
        "{etag} {date}"
    );
    for known in [
        (header::IF_NONE_MATCH, etag.as_str()),
        (header::IF_MODIFIED_SINCE, &date),
    ] {
        let (status, headers, body) = get(&world, "a", &[known]).await;
        assert_eq!((status, body.as_str()), (StatusCode::NOT_MODIFIED, ""));
        assert_eq!(text(&headers, header::ETAG), etag);
        assert!(!headers.contains_key(header::CONTENT_DISPOSITION));
    }
    // The condition is judged before the range.
    let both = [
        (header::IF_NONE_MATCH, etag.as_str()),
        (header::RANGE, "bytes=99-"),
    ];
    assert_eq!(get(&world, "a", &both).await.0, StatusCode::NOT_MODIFIED);
    for validator in [etag.as_str(), &date, "\"other\""] {
        let given = [(header::IF_RANGE, validator), (header::RANGE, "bytes=0-1")];
        let (status, _, body) = get(&world, "a", &given).await;
        assert_eq!(
            (status, body.as_str()),
            (StatusCode::OK, "hello"),
            "{validator}"
        );
    }
    let (status, _, body) = get(&world, "a", &[(header::IF_MATCH, "\"other\"")]).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    assert!(body.contains("version-mismatch"));
    world.put("a", "other").await.unwrap();
    assert_eq!(
        get(&world, "a", &[(header::IF_NONE_MATCH, &etag)]).await.0,
        StatusCode::OK
    );
}
