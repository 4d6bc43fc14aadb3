//! Files with rows: what is known about them, and whether there is room.

use std::sync::Arc;

use futures_util::{StreamExt as _, future::join_all, stream};
use saas_core::{Code, Id, Problem};
use saas_storage::{
    ByteStream, Error, FileFacts, Files, FilesConfig, MODULE, PutOptions, Storage, Usage,
};
use sha2::{Digest as _, Sha256};

use crate::world::{World, body, key};

fn files(world: &World, change: impl FnOnce(&mut FilesConfig)) -> Files {
    let mut config = FilesConfig::default();
    change(&mut config);
    Files::new(
        Arc::clone(&world.storage),
        world.db.database().clone(),
        &config,
    )
}

async fn usage(files: &Files, world: &World) -> (u64, u64) {
    let Usage { bytes, files, .. } = files.usage(&world.acme).await.unwrap();
    (bytes, files)
}

#[tokio::test]
async fn what_is_known_about_a_file_is_kept_with_it() {
    for world in World::with_databases().await {
        let (files, acme, name) = (files(&world, |_| {}), &world.acme, key("a/b.bin"));
        let mut facts = FileFacts::default();
        let owner = Id::generate();
        facts.owner = Some(owner);
        facts.fields.insert("label".to_owned(), "märz".into());
        let png = "\u{89}PNG";
        let put = files.put_file(
            acme,
            &name,
            body(&["%PDF", "-1.7 ", png]),
            facts,
            PutOptions::default(),
        );
        let file = put.await.unwrap();
        let bytes = format!("%PDF-1.7 {png}");
        assert_eq!((file.size, file.revision), (bytes.len() as u64, 1));
        let digest: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(file.sha256, digest);
        assert_eq!(file.media_type, "application/pdf");
        assert_eq!(
            (file.owner, file.fields["label"].as_str()),
            (Some(owner), Some("märz"))
        );
        assert_eq!(file.modified_at, world.db.now());
        assert_eq!(files.describe(acme, &name).await.unwrap(), file);
        assert_eq!(files.stat(acme, &name).await.unwrap(), file.info());
        let unknown = files.describe(&world.beta, &name).await;
        assert!(matches!(unknown, Err(Error::NotFound)), "{unknown:?}");

        let second = files.put(acme, &name, body(&["text"])).await.unwrap();
        assert_ne!(second.etag(), Some(file.etag));
        let second = files.describe(acme, &name).await.unwrap();
        assert_eq!((second.revision, second.owner), (2, None));
        assert_eq!(usage(&files, &world).await, (4, 1));
    }
}

