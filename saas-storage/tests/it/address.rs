//! Signed addresses.

use std::{sync::Arc, time::Duration};

use saas_core::KeyRing;
use saas_storage::{Error, SignConfig, SignRequest, SignedFile, SignedUrl, UrlSigner};
use sha2::{Digest as _, Sha256};

use crate::world::{World, body, key, local_worlds};

const MINUTE: Duration = Duration::from_secs(60);
const BASE: &str = "https://app.example.com/signed";

fn signer_with(world: &World, keys: KeyRing) -> UrlSigner {
    let mut config = SignConfig::default();
    config.base = BASE.to_owned();
    UrlSigner::new(
        Arc::clone(&world.storage),
        keys,
        world.db.clock().clone(),
        &config,
    )
}

fn signer(world: &World) -> UrlSigner {
    signer_with(world, world.db.keys().clone())
}

async fn sign(world: &World, name: &str, request: SignRequest) -> SignedUrl {
    signer(world)
        .sign(&world.acme, &key(name), &request)
        .await
        .unwrap()
}

/// Takes an address apart as a server does that is asked for it.
fn verify(world: &World, method: &str, url: &str) -> Result<SignedFile, Error> {
    let url = url::Url::parse(url).unwrap();
    signer(world).verify(method, url.path(), url.query())
}

fn refused<T>(result: Result<T, Error>) -> bool {
    result.is_err_and(|error| matches!(error, Error::Refused))
}

#[tokio::test]
async fn whoever_has_a_signed_address_reaches_that_file() {
    for world in local_worlds().await {
        world.put("a/märz & april.txt", "text").await.unwrap();
        let signed = sign(&world, "a/märz & april.txt", SignRequest::get(MINUTE)).await;
        assert_eq!(signed.expires_at, world.db.now().saturating_add(MINUTE));
        for method in ["GET", "HEAD"] {
            let file = verify(&world, method, &signed.url).unwrap();
            assert_eq!(file.key().as_str(), "a/märz & april.txt");
            let scope = file.scope(world.acme.tenant()).unwrap();
            assert_eq!(
                world.read(&scope, file.key().as_str()).await.unwrap(),
                "text"
            );
            assert!(refused(file.scope(world.beta.tenant())));
        }
        assert!(!format!("{signed:?}").contains("signature"), "{signed:?}");
    }
}

#[tokio::test]
async fn sto_09_a_changed_address_is_refused() {
    for world in local_worlds().await {
        for request in [
            SignRequest::get(MINUTE),
            SignRequest::put(MINUTE).max_size(10),
        ] {
            let method = request_method(&request);
            let signed = sign(&world, "a/b", request).await;
            let url = &signed.url;
            assert!(verify(&world, method, url).is_ok());
            let acme = world.acme.tenant().id().to_string();
            let beta = world.beta.tenant().id().to_string();
            for changed in [
                url.replace("/a/b?", "/a/c?"),
                url.replace("/a/b?", "/a/b/c?"),
                url.replace("/a/b?", "/a?"),
                url.replace("/a/b?", "/A/b?"),
                url.replace("/a/b?", "/a%2fb?"),
                url.replace("/a/b?", "/a//b?"),
                url.replace(&acme, &beta),
                url.replace(&acme, &format!("{acme}/../{beta}")),
                url.replace("signature=", "signature=A"),
                url.replace("signature=", "Signature="),
                format!("{url}A"),
                format!("{url}&max_size=100"),
                url[..url.len() - 1].to_owned(),
                url.split('?').next().unwrap().to_owned(),
            ] {
                assert!(refused(verify(&world, method, &changed)), "{changed}");
            }
            // Each character of the signature.
            let start = url.find("signature=").unwrap() + "signature=".len();
            for at in start..url.len() {
                let other = if &url[at..=at] == "A" { "B" } else { "A" };
                let changed = format!("{}{other}{}", &url[..at], &url[at + 1..]);
                assert!(refused(verify(&world, method, &changed)), "{changed}");
            }
            for other in ["GET", "HEAD", "PUT", "DELETE", "POST", "get", ""] {
                let good = other == method || (method == "GET" && other == "HEAD");
                assert_eq!(verify(&world, other, url).is_ok(), good, "{other}");
            }
        }
    }
}

fn request_method(request: &SignRequest) -> &'static str {
    if *request == SignRequest::get(MINUTE) {
        "GET"
    } else {
        "PUT"
    }
}

#[tokio::test]
async fn sto_09_an_address_ends_to_the_second() {
    let world = World::in_memory().await;
    let signed = sign(&world, "a", SignRequest::get(MINUTE)).await;
    world.db.clock().advance(Duration::from_micros(59_999_999));
    assert!(verify(&world, "GET", &signed.url).is_ok());
    world.db.clock().advance(Duration::from_micros(1));
    assert!(refused(verify(&world, "GET", &signed.url)));
    world.db.clock().advance(Duration::from_secs(1));
    assert!(refused(verify(&world, "GET", &signed.url)));
    let none = sign(&world, "a", SignRequest::get(Duration::ZERO)).await;
    assert!(refused(verify(&world, "GET", &none.url)));
}

