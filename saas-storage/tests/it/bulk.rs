//! Files that are copied, renamed, and worked on by the dozen.

use saas_storage::{Error, Existing, Key, PutOptions};

use crate::world::{body, key, worlds};

#[tokio::test]
async fn a_copy_leaves_the_file_and_a_rename_does_not() {
    for world in worlds().await {
        let (storage, acme) = (&world.storage, &world.acme);
        world.put("a/b", "text").await.unwrap();
        let copied = storage
            .copy(acme, &key("a/b"), &key("c/d"), PutOptions::default())
            .await;
        let copied = copied.unwrap();
        assert_eq!((copied.path.as_str(), copied.size), ("c/d", 4));
        assert_eq!(world.names(acme, "").await, ["a/b", "c/d"]);
        let renamed = storage
            .rename(acme, &key("a/b"), &key("e"), PutOptions::default())
            .await;
        assert_eq!(renamed.unwrap().path.as_str(), "e");
        assert_eq!(world.names(acme, "").await, ["c/d", "e"]);
        for name in ["c/d", "e"] {
            assert_eq!(world.read(acme, name).await.unwrap(), "text");
        }
        // The folder went with its last file, so its name is free.
        world.put("a", "a file").await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_gets_its_own_name_stays() {
    for world in worlds().await {
        let (storage, acme, name) = (&world.storage, &world.acme, key("a"));
        let there = world.put("a", "text").await.unwrap();
        let options = PutOptions::default();
        for result in [
            storage.copy(acme, &name, &name, options.clone()).await,
            storage.rename(acme, &name, &name, options.clone()).await,
        ] {
            assert_eq!(result.unwrap().etag(), there.etag());
        }
        assert_eq!(world.read(acme, "a").await.unwrap(), "text");
    }
}

#[tokio::test]
async fn what_cannot_be_copied_leaves_everything_as_it_was() {
    for world in worlds().await {
        let (storage, acme) = (&world.storage, &world.acme);
        world.put("a", "long text").await.unwrap();
        world.put("b/c", "x").await.unwrap();
        let plain = PutOptions::default;
        for (from, to, options, wanted) in [
            ("none", "d", plain(), Error::NotFound),
            ("b", "d", plain(), Error::NotFound),
            ("a", "b", plain(), Error::Conflict),
            ("a", "b/c/d", plain(), Error::Conflict),
            ("a", "a/b", plain(), Error::Conflict),
            ("a", "d", plain().max_size(8), Error::TooLarge { limit: 8 }),
        ] {
            for result in [
                storage
                    .copy(acme, &key(from), &key(to), options.clone())
                    .await,
                storage
                    .rename(acme, &key(from), &key(to), options.clone())
                    .await,
            ] {
                let said = result.map_or_else(|error| error.to_string(), |_| "done".to_owned());
                assert_eq!(said, wanted.to_string(), "{from} {to}");
            }
        }
        assert_eq!(world.names(acme, "").await, ["a", "b/c"]);
        assert_eq!(world.staged(), 0);
    }
}

#[tokio::test]
async fn sto_08_a_foreign_file_is_neither_copied_nor_renamed_nor_deleted() {
    for world in worlds().await {
        let (storage, acme, beta) = (&world.storage, &world.acme, &world.beta);
        storage
            .put(beta, &key("secret"), body(&["canary"]))
            .await
            .unwrap();
        let options = PutOptions::default();
        for result in [
            storage
                .copy(acme, &key("secret"), &key("mine"), options.clone())
                .await,
            storage
                .rename(acme, &key("secret"), &key("mine"), options.clone())
                .await,
        ] {
            assert!(matches!(result, Err(Error::NotFound)), "{result:?}");
        }
        storage.delete_many(acme, &[key("secret")]).await.unwrap();
        assert_eq!(
            storage
                .delete_all(acme, &"".parse().unwrap())
                .await
                .unwrap(),
            0
        );
        assert!(!storage.exists(acme, &key("secret")).await.unwrap());
        assert_eq!(world.read(beta, "secret").await.unwrap(), "canary");
    }
}

#[tokio::test]
async fn many_files_are_put_and_deleted_at_once() {
    for world in worlds().await {
        let (storage, acme) = (&world.storage, &world.acme);
        let names: Vec<Key> = (0..30).map(|n| key(&format!("many/{n:02}"))).collect();
        let files = names
            .iter()
            .map(|name| (name.clone(), body(&["text"])))
            .collect();
        let results = storage.put_many(acme, files, PutOptions::default()).await;
        let put: Vec<Key> = results
            .into_iter()
            .map(|result| result.unwrap().path)
            .collect();
        assert_eq!(put, names, "the results are in the order of the files");
        // Each has its own result.
        let files = vec![(key("many/00"), body(&["x"])), (key("new"), body(&["x"]))];
        let keep = PutOptions::default().existing(Existing::Keep);
        let results = storage.put_many(acme, files, keep).await;
        assert!(matches!(results[0], Err(Error::Exists)), "{results:?}");
        assert!(results[1].is_ok(), "{results:?}");

        let some = [&names[..10], &[key("none")]].concat();
        storage.delete_many(acme, &some).await.unwrap();
        assert_eq!(world.names(acme, "many").await.len(), 20);
        storage.delete_many(acme, &[]).await.unwrap();
        assert_eq!(
            storage
                .delete_all(acme, &"many".parse().unwrap())
                .await
                .unwrap(),
            20
        );
        assert_eq!(world.names(acme, "").await, ["new"]);
    }
}

#[tokio::test]
async fn sto_25_nothing_of_a_tenant_is_left_after_it_was_erased() {
    for world in worlds().await {
        let (storage, acme, beta) = (&world.storage, &world.acme, &world.beta);
        for name in ["a", "b/c", "b/d/e", "é"] {
            for scope in [acme, beta] {
                storage.put(scope, &key(name), body(&["x"])).await.unwrap();
            }
        }
        assert_eq!(
            storage
                .delete_all(acme, &"".parse().unwrap())
                .await
                .unwrap(),
            4
        );
        assert!(world.names(acme, "").await.is_empty());
        assert_eq!(world.names(beta, "").await.len(), 4);
        assert_eq!(world.staged(), 0);
        assert_eq!(
            storage
                .delete_all(acme, &"".parse().unwrap())
                .await
                .unwrap(),
            0
        );
    }
}
