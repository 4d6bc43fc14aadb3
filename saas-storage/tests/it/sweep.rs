//! Uploads that end at every step, and what a sweep makes of them.

use std::{
    future::Future,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::future::{Either, select};
use saas_storage::{
    ByteStream, Error, FileInfo, FilePage, Files, FilesConfig, Key, Prefix, PutOptions, Storage,
    Swept,
};
use saas_tenancy::Scope;

use crate::world::{World, body, collect, key};

const DAY: Duration = Duration::from_secs(25 * 3600);

/// A storage whose n-th step never ends. Each call that changes something is two steps: before it is
/// done, and after.
#[derive(Debug)]
struct Stopping {
    inner: Arc<dyn Storage>,
    steps: AtomicUsize,
    stop_at: usize,
    reached: tokio::sync::Notify,
}

impl Stopping {
    async fn step(&self) {
        if self.steps.fetch_add(1, Ordering::SeqCst) == self.stop_at {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Storage for Stopping {
    async fn put_with(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        self.step().await;
        let put = self.inner.put_with(scope, key, body, options).await;
        self.step().await;
        put
    }

    async fn get(
        &self,
        scope: &Scope,
        key: &Key,
        range: Option<Range<u64>>,
    ) -> Result<(FileInfo, ByteStream), Error> {
        self.inner.get(scope, key, range).await
    }

    async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error> {
        self.inner.stat(scope, key).await
    }

    async fn delete(&self, scope: &Scope, key: &Key) -> Result<bool, Error> {
        self.step().await;
        let deleted = self.inner.delete(scope, key).await;
        self.step().await;
        deleted
    }

    async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<FilePage, Error> {
        self.inner.list(scope, prefix, after, limit).await
    }
}

fn files(world: &World) -> Files {
    over(world, Arc::clone(&world.storage))
}

fn over(world: &World, storage: Arc<dyn Storage>) -> Files {
    let mut config = FilesConfig::default();
    config.quota = Some(1 << 20);
    Files::new(storage, world.db.database().clone(), &config)
}

async fn read(files: &Files, scope: &Scope, name: &str) -> Option<String> {
    match files.get(scope, &key(name), None).await {
        Ok((_, contents)) => Some(String::from_utf8(collect(contents).await).unwrap()),
        Err(Error::NotFound) => None,
        Err(error) => panic!("{error:?}"),
    }
}

/// Sweeps, and holds that rows and objects are equal then and that nothing is left to do.
async fn sweep(files: &Files, world: &World) -> Swept {
    world.db.clock().advance(DAY);
    let swept = files.sweep(&world.acme).await.unwrap();
    let seen = files
        .list(&world.acme, &Prefix::default(), None, 1000)
        .await
        .unwrap()
        .items;
    let bytes: u64 = seen.iter().map(|info| info.size).sum();
    let usage = files.usage(&world.acme).await.unwrap();
    assert_eq!(
        (usage.bytes, usage.files),
        (bytes, seen.len() as u64),
        "{swept:?}"
    );
    assert_eq!(
        world.names(&world.acme, "").await.len(),
        seen.len(),
        "{swept:?}"
    );
    assert_eq!(files.sweep(&world.acme).await.unwrap(), Swept::default());
    swept
}

#[tokio::test]
async fn after_an_upload_that_stopped_at_any_step_rows_and_objects_are_equal() {
    for world in World::with_databases().await {
        let plain = files(&world);
        // To put the object, and to delete that of the version before: four steps.
        for stop_at in 0..4 {
            plain
                .put(&world.acme, &key("a"), body(&["old"]))
                .await
                .unwrap();
            let stopping = Arc::new(Stopping {
                inner: Arc::clone(&world.storage),
                steps: AtomicUsize::new(0),
                stop_at,
                reached: tokio::sync::Notify::new(),
            });
            let files = over(&world, Arc::clone(&stopping) as Arc<dyn Storage>);
            let name = key("a");
            {
                let put = Box::pin(files.put(&world.acme, &name, body(&["newer"])));
                let stopped = Box::pin(stopping.reached.notified());
                assert!(
                    matches!(select(put, stopped).await, Either::Right(_)),
                    "step {stop_at} is never reached"
                );
            }
            let wanted = if stop_at < 2 { "old" } else { "newer" };
            assert_eq!(
                read(&plain, &world.acme, "a").await.as_deref(),
                Some(wanted),
                "{stop_at}"
            );
            let swept = sweep(&plain, &world).await;
            let (unfinished, removed) = if stop_at < 2 { (1, 0) } else { (0, 1) };
            assert_eq!(
                (swept.unfinished, swept.removed),
                (unfinished, removed),
                "{stop_at} {swept:?}"
            );
            assert_eq!(
                read(&plain, &world.acme, "a").await.as_deref(),
                Some(wanted),
                "{stop_at}"
            );
        }
        // A deletion: two steps, and the name is gone before the first.
        for stop_at in 0..2 {
            plain
                .put(&world.acme, &key("a"), body(&["old"]))
                .await
                .unwrap();
            let stopping = Arc::new(Stopping {
                inner: Arc::clone(&world.storage),
                steps: AtomicUsize::new(0),
                stop_at,
                reached: tokio::sync::Notify::new(),
            });
            let files = over(&world, Arc::clone(&stopping) as Arc<dyn Storage>);
            let name = key("a");
            {
                let delete = Box::pin(files.delete(&world.acme, &name));
                let stopped = Box::pin(stopping.reached.notified());
                assert!(matches!(select(delete, stopped).await, Either::Right(_)));
            }
            assert_eq!(read(&plain, &world.acme, "a").await, None);
            assert_eq!(sweep(&plain, &world).await.removed, 1);
        }
    }
}

/// Gives a future so many turns, and drops it where it stands then.
async fn turns<F: Future>(future: F, turns: usize) -> Option<F::Output> {
    let (mut future, mut left) = (Box::pin(future), turns);
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Also between any two statements, and in the middle of one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_an_upload_is_dropped_a_sweep_ends_it() {
    for world in World::with_databases().await {
        let files = files(&world);
        let (mut old, mut new, mut finished, mut n) = (0, 0, 0, 0);
        for _ in 0..2000 {
            files
                .put(&world.acme, &key("a"), body(&["old"]))
                .await
                .unwrap();
            let name = key("a");
            let put = files.put(&world.acme, &name, body(&["ne", "wer"]));
            finished += usize::from(turns(put, n).await.is_some());
            match read(&files, &world.acme, "a").await.as_deref() {
                Some("old") => old += 1,
                Some("newer") => new += 1,
                other => panic!("{other:?} after {n} turns"),
            }
            world.db.clock().advance(DAY);
            files.sweep(&world.acme).await.unwrap();
            n += 1;
            if finished == 5 {
                if old > 5 {
                    break;
                }
                // On a busy machine more is there at each turn, and an upload takes few of them: once more from the first.
                (finished, n) = (0, 0);
            }
        }
        assert!(old > 5 && new >= 5, "{old} ended before, {new} after");
        assert_eq!(finished, 5, "it never has turns enough");
        // What went on in the background has ended, and was swept or is swept now.
        let settled = || async {
            world.db.clock().advance(DAY);
            files.sweep(&world.acme).await.unwrap() == Swept::default()
        };
        while !settled().await {}
        assert_eq!(sweep(&files, &world).await, Swept::default());
    }
}

#[tokio::test]
async fn an_upload_that_was_given_up_is_not_kept_when_it_ends_after_all() {
    for world in World::with_databases().await {
        let plain = || {
            let (storage, database) = (Arc::clone(&world.storage), world.db.database().clone());
            Files::new(storage, database, &FilesConfig::default())
        };
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let (begun, has_begun) = tokio::sync::oneshot::channel::<()>();
        let slow: ByteStream = Box::pin(futures_util::stream::once(async move {
            let _ = begun.send(());
            let _ = gone.await;
            Ok("slow".into())
        }));
        let (putting, acme) = (plain(), world.acme.clone());
        let put = tokio::spawn(async move { putting.put(&acme, &key("slow"), slow).await });
        has_begun.await.unwrap();
        world.db.clock().advance(DAY);
        // The sweep stops after it has given the upload up, and before it has removed anything.
        let stopping = Arc::new(Stopping {
            inner: Arc::clone(&world.storage),
            steps: AtomicUsize::new(0),
            stop_at: 0,
            reached: tokio::sync::Notify::new(),
        });
        let files = over(&world, Arc::clone(&stopping) as Arc<dyn Storage>);
        {
            let sweep = Box::pin(files.sweep(&world.acme));
            let stopped = Box::pin(stopping.reached.notified());
            assert!(matches!(select(sweep, stopped).await, Either::Right(_)));
        }
        go.send(()).unwrap();
        assert!(put.await.unwrap().is_err());
        assert_eq!(read(&plain(), &world.acme, "slow").await, None);
        sweep(&plain(), &world).await;
    }
}

#[tokio::test]
async fn objects_without_rows_and_rows_without_objects_are_repaired_and_told() {
    for world in World::with_databases().await {
        let files = files(&world);
        for name in ["a", "b/c", "d"] {
            files
                .put(&world.acme, &key(name), body(&[name]))
                .await
                .unwrap();
        }
        files
            .put(&world.beta, &key("a"), body(&["theirs"]))
            .await
            .unwrap();
        assert_eq!(sweep(&files, &world).await, Swept::default());
        // Something else has put objects there.
        for name in [
            "objects/00/x",
            "stray",
            "objects/aa/01a1fe93-9d28-76d2-adda-cc54fc985bf0",
        ] {
            world
                .storage
                .put(&world.acme, &key(name), body(&["x"]))
                .await
                .unwrap();
        }
        let swept = sweep(&files, &world).await;
        assert_eq!((swept.orphans, swept.removed), (3, 0), "{swept:?}");
        // An object is gone, and comes back.
        let etag = files
            .stat(&world.acme, &key("b/c"))
            .await
            .unwrap()
            .etag()
            .unwrap();
        let id = etag.trim_matches('"').to_owned();
        let object = key(&format!("objects/{}/{id}", &id[id.len() - 2..]));
        assert!(world.storage.delete(&world.acme, &object).await.unwrap());
        let swept = sweep(&files, &world).await;
        assert_eq!(swept.lost, [key("b/c")]);
        assert_eq!(read(&files, &world.acme, "b/c").await, None);
        world
            .storage
            .put(&world.acme, &object, body(&["b/c"]))
            .await
            .unwrap();
        let swept = sweep(&files, &world).await;
        assert_eq!((swept.found, swept.orphans), (vec![key("b/c")], 0));
        assert_eq!(
            read(&files, &world.acme, "b/c").await.as_deref(),
            Some("b/c")
        );
        assert_eq!(
            read(&files, &world.beta, "a").await.as_deref(),
            Some("theirs")
        );
    }
}

#[tokio::test]
async fn an_upload_that_is_under_way_is_swept_only_when_it_takes_too_long() {
    for world in World::with_databases().await {
        for late in [false, true] {
            let files = files(&world);
            let (go, gone) = tokio::sync::oneshot::channel::<()>();
            let (begun, has_begun) = tokio::sync::oneshot::channel::<()>();
            let slow: ByteStream = Box::pin(futures_util::stream::once(async move {
                let _ = begun.send(());
                let _ = gone.await;
                Ok("slow".into())
            }));
            let (putting, acme) = (files.clone(), world.acme.clone());
            let put = tokio::spawn(async move { putting.put(&acme, &key("slow"), slow).await });
            has_begun.await.unwrap();
            if late {
                world.db.clock().advance(DAY);
            }
            let swept = files.sweep(&world.acme).await.unwrap();
            assert_eq!(swept.unfinished, u64::from(late));
            go.send(()).unwrap();
            assert_eq!(put.await.unwrap().is_ok(), !late);
            let wanted = (!late).then_some("slow");
            assert_eq!(read(&files, &world.acme, "slow").await.as_deref(), wanted);
            files.delete(&world.acme, &key("slow")).await.unwrap();
            sweep(&files, &world).await;
        }
    }
}
