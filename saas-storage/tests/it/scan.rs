//! Files that somebody looks at before they can be seen, and numbers of what was done.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use saas_storage::{
    ByteStream, Error, FileFacts, Files, FilesConfig, Measured, Operation, Scan, ScanVerdict,
    Scanned, Storage, Uploads, UploadsConfig,
};
use saas_tenancy::{AuditRecord, PageQuery};
use tokio::sync::Semaphore;

use crate::world::{LIMIT, World, body, collect, key};

/// Refuses what holds a word, and thinks for ever about another.
#[derive(Debug)]
struct Words;

#[async_trait]
impl Scan for Words {
    async fn scan(&self, file: &Scanned, contents: ByteStream) -> Result<ScanVerdict, Error> {
        let text = collect(contents).await;
        assert_eq!(text.len() as u64, file.size);
        match text.as_slice() {
            b"virus" => Ok(ScanVerdict::Refused("it is a virus".to_owned())),
            b"riddle" => std::future::pending().await,
            b"broken" => Err(Error::Backend("no signatures".into())),
            _ => Ok(ScanVerdict::Clean),
        }
    }
}

/// Counts the files that it begins to look at, and looks at them when it may.
#[derive(Debug)]
struct Slow {
    begun: AtomicUsize,
    may: Semaphore,
}

#[async_trait]
impl Scan for Slow {
    async fn scan(&self, _: &Scanned, _: ByteStream) -> Result<ScanVerdict, Error> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.may.acquire().await.unwrap().forget();
        Ok(ScanVerdict::Clean)
    }
}

/// Otherwise whoever asks for it often has the whole of it read and hashed as often, at the same time.
#[tokio::test]
async fn an_upload_is_finished_once_however_many_ask_for_it() {
    let world = World::on_disk(LIMIT).await;
    let (acme, database) = (&world.acme, world.db.database().clone());
    let slow = Arc::new(Slow {
        begun: AtomicUsize::new(0),
        may: Semaphore::new(0),
    });
    let files = Files::new(
        Arc::clone(&world.storage),
        database,
        &FilesConfig::default(),
    )
    .scan_with(slow.clone(), Duration::from_secs(600));
    let uploads = Uploads::new(files.clone(), &UploadsConfig::default());
    let upload = uploads
        .create(acme, &key("a"), 4, FileFacts::default(), "")
        .await
        .unwrap();
    let first = {
        let (uploads, acme) = (uploads.clone(), acme.clone());
        tokio::spawn(async move { uploads.append(&acme, upload.id, 0, body(&["text"])).await })
    };
    while slow.begun.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        let found = uploads.find(acme, upload.id).await.unwrap();
        assert_eq!((found.received, found.size), (4, 4));
    }
    slow.may.add_permits(1);
    assert_eq!(first.await.unwrap().unwrap().received, 4);
    assert_eq!(slow.begun.load(Ordering::SeqCst), 1);
    let (_, contents) = files.get(acme, &key("a"), None).await.unwrap();
    assert_eq!(collect(contents).await, b"text");
}

#[tokio::test]
async fn a_file_is_seen_after_it_was_looked_at_and_a_refused_one_never() {
    let world = World::on_disk(LIMIT).await;
    let rules = FilesConfig::default();
    let database = world.db.database().clone();
    let place = world.root().parent().unwrap().join("scanned");
    let storage = crate::world::open(&format!("fs://{}", place.display()), 1000).unwrap();
    let files = Files::new(Arc::clone(&storage), database, &rules)
        .scan_with(Arc::new(Words), Duration::from_secs(2));
    let acme = &world.acme;
    let put = async |text: &str| files.put(acme, &key("a"), body(&[text])).await;
    assert!(put("fine").await.is_ok());
    for (text, wanted) in [
        ("virus", "refused"),
        ("riddle", "late"),
        ("broken", "broken"),
    ] {
        let error = put(text).await.unwrap_err();
        match wanted {
            "refused" => assert!(matches!(error, Error::Unwanted(_)), "{error:?}"),
            _ => assert!(matches!(error, Error::Backend(_)), "{error:?}"),
        }
        // The file before it stays, and nothing of this one.
        let (_, contents) = files.get(acme, &key("a"), None).await.unwrap();
        assert_eq!(collect(contents).await, b"fine");
        let page = storage.list(acme, &"".parse().unwrap(), None, 10).await;
        assert_eq!(page.unwrap().items.len(), 1, "{text}");
    }
    let uploads = Uploads::new(files.clone(), &UploadsConfig::default());
    let facts = FileFacts::default();
    let upload = uploads.create(acme, &key("b"), 5, facts, "").await.unwrap();
    let refused = uploads.append(acme, upload.id, 0, body(&["virus"])).await;
    assert!(matches!(refused, Err(Error::Unwanted(_))), "{refused:?}");
    assert!(matches!(
        uploads.find(acme, upload.id).await,
        Err(Error::NotFound)
    ));
    let mut tx = world.db.database().read(acme);
    let records = tx
        .repo::<AuditRecord>()
        .list(PageQuery::new())
        .await
        .unwrap();
    let refused: Vec<_> = records
        .items
        .iter()
        .map(|record| (record.action.as_str(), record.object.as_str()))
        .collect();
    assert_eq!(
        refused,
        [("file.refused", "file:a"), ("file.refused", "file:b")]
    );
}

#[tokio::test]
async fn what_is_done_with_files_is_counted() {
    let world = World::in_memory().await;
    let measured = Measured::new(Arc::clone(&world.storage));
    let (metrics, acme) = (measured.metrics(), &world.acme);
    measured
        .put(acme, &key("a"), body(&["hello", " you"]))
        .await
        .unwrap();
    let (_, contents) = measured.get(acme, &key("a"), Some(1..4)).await.unwrap();
    collect(contents).await;
    assert!(measured.get(acme, &key("b"), None).await.is_err());
    assert!(measured.exists(acme, &key("a")).await.unwrap());
    assert_eq!(
        measured
            .delete_all(acme, &"".parse().unwrap())
            .await
            .unwrap(),
        1
    );
    let counts = metrics.counts();
    let of = |operation: Operation| {
        let found = counts.iter().find(|counts| counts.operation == operation);
        let found = found.unwrap();
        (found.count, found.errors, found.bytes)
    };
    assert_eq!(of(Operation::Put), (1, 0, 9));
    // That there is no such file is an answer.
    assert_eq!(of(Operation::Get), (2, 0, 3));
    assert_eq!(of(Operation::Stat), (1, 0, 0));
    assert_eq!(of(Operation::Delete), (1, 0, 0));
}
