//! Files that are written over only in the version that the writer knows.

use std::sync::Arc;

use futures_util::future::join_all;
use saas_storage::{Error, Existing, PutOptions};

use crate::world::{body, key, worlds};

fn matching(etag: &str) -> PutOptions {
    PutOptions::default().existing(Existing::Match(etag.to_owned()))
}

#[tokio::test]
async fn a_file_is_written_over_in_the_version_that_was_named() {
    for world in worlds().await {
        let (storage, acme, name) = (&world.storage, &world.acme, key("a/b"));
        let one = world.put("a/b", "one").await.unwrap().etag().unwrap();
        let put = storage.put_with(acme, &name, body(&["two"]), matching(&one));
        let two = put.await.unwrap().etag().unwrap();
        assert_ne!(one, two);
        assert_eq!(
            storage.stat(acme, &name).await.unwrap().etag().unwrap(),
            two
        );
        let (info, _) = storage.get(acme, &name, None).await.unwrap();
        assert_eq!(info.etag().unwrap(), two);

        let late = storage
            .put_with(acme, &name, body(&["late"]), matching(&one))
            .await;
        assert!(matches!(late, Err(Error::Changed)), "{late:?}");
        assert_eq!(world.read(acme, "a/b").await.unwrap(), "two");

        storage.delete(acme, &name).await.unwrap();
        let gone = storage
            .put_with(acme, &name, body(&["x"]), matching(&two))
            .await;
        assert!(matches!(gone, Err(Error::Changed)), "{gone:?}");
        assert!(!storage.exists(acme, &name).await.unwrap());
        assert_eq!(world.staged(), 0);
    }
}

/// Each adds one, and tries again when another was faster; none is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_update_is_lost() {
    const WRITERS: usize = 6;
    const EACH: usize = 8;
    for world in worlds().await {
        world.put("counter", "0").await.unwrap();
        let world = Arc::new(world);
        let writers = (0..WRITERS).map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let name = key("counter");
                let mut done = 0;
                while done < EACH {
                    let (info, contents) =
                        world.storage.get(&world.acme, &name, None).await.unwrap();
                    let text = String::from_utf8(crate::world::collect(contents).await).unwrap();
                    let next = (text.parse::<usize>().unwrap() + 1).to_string();
                    let options = matching(&info.etag().unwrap());
                    match world
                        .storage
                        .put_with(&world.acme, &name, body(&[&next]), options)
                        .await
                    {
                        Ok(_) => done += 1,
                        Err(Error::Changed) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            })
        });
        for writer in join_all(writers).await {
            writer.unwrap();
        }
        let text = world.read(&world.acme, "counter").await.unwrap();
        assert_eq!(text, (WRITERS * EACH).to_string());
    }
}

#[tokio::test]
async fn a_copy_and_a_rename_keep_to_the_conditions_too() {
    for world in worlds().await {
        let (storage, acme) = (&world.storage, &world.acme);
        world.put("from", "new").await.unwrap();
        let there = world.put("to", "old").await.unwrap().etag().unwrap();
        let (from, to) = (key("from"), key("to"));
        let keep = PutOptions::default().existing(Existing::Keep);
        for result in [
            storage.copy(acme, &from, &to, keep.clone()).await,
            storage.rename(acme, &from, &to, keep.clone()).await,
        ] {
            assert!(matches!(result, Err(Error::Exists)), "{result:?}");
        }
        for result in [
            storage.copy(acme, &from, &to, matching("\"other\"")).await,
            storage
                .rename(acme, &from, &to, matching("\"other\""))
                .await,
        ] {
            assert!(matches!(result, Err(Error::Changed)), "{result:?}");
        }
        assert_eq!(world.read(acme, "to").await.unwrap(), "old");
        assert_eq!(world.read(acme, "from").await.unwrap(), "new");
        storage
            .rename(acme, &from, &to, matching(&there))
            .await
            .unwrap();
        assert_eq!(world.read(acme, "to").await.unwrap(), "new");
        assert_eq!(world.names(acme, "").await, ["to"]);
    }
}