#[tokio::test]
async fn sto_11_no_address_is_good_for_longer_than_a_quarter_of_an_hour() {
    let world = World::in_memory().await;
    let signed = sign(&world, "a", SignRequest::get(Duration::MAX)).await;
    let end = world.db.now().saturating_add(15 * MINUTE);
    assert_eq!(signed.expires_at, end);
    world.db.clock().set(end);
    assert!(refused(verify(&world, "GET", &signed.url)));
    // What was signed by a clock that ran ahead is good once it is within the longest time and a minute.
    let signed = sign(&world, "a", SignRequest::get(15 * MINUTE)).await;
    let ahead = world.db.now();
    world.db.clock().set(ahead.saturating_sub(MINUTE));
    assert!(verify(&world, "GET", &signed.url).is_ok());
    world.db.clock().set(ahead.saturating_sub(2 * MINUTE));
    assert!(refused(verify(&world, "GET", &signed.url)));
}

#[tokio::test]
async fn sto_10_an_upload_keeps_within_what_was_signed() {
    for world in local_worlds().await {
        let request = SignRequest::put(MINUTE)
            .max_size(5)
            .content_type("text/plain")
            .sha256(Sha256::digest("hello").into())
            .keep_existing();
        let signed = sign(&world, "a", request).await;
        assert_eq!(signed.headers["content-type"], "text/plain");
        let file = verify(&world, "PUT", &signed.url).unwrap();
        let tenant = world.acme.tenant();
        let put = async |kind, text: &str| {
            let put = file.put(&*world.storage, tenant, kind, body(&[text])).await;
            put.map(|_| ())
        };
        assert!(refused(put(None, "hello").await));
        assert!(refused(put(Some("text/html"), "hello").await));
        assert!(matches!(
            put(Some("text/plain"), "hello!").await,
            Err(Error::TooLarge { limit: 5 })
        ));
        assert!(matches!(
            put(Some("text/plain"), "hullo").await,
            Err(Error::Digest)
        ));
        assert!(matches!(
            put(Some("text/plain"), "hell").await,
            Err(Error::Digest)
        ));
        assert!(world.names(&world.acme, "").await.is_empty());
        assert_eq!(world.staged(), 0);
        put(Some("text/plain"), "hello").await.unwrap();
        assert!(matches!(
            put(Some("text/plain"), "hello").await,
            Err(Error::Exists)
        ));
        assert_eq!(world.read(&world.acme, "a").await.unwrap(), "hello");
        // What is good for reading is not for writing.
        let signed = sign(&world, "a", SignRequest::get(MINUTE)).await;
        let file = verify(&world, "GET", &signed.url).unwrap();
        assert!(refused(
            file.put(&*world.storage, tenant, None, body(&["x"])).await
        ));
        assert!(refused(
            file.put(&*world.storage, world.beta.tenant(), None, body(&["x"]))
                .await
        ));
    }
}

#[tokio::test]
async fn an_address_ends_with_the_key_that_signed_it() {
    let world = World::in_memory().await;
    let signed = sign(&world, "a", SignRequest::get(MINUTE)).await;
    let url = url::Url::parse(&signed.url).unwrap();
    let other = signer_with(&world, KeyRing::generate().unwrap());
    assert!(refused(other.verify("GET", url.path(), url.query())));
    assert!(
        signer(&world)
            .verify("GET", url.path(), url.query())
            .is_ok()
    );
}

#[tokio::test]
async fn a_signed_address_does_not_outlive_the_tenant() {
    let world = World::in_memory().await;
    let signed = sign(&world, "a", SignRequest::get(MINUTE)).await;
    let file = verify(&world, "GET", &signed.url).unwrap();
    let registry = world.db.registry();
    let system = saas_tenancy::SystemScope::<saas_testkit::TestSetup>::enter();
    registry
        .suspend(&system, world.acme.tenant())
        .await
        .unwrap();
    let tenant = registry.by_id(file.tenant()).await.unwrap().unwrap();
    assert!(refused(file.scope(&tenant)));
}

#[tokio::test]
async fn sto_21_a_file_with_other_bytes_than_announced_is_not_kept() {
    for world in crate::world::worlds().await {
        let options = saas_storage::PutOptions::default().sha256(Sha256::digest("text").into());
        world.put("a", "old").await.unwrap();
        for wrong in [&["texT"][..], &["te", "x"], &["text", "s"], &[]] {
            let name = key("a");
            let put = world
                .storage
                .put_with(&world.acme, &name, body(wrong), options.clone());
            assert!(matches!(put.await, Err(Error::Digest)), "{wrong:?}");
        }
        assert_eq!(world.read(&world.acme, "a").await.unwrap(), "old");
        assert_eq!(world.staged(), 0);
        let name = key("a");
        let put = world
            .storage
            .put_with(&world.acme, &name, body(&["te", "", "xt"]), options);
        put.await.unwrap();
        assert_eq!(world.read(&world.acme, "a").await.unwrap(), "text");
    }
}
