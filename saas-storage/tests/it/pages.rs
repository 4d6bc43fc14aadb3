//! Lists, a page at a time.

use std::collections::BTreeSet;

use saas_storage::{MAX_PAGE, Prefix};

use crate::world::{LIMIT, World, key, worlds};

/// Walks through all pages, and gives the names in the order in which they came.
async fn walk(world: &World, prefix: &str, limit: usize) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let prefix: Prefix = prefix.parse().unwrap();
        let page = world
            .storage
            .list(&world.acme, &prefix, after.as_ref(), limit)
            .await
            .unwrap();
        assert!(page.items.len() <= limit);
        assert!(page.next.is_none() || page.items.len() == limit);
        all.extend(page.items.iter().map(|info| info.path.to_string()));
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

#[tokio::test]
async fn pages_give_every_file_once_in_the_order_of_bytes() {
    for world in worlds().await {
        // A hyphen comes before a slash and a dot, and a digit after it.
        let mut names: BTreeSet<String> = [
            "a-b",
            "a.b",
            "a/b",
            "a/b.c/d",
            "a/b-c",
            "a0",
            "é",
            "z/é/é",
            "日本/語",
        ]
        .map(str::to_owned)
        .into();
        for n in 0..25 {
            names.insert(format!("d{}/f{n:02}", n % 3));
        }
        for name in &names {
            world.put(name, name).await.unwrap();
        }
        let sorted: Vec<_> = names.iter().cloned().collect();
        for limit in [1, 2, 4, 7, sorted.len() - 1, sorted.len(), 1000] {
            assert_eq!(walk(&world, "", limit).await, sorted, "{limit}");
        }
        for (prefix, count) in [
            ("d1/", 8),
            ("d1", 8),
            ("d", 0),
            ("a", 3),
            ("a/b", 0),
            ("a-b", 0),
            ("none/x", 0),
        ] {
            assert_eq!(walk(&world, prefix, 3).await.len(), count, "{prefix}");
        }
        let page = world
            .storage
            .list(&world.acme, &Prefix::default(), None, 0)
            .await
            .unwrap();
        assert_eq!(page.items.len(), 1, "a page has at least one");
        assert_eq!(page.items[0].size, "a-b".len() as u64);
    }
}

#[tokio::test]
async fn a_page_goes_on_after_a_name_that_is_gone() {
    for world in worlds().await {
        for name in ["a", "b", "c", "d/e", "f"] {
            world.put(name, "x").await.unwrap();
        }
        let all = Prefix::default();
        let first = world
            .storage
            .list(&world.acme, &all, None, 2)
            .await
            .unwrap();
        let next = first.next.unwrap();
        assert_eq!(next.as_str(), "b");
        assert!(world.storage.delete(&world.acme, &next).await.unwrap());
        world.put("b/now/a/folder", "x").await.unwrap();
        let second = world
            .storage
            .list(&world.acme, &all, Some(&next), 9)
            .await
            .unwrap();
        let names: Vec<_> = second.items.iter().map(|info| info.path.as_str()).collect();
        assert_eq!(names, ["b/now/a/folder", "c", "d/e", "f"]);
        // Beside the prefix, before it and behind it.
        let folder: Prefix = "d".parse().unwrap();
        for (after, count) in [("a", 1), ("d", 1), ("d/e", 0), ("x", 0)] {
            let page = world
                .storage
                .list(&world.acme, &folder, Some(&key(after)), 9)
                .await
                .unwrap();
            assert_eq!(page.items.len(), count, "{after}");
        }
    }
}

/// More in one folder than the walk remembers, between folders without files.
#[tokio::test]
async fn a_large_folder_is_listed_in_several_passes() {
    let world = World::on_disk(LIMIT).await;
    world.put("a/first", "x").await.unwrap();
    let space = world.space(&world.acme);
    let mut wanted = vec!["a/first".to_owned()];
    for n in 0..2500 {
        std::fs::create_dir_all(space.join(format!("big/empty{n:04}/deeper"))).unwrap();
    }
    for n in 0..2500 {
        std::fs::write(space.join(format!("big/file{n:04}")), "x").unwrap();
        wanted.push(format!("big/file{n:04}"));
    }
    std::fs::create_dir(space.join("last")).unwrap();
    std::fs::write(space.join("last/file"), "x").unwrap();
    wanted.push("last/file".to_owned());
    assert_eq!(walk(&world, "", MAX_PAGE).await, wanted);
    assert_eq!(walk(&world, "big", 999).await.len(), 2500);
}

#[tokio::test]
async fn what_has_no_name_here_is_not_listed() {
    let world = World::on_disk(LIMIT).await;
    world.put("a", "x").await.unwrap();
    let space = world.space(&world.acme);
    for name in ["back\\slash", "trailing.", " space", "c:d", "%2e"] {
        std::fs::write(space.join(name), "x").unwrap();
    }
    std::fs::create_dir(space.join("folder.")).unwrap();
    std::fs::write(space.join("folder./a"), "x").unwrap();
    let not_text = std::os::unix::ffi::OsStringExt::from_vec(vec![b'a', 0xff]);
    let not_text: std::ffi::OsString = not_text;
    std::fs::write(space.join(not_text), "x").unwrap();
    assert_eq!(world.names(&world.acme, "").await, ["a"]);
}
