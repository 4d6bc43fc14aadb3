//! Bodies that do not end well.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use saas_storage::{ByteStream, Error, PutOptions};
use tokio::sync::oneshot;

use crate::world::{LIMIT, World, body, key, until, worlds};

/// Gives some of a body, says so, and then nothing more.
fn stalled(pieces: usize) -> (ByteStream, oneshot::Receiver<()>) {
    let (given, arrived) = oneshot::channel();
    let pieces = stream::repeat_with(|| Ok(Bytes::from(vec![7; 100_000]))).take(pieces);
    let silence = stream::once(async move {
        let _ = given.send(());
        std::future::pending().await
    });
    (Box::pin(pieces.chain(silence)), arrived)
}

#[tokio::test]
async fn what_is_not_received_to_its_end_is_not_kept() {
    for world in worlds().await {
        world.put("kept", "old").await.unwrap();
        for name in ["kept", "fresh", "folder/fresh"] {
            for half in [0, 4, 300_000] {
                let broken: ByteStream = Box::pin(stream::iter([
                    Ok(Bytes::from(vec![7; half])),
                    Err("the connection ended".into()),
                ]));
                let refused = world.storage.put(&world.acme, &key(name), broken).await;
                assert!(matches!(refused, Err(Error::Source(_))), "{refused:?}");
            }
        }
        assert_eq!(world.read(&world.acme, "kept").await.unwrap(), "old");
        assert_eq!(world.names(&world.acme, "").await, ["kept"]);
        assert_eq!(world.staged(), 0, "remainders in the staging folder");
        assert!(!world.space(&world.acme).join("folder").exists());
    }
}

#[tokio::test]
async fn sto_22_a_body_without_an_end_is_refused_at_the_bound() {
    for world in worlds().await {
        let endless = || -> ByteStream {
            Box::pin(stream::repeat_with(|| Ok(Bytes::from_static(&[0; 1000]))))
        };
        let refused = world.storage.put(&world.acme, &key("a"), endless()).await;
        assert!(
            matches!(refused, Err(Error::TooLarge { limit: LIMIT })),
            "{refused:?}"
        );
        // A bound of its own can be lower and not higher.
        for (bound, limit) in [(5_000, 5_000), (u64::MAX, LIMIT)] {
            let options = PutOptions::default().max_size(bound);
            let refused = world
                .storage
                .put_with(&world.acme, &key("a"), endless(), options)
                .await;
            assert!(
                matches!(refused, Err(Error::TooLarge { limit: l }) if l == limit),
                "{refused:?}"
            );
        }
        let exact = "x".repeat(5_000);
        let options = PutOptions::default().max_size(5_000);
        world
            .storage
            .put_with(&world.acme, &key("a"), body(&[&exact]), options.clone())
            .await
            .unwrap();
        let over: ByteStream = body(&[&exact, "x"]);
        assert!(
            world
                .storage
                .put_with(&world.acme, &key("a"), over, options)
                .await
                .is_err()
        );
        assert_eq!(world.read(&world.acme, "a").await.unwrap(), exact);
        assert_eq!(world.staged(), 0);
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_leaves_nothing() {
    for world in worlds().await {
        world.put("kept", "old").await.unwrap();
        for (name, pieces) in [("kept", 0), ("kept", 1), ("kept", 8), ("fresh", 8)] {
            let (storage, scope) = (world.storage.clone(), world.acme.clone());
            let (contents, arrived) = stalled(pieces);
            let put = async move { storage.put(&scope, &key(name), contents).await.map(|_| ()) };
            let put = tokio::spawn(put);
            arrived.await.unwrap();
            put.abort();
            assert!(put.await.unwrap_err().is_cancelled());
            until("the staging folder is empty", || world.staged() == 0).await;
        }
        assert_eq!(world.read(&world.acme, "kept").await.unwrap(), "old");
        assert_eq!(world.names(&world.acme, "").await, ["kept"]);
    }
}

/// Cancels at every point at which a future can be dropped, rather than at some.
#[tokio::test]
async fn whenever_a_caller_goes_away_the_file_is_whole_or_not_there() {
    let world = World::on_disk(LIMIT).await;
    for polls in 0..40 {
        world.put("a", "old").await.unwrap();
        let contents = stream::iter(0..4).then(|_| async {
            tokio::task::yield_now().await;
            Ok(Bytes::from_static(b"new "))
        });
        {
            let name = key("a");
            let mut put = Box::pin(world.storage.put(&world.acme, &name, Box::pin(contents)));
            for _ in 0..polls {
                let once =
                    futures_util::future::select(&mut put, Box::pin(tokio::task::yield_now()));
                if matches!(once.await, futures_util::future::Either::Left(_)) {
                    break;
                }
            }
        }
        until("the staging folder is empty", || world.staged() == 0).await;
        let text = world.read(&world.acme, "a").await.unwrap();
        assert!(
            text == "old" || text == "new new new new ",
            "{text} after {polls} polls"
        );
    }
}

#[tokio::test]
async fn a_body_that_panics_leaves_nothing() {
    for world in worlds().await {
        let contents: ByteStream = Box::pin(stream::iter(0..3).map(|n| {
            assert!(n < 2, "a fault in the stream");
            Ok(Bytes::from(vec![7; 300_000]))
        }));
        let failed = world.storage.put(&world.acme, &key("a"), contents).await;
        assert!(matches!(failed, Err(Error::Backend(_))), "{failed:?}");
        assert!(world.names(&world.acme, "").await.is_empty());
        assert_eq!(world.staged(), 0);
    }
}

#[tokio::test]
async fn a_path_that_is_taken_is_refused_before_the_body_is_read() {
    for world in worlds().await {
        world.put("a", "file").await.unwrap();
        let untouched: ByteStream = Box::pin(stream::poll_fn(|_| panic!("the body was read")));
        let refused = world.storage.put(&world.acme, &key("a/b"), untouched).await;
        assert!(matches!(refused, Err(Error::Conflict)), "{refused:?}");
    }
}
