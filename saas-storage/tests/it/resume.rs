//! Uploads in parts: what is acknowledged stays, and nobody else reaches it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use saas_core::{Id, UserId};
use saas_storage::{
    ByteStream, Error, FileFacts, Files, FilesConfig, Storage, Upload, Uploads, UploadsConfig,
};
use saas_tenancy::Scope;

use crate::world::{World, bare_worlds, body, collect, key};

/// Parts of ten bytes, over whatever the world has.
pub(crate) fn uploads(world: &World, rules: &FilesConfig) -> (Files, Uploads) {
    let files = Files::new(
        Arc::clone(&world.storage),
        world.db.database().clone(),
        rules,
    );
    let mut config = UploadsConfig::default();
    config.part_size = 10;
    (files.clone(), Uploads::new(files, &config))
}

pub(crate) async fn person(world: &World, scope: &Scope, user: UserId) -> Scope {
    let principal = world.db.principal(scope.tenant().id(), user);
    world.db.registry().admit(principal).await.unwrap()
}

async fn begin(uploads: &Uploads, scope: &Scope, name: &str, size: u64) -> Result<Upload, Error> {
    let facts = FileFacts::default();
    uploads.create(scope, &key(name), size, facts, "").await
}

/// A body that ends with an error after some text.
fn cut(text: &'static str) -> ByteStream {
    let gone = std::io::Error::other("gone");
    Box::pin(stream::iter([
        Ok(Bytes::from_static(text.as_bytes())),
        Err(gone.into()),
    ]))
}

