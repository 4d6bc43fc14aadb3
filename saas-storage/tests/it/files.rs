//! What can be done with files, and by whom.

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use saas_storage::{ByteStream, Error, Key, Prefix, Storage, StorageConfig};
use saas_tenancy::Scope;
use saas_testkit::TestDatabase;
use tempfile::TempDir;

struct World {
    storage: Storage,
    acme: Scope,
    beta: Scope,
    folder: TempDir,
    _db: TestDatabase,
}

async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for backend in ["fs", "memory"] {
        let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
        let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
        let folder = tempfile::tempdir().unwrap();
        let mut config = StorageConfig::default();
        config.url = if backend == "fs" {
            format!("fs://{}", folder.path().display())
        } else {
            "memory://".to_owned()
        };
        config.max_file_size = 1 << 20;
        let storage = Storage::open(&config).unwrap();
        worlds.push(World {
            storage,
            acme: db.scope(&acme),
            beta: db.scope(&beta),
            folder,
            _db: db,
        });
    }
    worlds
}

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

fn body(pieces: &[&str]) -> ByteStream {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|piece| Ok(Bytes::from((*piece).to_owned())))
        .collect();
    Box::pin(stream::iter(pieces))
}

async fn read(world: &World, scope: &Scope, name: &str) -> Result<String, Error> {
    let (_, stream) = world.storage.get(scope, &key(name), None).await?;
    let bytes: Vec<Bytes> = stream.try_collect().await.map_err(Error::Backend)?;
    Ok(String::from_utf8(bytes.concat()).unwrap())
}

