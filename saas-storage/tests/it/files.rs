//! What can be done with files, and by whom.

use saas_storage::{Error, Existing, PutOptions, StorageConfig};

use crate::world::{LIMIT, World, body, collect, key, open, worlds};

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent() {
    for world in worlds().await {
        let (storage, acme) = (&world.storage, &world.acme);
        let sent = body(&["hello ", "", "world"]);
        let info = storage.put(acme, &key("a/b.txt"), sent).await.unwrap();
        assert_eq!((info.size, info.path.as_str()), (11, "a/b.txt"));
        let stat = storage.stat(acme, &key("a/b.txt")).await.unwrap();
        assert_eq!((stat.size, stat.etag()), (info.size, info.etag()));
        assert_eq!(world.read(acme, "a/b.txt").await.unwrap(), "hello world");
        world.put("a/b.txt", "new").await.unwrap();
        assert_eq!(world.read(acme, "a/b.txt").await.unwrap(), "new");
        storage.put(acme, &key("empty"), body(&[])).await.unwrap();
        assert_eq!(world.read(acme, "empty").await.unwrap(), "");
        assert!(storage.delete(acme, &key("empty")).await.unwrap());
        assert!(!storage.delete(acme, &key("empty")).await.unwrap());
        assert!(matches!(
            world.read(acme, "empty").await,
            Err(Error::NotFound)
        ));
    }
}

