//! Many at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::future::join_all;
use saas_storage::{ByteStream, Error, Existing, PutOptions};

use crate::world::{body, collect, key, local_worlds, worlds};

/// A body of many pieces that all have the same letter.
fn letters(letter: char, pieces: usize) -> ByteStream {
    body(&vec![&*letter.to_string().repeat(4000); pieces])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_create_a_file_one_does() {
    for world in worlds().await {
        for round in 0..10 {
            let name = key(&format!("folder{round}/lock"));
            let keep = PutOptions::default().existing(Existing::Keep);
            let puts = ('a'..='p').map(|letter| {
                world
                    .storage
                    .put_with(&world.acme, &name, letters(letter, 3), keep.clone())
            });
            let results = join_all(puts).await;
            let winners: Vec<_> = results.iter().filter(|result| result.is_ok()).collect();
            assert_eq!(winners.len(), 1, "{results:?}");
            assert!(
                results
                    .iter()
                    .all(|result| matches!(result, Ok(_) | Err(Error::Exists)))
            );
            assert_eq!(world.staged(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_file_and_a_folder_one_wins() {
    for world in local_worlds().await {
        for round in 0..40 {
            let (file, inside) = (key(&format!("r{round}")), key(&format!("r{round}/x/y")));
            let (one, other) = tokio::join!(
                world.storage.put(&world.acme, &file, letters('a', 1)),
                world.storage.put(&world.acme, &inside, letters('b', 1)),
            );
            for result in [&one, &other] {
                assert!(matches!(result, Ok(_) | Err(Error::Conflict)), "{result:?}");
            }
            assert_eq!(u8::from(one.is_ok()) + u8::from(other.is_ok()), 1);
        }
        assert_eq!(world.names(&world.acme, "").await.len(), 40);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folder_that_comes_and_goes_loses_no_file() {
    for world in worlds().await {
        let storm = (0..6).map(|n| {
            let (storage, scope) = (world.storage.clone(), world.acme.clone());
            tokio::spawn(async move {
                let name = key(&format!("deep/er/f{n}"));
                for _ in 0..60 {
                    storage.put(&scope, &name, letters('a', 1)).await.unwrap();
                    assert_eq!(storage.stat(&scope, &name).await.unwrap().size, 4000);
                    assert!(storage.delete(&scope, &name).await.unwrap());
                }
            })
        });
        for result in join_all(storm).await {
            result.unwrap();
        }
        assert!(world.names(&world.acme, "").await.is_empty());
    }
}

/// The letter of a version says how many pieces it has, so contents and description can be compared.
/// The largest is read in several steps.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_sees_one_version_and_its_description() {
    for world in worlds().await {
        let name = key("a");
        let version = |n: usize| letters(char::from(b'a' + (n % 26) as u8), 1 + 5 * (n % 26));
        world
            .storage
            .put(&world.acme, &name, version(0))
            .await
            .unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let readers = (0..3).map(|_| {
            let (storage, scope, name) = (world.storage.clone(), world.acme.clone(), name.clone());
            let done = Arc::clone(&done);
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let (info, contents) = storage.get(&scope, &name, None).await.unwrap();
                    tokio::task::yield_now().await;
                    let bytes = collect(contents).await;
                    assert_eq!(bytes.len() as u64, info.size);
                    let n = usize::from(bytes[0] - b'a');
                    assert_eq!(
                        bytes.len(),
                        4000 * (1 + 5 * n),
                        "contents of another version"
                    );
                    assert!(
                        bytes.iter().all(|byte| *byte == bytes[0]),
                        "two versions in one"
                    );
                }
            })
        });
        let readers: Vec<_> = readers.collect();
        for n in 0..150 {
            world
                .storage
                .put(&world.acme, &name, version(n * 7))
                .await
                .unwrap();
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_delete_a_file_one_is_told_so() {
    for world in worlds().await {
        for _ in 0..20 {
            world.put("a/b", "x").await.unwrap();
            let name = key("a/b");
            let deletes = (0..8).map(|_| world.storage.delete(&world.acme, &name));
            let results = join_all(deletes).await;
            assert_eq!(
                results
                    .iter()
                    .filter(|result| *result.as_ref().unwrap())
                    .count(),
                1
            );
        }
    }
}