async fn names(world: &World, scope: &Scope, prefix: &str) -> Vec<String> {
    let page = world
        .storage
        .list(scope, &prefix.parse().unwrap(), None, 100)
        .await
        .unwrap();
    page.items
        .into_iter()
        .map(|info| info.path.to_string())
        .collect()
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent() {
    for world in worlds().await {
        let info = world
            .storage
            .put(&world.acme, &key("a/b.txt"), body(&["hello ", "world"]))
            .await
            .unwrap();
        assert_eq!(info.size, 11);
        assert_eq!(
            read(&world, &world.acme, "a/b.txt").await.unwrap(),
            "hello world"
        );
        let (_, part) = world
            .storage
            .get(&world.acme, &key("a/b.txt"), Some(6..11))
            .await
            .unwrap();
        assert_eq!(
            part.map(|piece| piece.unwrap())
                .collect::<Vec<_>>()
                .await
                .concat(),
            b"world"
        );
        world
            .storage
            .put(&world.acme, &key("a/b.txt"), body(&["new"]))
            .await
            .unwrap();
        assert_eq!(read(&world, &world.acme, "a/b.txt").await.unwrap(), "new");
        world
            .storage
            .put(&world.acme, &key("empty"), body(&[]))
            .await
            .unwrap();
        assert_eq!(read(&world, &world.acme, "empty").await.unwrap(), "");
        assert!(
            world
                .storage
                .delete(&world.acme, &key("empty"))
                .await
                .unwrap()
        );
        assert!(
            !world
                .storage
                .delete(&world.acme, &key("empty"))
                .await
                .unwrap()
        );
    }
}

#[tokio::test]
async fn sto_08_a_foreign_file_is_as_unknown_as_none() {
    for world in worlds().await {
        world
            .storage
            .put(&world.beta, &key("secret.txt"), body(&["canary"]))
            .await
            .unwrap();
        assert!(matches!(
            read(&world, &world.acme, "secret.txt").await,
            Err(Error::NotFound)
        ));
        assert!(
            !world
                .storage
                .delete(&world.acme, &key("secret.txt"))
                .await
                .unwrap()
        );
        assert!(names(&world, &world.acme, "").await.is_empty());
        let theirs = format!("tenants/{}/secret.txt", world.beta.tenant().id());
        assert!(matches!(
            read(&world, &world.acme, &theirs).await,
            Err(Error::NotFound)
        ));
        assert_eq!(
            read(&world, &world.beta, "secret.txt").await.unwrap(),
            "canary"
        );
    }
}

#[tokio::test]
async fn pages_give_every_file_once_in_order() {
    for world in worlds().await {
        for n in 0..25 {
            world
                .storage
                .put(
                    &world.acme,
                    &key(&format!("d{}/f{n:02}", n % 3)),
                    body(&["x"]),
                )
                .await
                .unwrap();
        }
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = world
                .storage
                .list(&world.acme, &Prefix::default(), after.as_ref(), 4)
                .await
                .unwrap();
            assert!(page.items.len() <= 4);
            all.extend(page.items.into_iter().map(|info| info.path));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(all.len(), 25);
        assert!(all.is_sorted());
        assert_eq!(names(&world, &world.acme, "d1/").await.len(), 8);
        assert_eq!(names(&world, &world.acme, "d1").await.len(), 8);
        assert!(names(&world, &world.acme, "d").await.is_empty());
    }
}

#[tokio::test]
async fn what_is_not_received_to_its_end_is_not_kept() {
    for world in worlds().await {
        world
            .storage
            .put(&world.acme, &key("kept"), body(&["old"]))
            .await
            .unwrap();
        for name in ["kept", "fresh"] {
            let broken: ByteStream = Box::pin(stream::iter([
                Ok(Bytes::from_static(b"half")),
                Err("the connection ended".into()),
            ]));
            let refused = world.storage.put(&world.acme, &key(name), broken).await;
            assert!(matches!(refused, Err(Error::Source(_))), "{refused:?}");
        }
        let large: ByteStream = Box::pin(stream::repeat_with(|| Ok(Bytes::from(vec![0; 65536]))));
        assert!(matches!(
            world.storage.put(&world.acme, &key("fresh"), large).await,
            Err(Error::TooLarge { .. })
        ));
        assert_eq!(read(&world, &world.acme, "kept").await.unwrap(), "old");
        assert_eq!(names(&world, &world.acme, "").await, ["kept"]);
        let staged =
            std::fs::read_dir(world.folder.path().join("staging")).map_or(0, Iterator::count);
        assert_eq!(staged, 0, "remainders in the staging folder");
    }
}

#[tokio::test]
async fn sto_26_a_path_is_a_file_or_a_folder_on_every_backend() {
    for world in worlds().await {
        world
            .storage
            .put(&world.acme, &key("a"), body(&["file"]))
            .await
            .unwrap();
        let through = world
            .storage
            .put(&world.acme, &key("a/b"), body(&["x"]))
            .await;
        assert!(matches!(through, Err(Error::Conflict)), "{through:?}");
        assert!(matches!(
            read(&world, &world.acme, "a/b").await,
            Err(Error::NotFound)
        ));
        world
            .storage
            .put(&world.acme, &key("d/e"), body(&["x"]))
            .await
            .unwrap();
        let over = world
            .storage
            .put(&world.acme, &key("d"), body(&["x"]))
            .await;
        assert!(matches!(over, Err(Error::Conflict)), "{over:?}");
        assert!(matches!(
            read(&world, &world.acme, "d").await,
            Err(Error::NotFound)
        ));
        assert!(!world.storage.delete(&world.acme, &key("d")).await.unwrap());
        assert_eq!(read(&world, &world.acme, "d/e").await.unwrap(), "x");
    }
}

#[tokio::test]
async fn sto_07_a_symbolic_link_is_not_followed() {
    let world = worlds().await.remove(0);
    world
        .storage
        .put(&world.acme, &key("real"), body(&["x"]))
        .await
        .unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "canary").unwrap();
    let space = world
        .folder
        .path()
        .join(format!("tenants/{}", world.acme.tenant().id()));
    std::os::unix::fs::symlink(outside.path(), space.join("link")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), space.join("file")).unwrap();
    for name in ["link/secret", "file"] {
        assert!(
            matches!(read(&world, &world.acme, name).await, Err(Error::NotFound)),
            "{name}"
        );
        assert!(
            world
                .storage
                .put(&world.acme, &key(name), body(&["x"]))
                .await
                .is_err(),
            "{name}"
        );
        assert!(
            !world.storage.delete(&world.acme, &key(name)).await.unwrap(),
            "{name}"
        );
    }
    assert_eq!(
        std::fs::read_to_string(outside.path().join("secret")).unwrap(),
        "canary"
    );
}
