//! What only a folder can be made to do.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use saas_storage::Error;

use crate::world::{LIMIT, World, body, key, open};

#[tokio::test]
async fn sto_07_a_symbolic_link_is_not_followed() {
    let world = World::on_disk(LIMIT).await;
    world.put("real", "x").await.unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "canary").unwrap();
    let space = world.space(&world.acme);
    symlink(outside.path(), space.join("link")).unwrap();
    symlink(outside.path().join("secret"), space.join("file")).unwrap();
    // Into another tenant, and to nothing.
    world
        .storage
        .put(&world.beta, &key("theirs"), body(&["canary"]))
        .await
        .unwrap();
    symlink(world.space(&world.beta), space.join("beta")).unwrap();
    symlink(outside.path().join("none"), space.join("dangling")).unwrap();
    for name in [
        "link/secret",
        "link/new",
        "link",
        "file",
        "beta/theirs",
        "beta/new",
        "dangling",
    ] {
        let found = world.storage.stat(&world.acme, &key(name)).await;
        assert!(matches!(found, Err(Error::NotFound)), "{name} {found:?}");
        assert!(
            matches!(world.read(&world.acme, name).await, Err(Error::NotFound)),
            "{name}"
        );
        assert!(
            matches!(world.put(name, "x").await, Err(Error::Conflict)),
            "{name}"
        );
        assert!(
            !world.storage.delete(&world.acme, &key(name)).await.unwrap(),
            "{name}"
        );
    }
    for prefix in ["", "link", "beta"] {
        let names = world.names(&world.acme, prefix).await;
        assert!(names.iter().all(|name| name == "real"), "{names:?}");
    }
    assert_eq!(
        std::fs::read_to_string(outside.path().join("secret")).unwrap(),
        "canary"
    );
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(world.names(&world.beta, "").await, ["theirs"]);
}

#[tokio::test]
async fn sto_07_the_space_of_a_tenant_is_no_link_either() {
    let world = World::on_disk(LIMIT).await;
    world
        .storage
        .put(&world.beta, &key("theirs"), body(&["canary"]))
        .await
        .unwrap();
    symlink(world.space(&world.beta), world.space(&world.acme)).unwrap();
    assert!(matches!(
        world.read(&world.acme, "theirs").await,
        Err(Error::NotFound)
    ));
    assert!(matches!(world.put("ours", "x").await, Err(Error::Conflict)));
    assert!(world.names(&world.acme, "").await.is_empty());
}

#[test]
fn sto_07_a_root_with_a_link_in_it_is_refused() {
    for name in ["tenants", "staging"] {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(outside.path(), folder.path().join(name)).unwrap();
        let error = open(&format!("fs://{}", folder.path().display()), 1).unwrap_err();
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
}

#[tokio::test]
async fn a_device_is_no_file() {
    let world = World::on_disk(LIMIT).await;
    world.put("a", "x").await.unwrap();
    let socket = world.space(&world.acme).join("socket");
    let _listening = std::os::unix::net::UnixListener::bind(socket).unwrap();
    assert!(matches!(
        world.read(&world.acme, "socket").await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        world.put("socket", "x").await,
        Err(Error::Conflict)
    ));
    assert_eq!(world.names(&world.acme, "").await, ["a"]);
}

#[tokio::test]
async fn only_the_service_may_read_what_it_keeps() {
    let world = World::on_disk(LIMIT).await;
    world.put("a/b", "x").await.unwrap();
    let mode = |path: std::path::PathBuf| {
        let found = std::fs::metadata(path).unwrap();
        found.permissions().mode() & 0o777
    };
    let space = world.space(&world.acme);
    for folder in [
        world.root(),
        world.root().join("staging"),
        space.clone(),
        space.join("a"),
    ] {
        assert_eq!(mode(folder.clone()), 0o700, "{}", folder.display());
    }
    assert_eq!(mode(space.join("a/b")), 0o600);
}

#[tokio::test]
async fn files_are_there_when_the_folder_is_opened_again() {
    let world = World::on_disk(LIMIT).await;
    world.put("a/b", "kept").await.unwrap();
    // What a killed process leaves: half a file, and a folder without one.
    std::fs::write(world.root().join("staging/remainder"), "half").unwrap();
    std::fs::create_dir(world.space(&world.acme).join("c")).unwrap();
    let again = open(&format!("fs://{}", world.root().display()), LIMIT).unwrap();
    assert_eq!(again.stat(&world.acme, &key("a/b")).await.unwrap().size, 4);
    let page = again
        .list(&world.acme, &"".parse().unwrap(), None, 9)
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    again
        .put(&world.acme, &key("c"), body(&["a file"]))
        .await
        .unwrap();
    assert!(
        again
            .stat(&world.acme, &key("staging/remainder"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_last_file_takes_its_folders_with_it_and_not_the_space() {
    let world = World::on_disk(LIMIT).await;
    for name in ["a/b/c/d", "a/x"] {
        world.put(name, "x").await.unwrap();
    }
    let space = world.space(&world.acme);
    assert!(
        world
            .storage
            .delete(&world.acme, &key("a/b/c/d"))
            .await
            .unwrap()
    );
    assert!(!space.join("a/b").exists() && space.join("a/x").exists());
    assert!(
        world
            .storage
            .delete(&world.acme, &key("a/x"))
            .await
            .unwrap()
    );
    assert!(space.exists());
    assert_eq!(std::fs::read_dir(&space).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_process_that_is_gone_was_receiving_is_removed_at_the_next_start() {
    let world = World::on_disk(LIMIT).await;
    let staging = world.root().join("staging");
    let (old, young) = (staging.join("old"), staging.join("young"));
    for path in [&old, &young] {
        std::fs::write(path, "half a file").unwrap();
    }
    let hours = std::time::Duration::from_secs(2 * 3600);
    let file = std::fs::File::options().write(true).open(&old).unwrap();
    let before = file.metadata().unwrap().modified().unwrap() - hours;
    file.set_modified(before).unwrap();
    open(&format!("fs://{}", world.root().display()), LIMIT).unwrap();
    // Another process may be receiving the younger one.
    assert!(!old.exists() && young.exists());
}
