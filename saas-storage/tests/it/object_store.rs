//! What object stores can be made to do, and disks cannot.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use proptest::prelude::*;
use saas_core::{Code, Problem};
use saas_storage::{ByteStream, Error, Existing, Key, Placement, PutOptions};

use crate::{
    server::{BUCKET, ObjectStore, SECRET, faults::Fault, shelf::Shelf},
    world::{LIMIT, World, body, key},
};

fn large(size: usize) -> ByteStream {
    let pieces = stream::repeat_with(|| Ok(Bytes::from(vec![7; 1 << 16]))).take(size >> 16);
    Box::pin(pieces)
}

#[tokio::test]
async fn sto_01_every_object_is_in_the_folder_of_its_tenant() {
    let world = World::on_s3(LIMIT).await;
    for name in ["a", "tenants/x", "b/é/c", "%", "a+b & c=d?#"] {
        let Ok(name) = name.parse::<Key>() else {
            continue;
        };
        world
            .storage
            .put(&world.acme, &name, body(&["x"]))
            .await
            .unwrap();
    }
    let space = format!("root/tenants/{}/", world.acme.tenant().id());
    let names = world.server().shelf.names(BUCKET);
    assert_eq!(names.len(), 4);
    assert!(
        names.iter().all(|name| name.starts_with(&space)),
        "{names:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    /// Whatever text is a key lands under its own name in its own tenant's folder, over HTTP.
    #[test]
    fn sto_02_no_text_reaches_another_tenant_through_an_address(
        text in prop_oneof!["[a-z./%:;?#+&= ]{1,20}", "\\PC{1,30}", "(\\.\\.?/|[a-z]/){0,5}[a-z.]{1,3}"]
    ) {
        let Ok(name) = text.parse::<Key>() else { return Ok(()) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::on_s3(LIMIT).await;
            world.storage.put(&world.acme, &name, body(&["canary"])).await.unwrap();
            let wanted = format!("root/tenants/{}/{name}", world.acme.tenant().id());
            prop_assert_eq!(world.server().shelf.names(BUCKET), [wanted]);
            prop_assert_eq!(world.read(&world.acme, &text).await.unwrap(), "canary");
            prop_assert_eq!(world.names(&world.acme, "").await, [text.clone()]);
            prop_assert!(matches!(world.read(&world.beta, &text).await, Err(Error::NotFound)));
            prop_assert!(world.storage.delete(&world.acme, &name).await.unwrap());
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn what_is_not_a_key_is_passed_over_in_a_bucket() {
    let world = World::on_s3(LIMIT).await;
    world.put("a", "x").await.unwrap();
    let space = format!("root/tenants/{}/", world.acme.tenant().id());
    {
        let mut contents = world.server().shelf.open();
        for name in ["../x", "a//b", "b/", ".", "a/../../c"] {
            let put = contents.put(
                BUCKET,
                &format!("{space}{name}"),
                Bytes::from("x"),
                &Default::default(),
            );
            put.unwrap();
        }
    }
    assert_eq!(world.names(&world.acme, "").await, ["a"]);
}

#[tokio::test]
async fn a_file_of_many_parts_comes_back() {
    let world = World::on_s3(64 << 20).await;
    let (storage, acme, name) = (&world.storage, &world.acme, key("large"));
    let put = storage.put(acme, &name, large(13 << 20)).await.unwrap();
    assert_eq!(put.size, 13 << 20);
    assert_eq!(storage.stat(acme, &name).await.unwrap().etag(), put.etag());
    let sent = world.server().faults.seen();
    assert_eq!(
        sent.iter().filter(|line| line.starts_with("POST")).count(),
        2,
        "{sent:?}"
    );
    let (_, contents) = storage
        .get(acme, &name, Some(5_000_000..11_000_000))
        .await
        .unwrap();
    let size = contents
        .try_fold(0, async |sum, piece| Ok(sum + piece.len()))
        .await
        .unwrap();
    assert_eq!(size, 6_000_000);
    assert_eq!(world.staged(), 0);
}

#[tokio::test]
async fn parts_of_an_upload_that_ends_early_are_removed() {
    let world = World::on_s3(64 << 20).await;
    let cut: ByteStream = Box::pin(large(11 << 20).chain(stream::iter([Err("reset".into())])));
    let failed = world.storage.put(&world.acme, &key("a"), cut).await;
    assert!(matches!(failed, Err(Error::Source(_))), "{failed:?}");
    let sent = world.server().faults.seen();
    assert!(
        sent.iter().any(|line| line.starts_with("PUT")),
        "no part was sent: {sent:?}"
    );
    assert_eq!(world.staged(), 0);
    let over = World::on_s3(8 << 20).await;
    let failed = over
        .storage
        .put(&over.acme, &key("a"), large(11 << 20))
        .await;
    assert!(matches!(failed, Err(Error::TooLarge { .. })), "{failed:?}");
    assert_eq!(over.staged(), 0);
}

#[tokio::test]
async fn sto_23_what_passes_is_tried_again() {
    let world = World::on_s3(LIMIT).await;
    let (storage, acme, name) = (&world.storage, &world.acme, key("a"));
    for fault in [Fault::Throttled, Fault::Broken, Fault::Refused, Fault::Lost] {
        let faults = &world.server().faults;
        faults.plan([fault, Fault::None, fault, fault]);
        storage.put(acme, &name, body(&["text"])).await.unwrap();
        faults.plan([fault, fault]);
        assert_eq!(world.read(acme, "a").await.unwrap(), "text", "{fault:?}");
        faults.plan([fault]);
        assert_eq!(world.names(acme, "").await, ["a"], "{fault:?}");
        faults.plan([fault, Fault::None, fault]);
        storage
            .delete_many(acme, std::slice::from_ref(&name))
            .await
            .unwrap();
        assert!(!storage.exists(acme, &name).await.unwrap());
    }
}

#[tokio::test]
async fn sto_23_half_an_answer_is_no_file() {
    let world = World::on_s3(LIMIT).await;
    let text = "x".repeat(400_000);
    world.put("a", &text).await.unwrap();
    let faults = &world.server().faults;
    // The first look at the file is answered well, the body ends early, and what is missing is asked for.
    faults.plan([Fault::None, Fault::Truncated, Fault::Truncated]);
    assert_eq!(world.read(&world.acme, "a").await.unwrap(), text);
    faults.plan([Fault::None]);
    faults.always(Fault::Truncated);
    let got = world.storage.get(&world.acme, &key("a"), None).await;
    let ended = match got {
        Ok((_, contents)) => contents
            .try_fold(0, async |sum, piece| Ok(sum + piece.len()))
            .await
            .err()
            .is_some(),
        Err(_) => true,
    };
    assert!(ended, "a file that was cut short looks whole");
}

#[tokio::test]
async fn sto_23_what_stays_broken_is_given_up_and_answered_as_unavailable() {
    for fault in [
        Fault::Throttled,
        Fault::Broken,
        Fault::Refused,
        Fault::Silent,
    ] {
        let server = ObjectStore::start().await;
        let mut config = server.config(LIMIT);
        config.timeout = Duration::from_millis(100).into();
        config.retries = 1;
        let world = World::over(&config, server).await;
        world.server().faults.always(fault);
        let (storage, acme, name) = (&world.storage, &world.acme, key("a"));
        let refused = [
            storage.put(acme, &name, body(&["x"])).await.map(|_| ()),
            storage.get(acme, &name, None).await.map(|_| ()),
            storage.stat(acme, &name).await.map(|_| ()),
            storage.delete(acme, &name).await.map(|_| ()),
            storage.delete_many(acme, std::slice::from_ref(&name)).await,
            storage
                .list(acme, &"".parse().unwrap(), None, 10)
                .await
                .map(|_| ()),
            storage
                .copy(acme, &name, &key("b"), Default::default())
                .await
                .map(|_| ()),
        ];
        for result in refused {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::Backend(_)), "{fault:?} {error:?}");
            let problem = Problem::from(error);
            assert_eq!(problem.code(), Code::UNAVAILABLE);
        }
        let sent = world.server().faults.seen();
        // Two attempts each; to write one looks at three things first.
        assert!(sent.len() <= 7 * 2 + 4, "{} requests: {sent:?}", sent.len());
        world.server().faults.none();
        assert!(world.names(acme, "").await.is_empty());
    }
}

#[tokio::test]
async fn sto_24_the_secret_is_in_no_text() {
    let server = ObjectStore::start().await;
    let mut config = server.config(LIMIT);
    config.retries = 0;
    assert!(!format!("{config:?}").contains(SECRET));
    // A key that the server does not know, with a secret of ours.
    config.access_key = Some("unknown".to_owned());
    let world = World::over(&config, server).await;
    assert!(!format!("{:?}", world.storage).contains(SECRET));
    let error = world.put("a", "x").await.unwrap_err();
    let mut texts = vec![error.to_string(), format!("{error:?}")];
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        texts.extend([next.to_string(), format!("{next:?}")]);
        cause = next.source();
    }
    for text in texts {
        assert!(
            !text.contains(SECRET) && !text.contains("Signature="),
            "{text}"
        );
    }
    let problem = serde_json::to_string(&Problem::from(error)).unwrap();
    assert!(
        !problem.contains("unknown") && !problem.contains("root"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_signature_of_another_key_is_refused() {
    let server = ObjectStore::start().await;
    let mut config = server.config(LIMIT);
    config.secret_key = Some("another".into());
    config.retries = 0;
    let world = World::over(&config, server).await;
    assert!(matches!(world.put("a", "x").await, Err(Error::Backend(_))));
    assert!(world.server().shelf.names(BUCKET).is_empty());
}

#[tokio::test]
async fn each_tenant_has_its_bucket_where_that_is_asked_for() {
    let server = ObjectStore::start().await;
    let mut config = server.config(LIMIT);
    config.placement = Placement::Bucket;
    let world = World::over(&config, server).await;
    let shelf = &world.server().shelf;
    let bucket = |scope: &saas_tenancy::Scope| {
        format!("{BUCKET}-{}", scope.tenant().id().as_uuid().simple())
    };
    shelf.make_bucket(&bucket(&world.acme));
    world.put("a", "x").await.unwrap();
    let inside = format!("root/tenants/{}/a", world.acme.tenant().id());
    assert_eq!(shelf.names(&bucket(&world.acme)), [inside]);
    assert!(shelf.names(BUCKET).is_empty());
    // Nobody has made one for the other tenant.
    let refused = world
        .storage
        .put(&world.beta, &key("a"), body(&["x"]))
        .await;
    assert!(refused.is_err(), "{refused:?}");
    shelf.make_bucket(&bucket(&world.beta));
    world
        .storage
        .put(&world.beta, &key("a"), body(&["y"]))
        .await
        .unwrap();
    assert_eq!(world.read(&world.acme, "a").await.unwrap(), "x");
}

#[tokio::test]
async fn a_bucket_that_cannot_be_one_is_refused() {
    let server = ObjectStore::start().await;
    for (url, wanted) in [
        ("s3://", "bucket"),
        ("s3:///folder", "bucket"),
        ("s3://Bucket", "bucket"),
        ("s3://bucket/../other", "folder"),
        ("s3://bucket/a//b", "folder"),
        (&*format!("s3://{}", "b".repeat(64)), "bucket"),
        (&*format!("s3://b/{}", "a/".repeat(40)), "folder"),
    ] {
        let mut config = server.config(LIMIT);
        config.url = url.to_owned();
        let error = saas_storage::open(&config).unwrap_err().to_string();
        assert!(error.contains(wanted), "{url} {error}");
    }
    let mut config = server.config(LIMIT);
    config.url = "memory://".to_owned();
    config.placement = Placement::Bucket;
    assert!(saas_storage::open(&config).is_err());
}

/// The shelf is ours; this store is not. It keeps objects in a folder, so it fails at
/// questions about folders; names without them it keeps.
#[tokio::test]
async fn another_store_of_the_same_protocol_agrees() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
    let objects = s3s_fs::FileSystem::new(folder.path()).unwrap();
    let server = ObjectStore::serve(objects, Shelf::default()).await;
    let world = World::over(&server.config(64 << 20), server).await;
    let (storage, acme) = (&world.storage, &world.acme);
    for name in ["a", "c", "d", "märz & april"] {
        world.put(name, name).await.unwrap();
        assert_eq!(world.read(acme, name).await.unwrap(), name);
    }
    assert_eq!(world.names(acme, "").await, ["a", "c", "d", "märz & april"]);
    assert!(world.names(&world.beta, "").await.is_empty());
    let (all, after) = ("".parse().unwrap(), key("a"));
    let page = storage.list(acme, &all, Some(&after), 2).await.unwrap();
    assert_eq!((page.items.len(), page.next), (2, Some(key("d"))));
    let keep = PutOptions::default().existing(Existing::Keep);
    let kept = storage.put_with(acme, &key("a"), body(&["x"]), keep).await;
    assert!(matches!(kept, Err(Error::Exists)), "{kept:?}");
    let etag = storage.stat(acme, &key("a")).await.unwrap().etag().unwrap();
    let matching = PutOptions::default().existing(Existing::Match(etag));
    let name = key("a");
    let put = storage.put_with(acme, &name, body(&["second"]), matching.clone());
    put.await.unwrap();
    let late = storage
        .put_with(acme, &name, body(&["third"]), matching)
        .await;
    assert!(matches!(late, Err(Error::Changed)), "{late:?}");
    storage
        .rename(acme, &key("d"), &key("e"), PutOptions::default())
        .await
        .unwrap();
    assert_eq!(world.read(acme, "e").await.unwrap(), "d");
    storage
        .put(acme, &key("large"), large(13 << 20))
        .await
        .unwrap();
    let (info, part) = storage
        .get(acme, &key("large"), Some(5_000_000..11_000_000))
        .await
        .unwrap();
    let size = part
        .try_fold(0, async |sum, piece| Ok(sum + piece.len()))
        .await
        .unwrap();
    assert_eq!((info.size, size), (13 << 20, 6_000_000));
    assert_eq!(
        storage
            .delete_all(acme, &"".parse().unwrap())
            .await
            .unwrap(),
        5
    );
    assert!(world.names(acme, "").await.is_empty());
}