#[tokio::test]
async fn a_range_is_a_part_of_a_file() {
    for world in worlds().await {
        let (storage, acme) = (&world.storage, &world.acme);
        let long: String = ('a'..='z').cycle().take(700_000).collect();
        world.put("long", &long).await.unwrap();
        for (from, to) in [
            (0, 0),
            (0, 1),
            (6, 11),
            (262_143, 262_145),
            (699_999, 700_000),
            (700_000, 700_000),
            (1, 699_999),
        ] {
            let range = Some(from as u64..to as u64);
            let (info, part) = storage.get(acme, &key("long"), range).await.unwrap();
            assert_eq!(info.size, 700_000);
            assert_eq!(
                collect(part).await,
                long.as_bytes()[from..to],
                "{from}..{to}"
            );
        }
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
        for range in [
            0..700_001,
            700_001..700_002,
            5..4,
            u64::MAX..u64::MAX,
            0..u64::MAX,
        ] {
            let refused = storage
                .get(acme, &key("long"), Some(range))
                .await
                .map(|_| ());
            assert!(
                matches!(refused, Err(Error::Range { size: 700_000 })),
                "{refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn sto_08_a_foreign_file_is_as_unknown_as_none() {
    for world in worlds().await {
        let (storage, acme, beta) = (&world.storage, &world.acme, &world.beta);
        storage
            .put(beta, &key("secret.txt"), body(&["canary"]))
            .await
            .unwrap();
        let theirs = format!("tenants/{}/secret.txt", beta.tenant().id());
        for name in ["secret.txt", &theirs] {
            assert!(matches!(world.read(acme, name).await, Err(Error::NotFound)));
            assert!(matches!(
                storage.stat(acme, &key(name)).await,
                Err(Error::NotFound)
            ));
            assert!(!storage.delete(acme, &key(name)).await.unwrap());
        }
        // Neither by a prefix, nor by the place where another tenant's page ended.
        for prefix in [
            "",
            &theirs,
            "tenants/",
            &format!("tenants/{}", beta.tenant().id()),
        ] {
            assert!(world.names(acme, prefix).await.is_empty(), "{prefix}");
        }
        storage
            .put(acme, &key("zebra"), body(&["ours"]))
            .await
            .unwrap();
        let (all, after) = ("".parse().unwrap(), key("secret.txt"));
        let page = storage.list(acme, &all, Some(&after), 10).await.unwrap();
        assert_eq!(page.items.len(), 1);
        assert_eq!(page.items[0].path.as_str(), "zebra");
        // A file of the same name is another file.
        world.put("secret.txt", "ours").await.unwrap();
        assert_eq!(world.read(beta, "secret.txt").await.unwrap(), "canary");
        assert!(storage.delete(acme, &key("secret.txt")).await.unwrap());
        assert_eq!(world.read(beta, "secret.txt").await.unwrap(), "canary");
    }
}

#[tokio::test]
async fn sto_26_a_path_is_a_file_or_a_folder_on_every_backend() {
    for world in worlds().await {
        let (storage, acme) = (&world.storage, &world.acme);
        world.put("a", "file").await.unwrap();
        for name in ["a/b", "a/b/c"] {
            let through = world.put(name, "x").await;
            assert!(matches!(through, Err(Error::Conflict)), "{through:?}");
            assert!(matches!(world.read(acme, name).await, Err(Error::NotFound)));
            assert!(!storage.delete(acme, &key(name)).await.unwrap());
        }
        world.put("d/e", "x").await.unwrap();
        let over = world.put("d", "x").await;
        assert!(matches!(over, Err(Error::Conflict)), "{over:?}");
        assert!(matches!(world.read(acme, "d").await, Err(Error::NotFound)));
        assert!(!storage.delete(acme, &key("d")).await.unwrap());
        assert_eq!(world.read(acme, "d/e").await.unwrap(), "x");
    }
}

#[tokio::test]
async fn sto_26_a_folder_ends_with_its_last_file() {
    for world in worlds().await {
        let (storage, acme) = (&world.storage, &world.acme);
        world.put("d/e/f", "x").await.unwrap();
        world.put("d/g", "x").await.unwrap();
        assert!(storage.delete(acme, &key("d/e/f")).await.unwrap());
        world.put("d/e", "a file where a folder was").await.unwrap();
        assert!(storage.delete(acme, &key("d/e")).await.unwrap());
        assert!(matches!(world.put("d", "x").await, Err(Error::Conflict)));
        assert!(storage.delete(acme, &key("d/g")).await.unwrap());
        world.put("d", "a file where a folder was").await.unwrap();
        assert_eq!(world.names(acme, "").await, ["d"]);
    }
}

#[tokio::test]
async fn an_existing_file_stays_when_it_is_to_be_kept() {
    let keep = PutOptions::default().existing(Existing::Keep);
    for world in worlds().await {
        let (storage, acme) = (&world.storage, &world.acme);
        storage
            .put_with(acme, &key("a"), body(&["first"]), keep.clone())
            .await
            .unwrap();
        let second = storage
            .put_with(acme, &key("a"), body(&["second"]), keep.clone())
            .await;
        assert!(matches!(second, Err(Error::Exists)), "{second:?}");
        assert_eq!(world.read(acme, "a").await.unwrap(), "first");
        assert_eq!(world.staged(), 0);
        world.put("a", "third").await.unwrap();
        assert_eq!(world.read(acme, "a").await.unwrap(), "third");
    }
}

#[tokio::test]
async fn sto_06_both_spellings_of_a_name_are_not_two_files() {
    for world in worlds().await {
        world.put("caf\u{e9}", "composed").await.unwrap();
        assert!("cafe\u{301}".parse::<saas_storage::Key>().is_err());
        assert_eq!(world.names(&world.acme, "").await, ["caf\u{e9}"]);
    }
}

#[tokio::test]
async fn the_longest_names_are_kept_everywhere() {
    for world in worlds().await {
        let longest = [
            &*"a".repeat(255),
            &"b".repeat(255),
            &"c".repeat(255),
            &"d".repeat(132),
        ]
        .join("/");
        let deepest = ["x"; 32].join("/");
        for name in [&"n".repeat(255), &longest, &deepest] {
            world.put(name, "x").await.unwrap();
            assert_eq!(world.read(&world.acme, name).await.unwrap(), "x");
        }
        assert_eq!(world.names(&world.acme, "").await.len(), 3);
        for name in [&longest, &deepest] {
            assert!(world.storage.delete(&world.acme, &key(name)).await.unwrap());
        }
    }
}

#[tokio::test]
async fn versions_of_a_file_have_different_validators_on_disk() {
    let world = World::on_disk(LIMIT).await;
    let one = world.put("a", "on ").await.unwrap();
    let two = world.put("a", "off").await.unwrap();
    assert_eq!(one.size, two.size);
    assert_ne!(one.etag().unwrap(), two.etag().unwrap());
    assert!(two.etag().unwrap().starts_with("W/\""));
    let shown = serde_json::to_value(&two).unwrap();
    let members: Vec<_> = shown.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["modified_at", "path", "size"]);
}

#[test]
fn a_place_that_cannot_be_used_is_named() {
    for (url, wanted) in [
        ("s3://key:canary@bucket", "`storage.url`"),
        ("ftp://host", "must be"),
        ("data/files", "must be"),
        ("memory://x", "must be"),
        ("", "must be"),
        ("fs://", "names no folder"),
        ("fs:///", "names no folder"),
        ("fs:///dev/null/x", "cannot be used"),
    ] {
        let error = open(url, 1).unwrap_err().to_string();
        assert!(
            error.starts_with("the storage cannot be opened: "),
            "{error}"
        );
        assert!(
            error.contains(wanted) && !error.contains("canary"),
            "{error}"
        );
    }
}

#[test]
fn an_unknown_setting_is_refused() {
    assert!(serde_json::from_str::<StorageConfig>(r#"{"max_file_size": 5}"#).is_ok());
    assert!(serde_json::from_str::<StorageConfig>(r#"{"max_size": 5}"#).is_err());
}
