//! Addresses that an object store signs and answers itself, asked for with a plain client.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use reqwest::{Client, Method};
use saas_storage::{SignConfig, SignRequest, SignedUrl, UrlSigner};

use crate::world::{LIMIT, World, key};

const MINUTE: Duration = Duration::from_secs(60);

async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    #[cfg(feature = "s3")]
    worlds.push(World::on_s3(LIMIT).await);
    #[cfg(feature = "azblob")]
    worlds.extend(World::on_azure(LIMIT).await);
    worlds
}

async fn sign(world: &World, name: &str, request: SignRequest) -> SignedUrl {
    let (keys, clock) = (world.db.keys().clone(), world.db.clock().clone());
    let signer = UrlSigner::new(
        Arc::clone(&world.storage),
        keys,
        clock,
        &SignConfig::default(),
    );
    signer
        .sign(&world.acme, &key(name), &request)
        .await
        .unwrap()
}

async fn ask(
    method: Method,
    url: &str,
    kind: &str,
    contents: &'static str,
) -> (StatusCode, String) {
    let mut request = Client::new().request(method.clone(), url);
    if method == Method::PUT {
        request = request
            .header("content-type", kind)
            .header("x-ms-blob-type", "BlockBlob")
            .body(contents);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn sto_09_an_object_store_answers_the_address_that_it_signed_and_no_other() {
    for world in worlds().await {
        world.put("a/märz & april.txt", "text").await.unwrap();
        world.put("a/other", "canary").await.unwrap();
        let signed = sign(&world, "a/märz & april.txt", SignRequest::get(MINUTE)).await;
        let url = &signed.url;
        let answer = Client::new().get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{:?}", world.storage);
        let shown = answer.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(shown.starts_with("attachment; "), "{shown}");
        assert_eq!(answer.text().await.unwrap(), "text");
        let acme = world.acme.tenant().id().to_string();
        let name = "a/m%C3%A4rz%20%26%20april.txt";
        assert!(url.contains(name), "{url}");
        let mut changed = vec![
            url.replace(name, "a/other"),
            url.replace(&acme, &world.beta.tenant().id().to_string()),
            url.split('?').next().unwrap().to_owned(),
        ];
        // Each parameter, one after the other.
        let parsed = url::Url::parse(url).unwrap();
        for (changing, _) in parsed.query_pairs() {
            let pairs = parsed.query_pairs().map(|(name, value)| {
                let value = if name == changing {
                    format!("{value}0")
                } else {
                    value.into_owned()
                };
                (name.into_owned(), value)
            });
            let mut other = parsed.clone();
            other
                .query_pairs_mut()
                .clear()
                .extend_pairs(pairs.collect::<Vec<_>>());
            changed.push(other.into());
        }
        for other in changed {
            let (status, text) = ask(Method::GET, &other, "", "").await;
            assert!(
                !status.is_success() && !text.contains("canary"),
                "{status} {other} {text}"
            );
        }
        for method in [Method::PUT, Method::DELETE] {
            let (status, _) = ask(method.clone(), url, "text/plain", "overwritten").await;
            assert!(status.is_client_error(), "{method} {status}");
        }
        assert_eq!(
            world.read(&world.acme, "a/märz & april.txt").await.unwrap(),
            "text"
        );
    }
}

#[tokio::test]
async fn sto_10_an_upload_goes_to_the_object_store_where_that_is_asked_for() {
    for world in worlds().await {
        let request = SignRequest::put(MINUTE).content_type("text/plain");
        let ours = sign(&world, "a", request.clone()).await;
        assert!(
            ours.url.starts_with("/signed/"),
            "bounds are judged here: {}",
            ours.url
        );
        let signed = sign(&world, "a", request.insecure_direct_upload()).await;
        assert!(signed.url.starts_with("http://127.0.0.1"), "{}", signed.url);
        let (status, text) = ask(Method::PUT, &signed.url, "text/plain", "hello").await;
        assert!(status.is_success(), "{status} {text}");
        assert_eq!(world.read(&world.acme, "a").await.unwrap(), "hello");
        let (status, _) = ask(Method::DELETE, &signed.url, "", "").await;
        assert!(status.is_client_error(), "{status}");
        assert_eq!(world.read(&world.acme, "a").await.unwrap(), "hello");
    }
}

/// S3 signs headers; the address of Azure is good for any.
#[cfg(feature = "s3")]
#[tokio::test]
async fn sto_10_s3_refuses_another_type_than_was_signed() {
    let world = World::on_s3(LIMIT).await;
    let request = SignRequest::put(MINUTE)
        .content_type("text/plain")
        .insecure_direct_upload();
    let signed = sign(&world, "a", request).await;
    assert_eq!(signed.headers["content-type"], "text/plain");
    let (status, _) = ask(Method::PUT, &signed.url, "text/html", "<script>").await;
    assert!(status.is_client_error(), "{status}");
    assert!(world.names(&world.acme, "").await.is_empty());
}