#[tokio::test]
async fn a_type_is_judged_by_the_bytes_and_not_by_the_name() {
    for world in World::with_databases().await {
        let files = files(&world, |config| {
            config.media_types = vec!["image/*".to_owned(), "text/plain".to_owned()];
        });
        let acme = &world.acme;
        for (name, contents) in [
            ("a.png", "<!DOCTYPE html><script>alert(1)</script>"),
            (
                "a.txt",
                "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
            ),
            ("a.txt", "%PDF-1.7"),
            ("a.txt", "a\0b"),
        ] {
            let refused = files
                .put(acme, &key(name), body(&[contents]))
                .await
                .unwrap_err();
            assert!(
                matches!(refused, Error::MediaType(_)),
                "{contents} {refused:?}"
            );
            assert_eq!(Problem::from(refused).code(), Code::MEDIA_TYPE);
        }
        files
            .put(acme, &key("a.html"), body(&["only text"]))
            .await
            .unwrap();
        assert_eq!(usage(&files, &world).await, (9, 1));
        // What is refused is refused before its end.
        let endless: ByteStream = Box::pin(stream::repeat_with(|| Ok("<p>page</p>".into())));
        let refused = files.put(acme, &key("b"), endless).await;
        assert!(
            matches!(refused, Err(Error::MediaType("text/html"))),
            "{refused:?}"
        );
        assert_eq!(world.names(acme, "").await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sto_20_uploads_at_the_same_time_never_exceed_the_quota() {
    const QUOTA: u64 = 100_000;
    for world in World::with_databases().await {
        let files = files(&world, |config| config.quota = Some(QUOTA));
        let contents = "x".repeat(4_000);
        let puts = (0..50).map(|n| {
            let (files, acme, contents) = (files.clone(), world.acme.clone(), contents.clone());
            tokio::spawn(async move {
                // Some say how large they are, and others do not.
                let mut facts = FileFacts::default();
                facts.announced_size = (n % 2 == 0).then_some(12_000);
                let body = body(&[&contents, &contents, &contents]);
                files
                    .put_file(
                        &acme,
                        &key(&format!("f{n}")),
                        body,
                        facts,
                        PutOptions::default(),
                    )
                    .await
            })
        });
        let results: Vec<_> = join_all(puts)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let kept = results.iter().filter(|result| result.is_ok()).count() as u64;
        for error in results.into_iter().filter_map(Result::err) {
            assert!(matches!(error, Error::Quota { quota: QUOTA }), "{error:?}");
            assert_eq!(Problem::from(error).code(), Code::STORAGE_LIMIT);
        }
        assert!((1..=8).contains(&kept), "{kept}");
        assert_eq!(usage(&files, &world).await, (kept * 12_000, kept));
        assert_eq!(world.names(&world.acme, "").await.len() as u64, kept);
        // One after the other they fill it to the last byte that fits.
        for n in 0..20 {
            let _ = files
                .put(&world.acme, &key(&format!("g{n}")), body(&[&contents]))
                .await;
        }
        assert_eq!(usage(&files, &world).await.0, 100_000);
        // The other tenant has a quota of its own, and what is deleted makes room.
        files
            .put(&world.beta, &key("a"), body(&[&contents]))
            .await
            .unwrap();
        let full = files.put(&world.acme, &key("one"), body(&["x"])).await;
        assert!(matches!(full, Err(Error::Quota { .. })), "{full:?}");
        assert!(files.delete(&world.acme, &key("g0")).await.unwrap());
        files
            .put(&world.acme, &key("one"), body(&["x"]))
            .await
            .unwrap();
    }
}

/// All ask for room in the same moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sto_20_of_uploads_that_arrive_together_those_are_kept_that_fit() {
    for world in World::with_databases().await {
        let files = files(&world, |config| config.quota = Some(50_000));
        for round in 0..15 {
            let barrier = Arc::new(tokio::sync::Barrier::new(4));
            let puts = (0..4).map(|n| {
                let (files, acme) = (files.clone(), world.acme.clone());
                let barrier = Arc::clone(&barrier);
                tokio::spawn(async move {
                    let together: ByteStream = Box::pin(stream::once(async move {
                        barrier.wait().await;
                        Ok("x".repeat(30_000).into())
                    }));
                    files.put(&acme, &key(&format!("f{n}")), together).await
                })
            });
            let results = join_all(puts).await;
            let kept = results
                .iter()
                .filter(|result| result.as_ref().unwrap().is_ok())
                .count();
            assert!(kept <= 1, "{kept} of 30000 bytes each in round {round}");
            assert_eq!(
                usage(&files, &world).await,
                (30_000 * kept as u64, kept as u64)
            );
            files
                .delete_all(&world.acme, &"".parse().unwrap())
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn a_quota_by_tenant_is_that_of_the_tenant() {
    let world = World::in_memory().await;
    let acme = world.acme.tenant().id();
    let files =
        files(&world, |_| {}).quota_of(move |scope| (scope.tenant().id() == acme).then_some(5));
    let refused = files.put(&world.acme, &key("a"), body(&["123456"])).await;
    assert!(
        matches!(refused, Err(Error::Quota { quota: 5 })),
        "{refused:?}"
    );
    files
        .put(&world.acme, &key("a"), body(&["12345"]))
        .await
        .unwrap();
    files
        .put(&world.beta, &key("a"), body(&["123456"]))
        .await
        .unwrap();
    let mut facts = FileFacts::default();
    facts.announced_size = Some(6);
    let untouched: ByteStream = Box::pin(stream::poll_fn(|_| panic!("the body was read")));
    let (name, plain) = (key("b"), PutOptions::default());
    let refused = files.put_file(&world.acme, &name, untouched, facts, plain);
    assert!(matches!(refused.await, Err(Error::Quota { .. })));
}

#[tokio::test]
async fn a_body_that_ends_early_leaves_neither_row_nor_object() {
    for world in World::with_databases().await {
        let files = files(&world, |config| config.quota = Some(1 << 20));
        files
            .put(&world.acme, &key("a"), body(&["old"]))
            .await
            .unwrap();
        let cut: ByteStream = Box::pin(body(&["half"]).chain(stream::iter([Err("reset".into())])));
        let failed = files.put(&world.acme, &key("a"), cut).await;
        assert!(matches!(failed, Err(Error::Source(_))), "{failed:?}");
        assert_eq!(usage(&files, &world).await, (3, 1));
        assert_eq!(world.names(&world.acme, "").await.len(), 1);
    }
}

#[tokio::test]
async fn a_rename_keeps_what_is_known() {
    for world in World::with_databases().await {
        let (files, acme) = (files(&world, |_| {}), &world.acme);
        let mut facts = FileFacts::default();
        facts.owner = Some(Id::generate());
        let (name, plain) = (key("a"), PutOptions::default());
        let put = files.put_file(acme, &name, body(&["text"]), facts.clone(), plain);
        let before = put.await.unwrap();
        files.put(acme, &key("c"), body(&["there"])).await.unwrap();
        files
            .rename(acme, &key("a"), &key("c"), PutOptions::default())
            .await
            .unwrap();
        let after = files.describe(acme, &key("c")).await.unwrap();
        assert_eq!(
            (after.owner, &after.sha256, &after.etag),
            (facts.owner, &before.sha256, &before.etag)
        );
        assert_eq!(usage(&files, &world).await, (4, 1));
        assert_eq!(world.names(acme, "").await.len(), 1);
    }
}

#[test]
fn the_guards_are_those_of_the_entities() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/migrations/postgres/0002_guards.sql"
    );
    saas_testkit::assert_reference(file, &MODULE.guards());
}

#[tokio::test]
async fn the_tables_are_guarded_as_the_entities_say() {
    for world in World::with_databases().await {
        let modules = [&saas_tenancy::MODULE, &MODULE];
        let findings = saas_tenancy::verify(world.db.database(), &modules)
            .await
            .unwrap();
        assert!(findings.is_empty(), "{findings:?}");
    }
}