async fn objects(world: &World) -> Vec<String> {
    world.names(&world.acme, "").await
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_cut_off_on_every_backend() {
    for world in bare_worlds().await {
        let (files, uploads) = uploads(&world, &FilesConfig::default());
        let acme = &world.acme;
        let text: String = ('a'..='z').cycle().take(95).collect();
        let upload = begin(&uploads, acme, "a/b", 95).await.unwrap();
        let text: &'static str = text.leak();
        let failed = uploads.append(acme, upload.id, 0, cut(&text[..37])).await;
        assert!(matches!(failed, Err(Error::Source(_))), "{failed:?}");
        // What arrived is kept, also where it does not fill a part.
        let found = uploads.find(acme, upload.id).await.unwrap();
        assert_eq!((found.received, found.size), (37, 95));
        let again = uploads.append(acme, upload.id, 0, body(&[text])).await;
        assert!(
            matches!(again, Err(Error::Offset { received: 37 })),
            "{again:?}"
        );
        assert!(matches!(
            files.stat(acme, &key("a/b")).await,
            Err(Error::NotFound)
        ));
        let now = uploads
            .append(acme, upload.id, 37, body(&[&text[37..50]]))
            .await;
        assert_eq!(now.unwrap().received, 50);
        let pieces: Vec<&str> = (50..95).map(|at| &text[at..=at]).collect();
        let done = uploads.append(acme, upload.id, 50, body(&pieces)).await;
        assert_eq!(done.unwrap().received, 95);
        let (info, contents) = files.get(acme, &key("a/b"), None).await.unwrap();
        assert_eq!(info.size, 95);
        assert_eq!(collect(contents).await, text.as_bytes());
        // Nothing is left of the parts, and a later look finds the upload complete.
        let left = objects(&world).await;
        assert!(
            !left.iter().any(|name| name.starts_with("parts/")),
            "{left:?}"
        );
        assert_eq!(uploads.find(acme, upload.id).await.unwrap().received, 95);
        let more = uploads.append(acme, upload.id, 95, body(&["x"])).await;
        assert!(
            matches!(more, Err(Error::TooLarge { limit: 95 })),
            "{more:?}"
        );
    }
}

#[tokio::test]
async fn an_upload_without_bytes_is_a_file_at_once() {
    for world in World::with_databases().await {
        let (files, uploads) = uploads(&world, &FilesConfig::default());
        let upload = begin(&uploads, &world.acme, "empty", 0).await.unwrap();
        assert_eq!(upload.received, 0);
        let file = files.describe(&world.acme, &key("empty")).await.unwrap();
        assert_eq!((file.size, file.media_type.as_str()), (0, "text/plain"));
    }
}

#[tokio::test]
async fn iso_an_upload_is_unknown_to_everybody_but_whoever_began_it() {
    for world in World::with_databases().await {
        let (_, uploads) = uploads(&world, &FilesConfig::default());
        let (ann, bob) = (Id::generate(), Id::generate());
        let acme = person(&world, &world.acme, ann).await;
        let upload = begin(&uploads, &acme, "a", 10).await.unwrap();
        let others = [
            person(&world, &world.acme, bob).await,
            person(&world, &world.beta, ann).await,
            world.acme.clone(),
            world.beta.clone(),
        ];
        for other in &others {
            let found = uploads.find(other, upload.id).await;
            assert!(matches!(found, Err(Error::NotFound)), "{found:?}");
            let added = uploads.append(other, upload.id, 0, body(&["x"])).await;
            assert!(matches!(added, Err(Error::NotFound)), "{added:?}");
            let ended = uploads.cancel(other, upload.id).await;
            assert!(matches!(ended, Err(Error::NotFound)), "{ended:?}");
        }
        let done = uploads.append(&acme, upload.id, 0, body(&["0123456789"]));
        assert_eq!(done.await.unwrap().received, 10);
    }
}

#[tokio::test]
async fn sto_20_an_upload_takes_its_room_when_it_begins() {
    let mut rules = FilesConfig::default();
    rules.quota = Some(100);
    for world in World::with_databases().await {
        let (files, uploads) = uploads(&world, &rules);
        let acme = &world.acme;
        let upload = begin(&uploads, acme, "a", 80).await.unwrap();
        let second = begin(&uploads, acme, "b", 21).await;
        assert!(
            matches!(second, Err(Error::Quota { quota: 100 })),
            "{second:?}"
        );
        assert_eq!(files.usage(acme).await.unwrap().bytes, 80);
        // To make the file of its parts needs no more.
        let text = "x".repeat(80);
        uploads
            .append(acme, upload.id, 0, body(&[&text]))
            .await
            .unwrap();
        assert_eq!(files.usage(acme).await.unwrap().bytes, 80);
        let other = begin(&uploads, acme, "b", 20).await.unwrap();
        uploads.cancel(acme, other.id).await.unwrap();
        assert_eq!(files.usage(acme).await.unwrap().bytes, 80);
        assert!(matches!(
            uploads.find(acme, other.id).await,
            Err(Error::NotFound)
        ));
        let huge = begin(&uploads, acme, "c", u64::MAX).await;
        assert!(matches!(huge, Err(Error::TooLarge { .. })), "{huge:?}");
    }
}

#[tokio::test]
async fn sto_22_more_than_was_announced_is_refused() {
    for world in World::with_databases().await {
        let (files, uploads) = uploads(&world, &FilesConfig::default());
        let acme = &world.acme;
        let upload = begin(&uploads, acme, "a", 25).await.unwrap();
        let text = "x".repeat(26);
        let over = uploads.append(acme, upload.id, 0, body(&[&text])).await;
        assert!(
            matches!(over, Err(Error::TooLarge { limit: 25 })),
            "{over:?}"
        );
        let found = uploads.find(acme, upload.id).await.unwrap();
        assert_eq!(found.received, 20);
        assert!(!files.exists(acme, &key("a")).await.unwrap());
        let rest = uploads.append(acme, upload.id, 20, body(&["xxxxx"])).await;
        assert_eq!(rest.unwrap().received, 25);
    }
}

#[tokio::test]
async fn of_two_that_send_the_same_bytes_one_is_kept() {
    for world in World::with_databases().await {
        let (files, uploads) = uploads(&world, &FilesConfig::default());
        let acme = &world.acme;
        let upload = begin(&uploads, acme, "a", 30).await.unwrap();
        let (one, two) = ("1".repeat(30), "2".repeat(30));
        let (first, second) = tokio::join!(
            uploads.append(acme, upload.id, 0, body(&[&one])),
            uploads.append(acme, upload.id, 0, body(&[&two])),
        );
        // Each part is of one of them, and the bytes that were acknowledged are those of the file.
        assert!(first.is_ok() || second.is_ok() || uploads.find(acme, upload.id).await.is_ok());
        let mut found = uploads.find(acme, upload.id).await.unwrap();
        while found.received < 30 {
            let rest = "3".repeat(30 - found.received as usize);
            found = uploads
                .append(acme, upload.id, found.received, body(&[&rest]))
                .await
                .unwrap();
        }
        let file = files.describe(acme, &key("a")).await.unwrap();
        assert_eq!(file.size, 30);
        let left = objects(&world).await;
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

#[tokio::test]
async fn what_expires_is_swept_and_what_is_complete_stays() {
    for world in World::with_databases().await {
        let (files, uploads) = uploads(&world, &FilesConfig::default());
        let acme = &world.acme;
        let kept = begin(&uploads, acme, "kept", 15).await.unwrap();
        let gone = begin(&uploads, acme, "gone", 15).await.unwrap();
        let text = "x".repeat(15);
        uploads
            .append(acme, kept.id, 0, body(&[&text]))
            .await
            .unwrap();
        let _ = uploads.append(acme, gone.id, 0, cut("xxxxxxxxxxxx")).await;
        let early = files.sweep(acme).await.unwrap();
        assert_eq!(early.expired, 0);
        assert_eq!(uploads.find(acme, gone.id).await.unwrap().received, 12);
        world.db.clock().advance(Duration::from_secs(24 * 3600));
        assert!(matches!(
            uploads.find(acme, gone.id).await,
            Err(Error::NotFound)
        ));
        let swept = files.sweep(acme).await.unwrap();
        assert_eq!(swept.expired, 2);
        assert_eq!(files.usage(acme).await.unwrap().bytes, 15);
        let left = objects(&world).await;
        assert_eq!(left.len(), 1, "{left:?}");
        let (_, contents) = files.get(acme, &key("kept"), None).await.unwrap();
        assert_eq!(collect(contents).await.len(), 15);
        // A part that arrives when its upload is gone.
        let late = key(&format!("parts/{}/{}", gone.id, kept.id));
        world
            .storage
            .put(acme, &late, body(&["late"]))
            .await
            .unwrap();
        files.sweep(acme).await.unwrap();
        assert_eq!(objects(&world).await, left);
    }
}

#[tokio::test]
async fn an_upload_that_was_cut_off_before_its_file_could_be_seen_is_finished_by_the_next_look() {
    for world in World::with_databases().await {
        let (files, good) = uploads(&world, &FilesConfig::default());
        let acme = &world.acme;
        let upload = begin(&good, acme, "a", 20).await.unwrap();
        good.append(acme, upload.id, 0, body(&["0123456789"]))
            .await
            .unwrap();
        // The store fails when the parts are read, and has taken the last of them.
        let broken = crate::resume::broken(&world);
        let last = broken
            .append(acme, upload.id, 10, body(&["0123456789"]))
            .await;
        assert!(matches!(last, Err(Error::Backend(_))), "{last:?}");
        assert!(!files.exists(acme, &key("a")).await.unwrap());
        assert_eq!(good.find(acme, upload.id).await.unwrap().received, 20);
        assert_eq!(files.describe(acme, &key("a")).await.unwrap().size, 20);
        assert_eq!(objects(&world).await.len(), 1);
    }
}

/// A storage that takes everything, and fails in the middle of each read.
#[derive(Debug)]
struct HalfReads(Arc<dyn Storage>);

fn broken(world: &World) -> Uploads {
    let storage = Arc::new(HalfReads(Arc::clone(&world.storage)));
    let database = world.db.database().clone();
    let files = Files::new(storage, database, &FilesConfig::default());
    Uploads::new(files, &UploadsConfig::default())
}

#[async_trait::async_trait]
impl Storage for HalfReads {
    async fn put_with(
        &self,
        scope: &Scope,
        key: &saas_storage::Key,
        body: ByteStream,
        options: saas_storage::PutOptions,
    ) -> Result<saas_storage::FileInfo, Error> {
        self.0.put_with(scope, key, body, options).await
    }

    async fn get(
        &self,
        scope: &Scope,
        key: &saas_storage::Key,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<(saas_storage::FileInfo, ByteStream), Error> {
        let (info, _) = self.0.get(scope, key, range).await?;
        Ok((info, cut("012")))
    }

    async fn stat(
        &self,
        scope: &Scope,
        key: &saas_storage::Key,
    ) -> Result<saas_storage::FileInfo, Error> {
        self.0.stat(scope, key).await
    }

    async fn delete(&self, scope: &Scope, key: &saas_storage::Key) -> Result<bool, Error> {
        self.0.delete(scope, key).await
    }

    async fn list(
        &self,
        scope: &Scope,
        prefix: &saas_storage::Prefix,
        after: Option<&saas_storage::Key>,
        limit: usize,
    ) -> Result<saas_storage::FilePage, Error> {
        self.0.list(scope, prefix, after, limit).await
    }
}

#[tokio::test]
async fn sto_25_nothing_of_an_erased_tenant_is_left_and_another_keeps_everything() {
    for world in bare_worlds().await {
        let (files, uploads) = uploads(&world, &FilesConfig::default());
        for scope in [&world.acme, &world.beta] {
            for name in ["a", "b/c", "b/c"] {
                files.put(scope, &key(name), body(&["text"])).await.unwrap();
            }
            let upload = begin(&uploads, scope, "part", 30).await.unwrap();
            let _ = uploads
                .append(scope, upload.id, 0, cut("0123456789ab"))
                .await;
        }
        let before = world.names(&world.beta, "").await;
        assert!(files.erase(&world.acme).await.unwrap() >= 4);
        assert_eq!(objects(&world).await, Vec::<String>::new());
        let usage = files.usage(&world.acme).await.unwrap();
        assert_eq!((usage.bytes, usage.files), (0, 0));
        let everything = "".parse().unwrap();
        let page = files.list_files(&world.acme, &everything, None, 10);
        assert!(page.await.unwrap().files.is_empty());
        assert_eq!(world.names(&world.beta, "").await, before);
        let usage = files.usage(&world.beta).await.unwrap();
        assert_eq!((usage.bytes, usage.files), (4 + 4 + 30, 3));
        assert_eq!(files.erase(&world.acme).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_sender_has_so_many_uploads_open_and_no_more() {
    for world in World::with_databases().await {
        let (files, _) = uploads(&world, &FilesConfig::default());
        let mut config = UploadsConfig::default();
        config.max_open = 2;
        let uploads = Uploads::new(files, &config);
        let acme = &world.acme;
        let begun = ["a", "b", "c", "d"].map(|name| begin(&uploads, acme, name, 1));
        let begun = futures_util::future::join_all(begun).await;
        let open: Vec<_> = begun.iter().flatten().collect();
        assert_eq!(open.len(), 2, "{begun:?}");
        let refused = begin(&uploads, acme, "e", 1).await;
        assert!(
            matches!(refused, Err(Error::TooManyUploads { most: 2 })),
            "{refused:?}"
        );
        // Others have uploads of their own, and one that is complete is not open.
        begin(&uploads, &world.beta, "a", 1).await.unwrap();
        uploads
            .append(acme, open[0].id, 0, body(&["x"]))
            .await
            .unwrap();
        begin(&uploads, acme, "e", 1).await.unwrap();
    }
}
