//! Files that are encrypted before they reach their store.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use proptest::prelude::*;
use saas_core::{KeyRing, Secret};
use saas_storage::{Encrypted, Error, KEYS_MODULE, Key, LocalKeys, Storage, TenantKeys};
use saas_tenancy::Scope;

use crate::world::{World, body, collect, key};

const LIMIT: u64 = 1 << 20;
const CHUNK: usize = 64 * 1024;

fn keys_with(world: &World, ring: KeyRing) -> TenantKeys {
    TenantKeys::new(world.db.database().clone(), Arc::new(LocalKeys::new(ring)))
}

fn keys(world: &World) -> TenantKeys {
    keys_with(world, world.db.keys().clone())
}

fn over(world: &World, keys: TenantKeys) -> Encrypted {
    Encrypted::new(Arc::clone(&world.storage), keys, LIMIT)
}

async fn put(files: &Encrypted, scope: &Scope, name: &str, contents: &[u8]) {
    let pieces: Vec<_> = contents
        .chunks(10_000)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    let body = Box::pin(futures_util::stream::iter(pieces));
    let info = files.put(scope, &key(name), body).await.unwrap();
    assert_eq!(info.size, contents.len() as u64);
}

async fn read(files: &Encrypted, scope: &Scope, name: &str) -> Result<Vec<u8>, Error> {
    let (_, contents) = files.get(scope, &key(name), None).await?;
    let pieces: Vec<Bytes> = contents.try_collect().await.map_err(Error::Source)?;
    Ok(pieces.concat())
}

async fn object(world: &World, name: &str) -> Vec<u8> {
    let (_, contents) = world
        .storage
        .get(&world.acme, &key(name), None)
        .await
        .unwrap();
    collect(contents).await
}

async fn write(world: &World, scope: &Scope, name: &str, object: Vec<u8>) {
    let body = Box::pin(futures_util::stream::iter([Ok(object.into())]));
    world.storage.put(scope, &key(name), body).await.unwrap();
}

/// A text in which each place looks different.
fn text(length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| (n % 251) as u8 ^ (n / 251 % 256) as u8)
        .collect()
}

#[tokio::test]
async fn the_store_sees_nothing_of_the_bytes() {
    let world = World::in_memory().await;
    let files = over(&world, keys(&world));
    let canary = b"canary-in-plain-text".repeat(10_000);
    put(&files, &world.acme, "a", &canary).await;
    put(&files, &world.acme, "b", &canary).await;
    let (one, other) = (object(&world, "a").await, object(&world, "b").await);
    assert!(!one.windows(8).any(|part| part == &canary[..8]));
    // The same bytes look different in each file, and each chunk different from the others.
    assert_ne!(one[84..200], other[84..200]);
    assert_eq!(read(&files, &world.acme, "a").await.unwrap(), canary);
}

#[test]
fn a_range_of_any_file_is_that_part_of_it() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = runtime.block_on(World::in_memory());
    let files = over(&world, keys(&world));
    let near = |n: usize| (0..3_usize).prop_map(move |d| (n * CHUNK + d).saturating_sub(1));
    let length = prop_oneof![(0..4_usize).prop_flat_map(near), 0..4 * CHUNK];
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(96)
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let strategy = (
        length,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
    );
    let result = runner.run(&strategy, |(length, one, other)| {
        runtime.block_on(async {
            let contents = text(length);
            put(&files, &world.acme, "a", &contents).await;
            let (one, other) = (one.index(length + 1), other.index(length + 1));
            let (from, to) = (one.min(other), one.max(other));
            let range = Some(from as u64..to as u64);
            let (info, part) = files.get(&world.acme, &key("a"), range).await.unwrap();
            prop_assert_eq!(info.size, length as u64);
            prop_assert!(
                collect(part).await == contents[from..to],
                "{length} {from}..{to}"
            );
            prop_assert!(read(&files, &world.acme, "a").await.unwrap() == contents);
            prop_assert_eq!(files.stat(&world.acme, &key("a")).await.unwrap(), info);
            Ok(())
        })
    });
    result.unwrap();
}

#[tokio::test]
async fn a_changed_object_is_refused() {
    let world = World::in_memory().await;
    let files = over(&world, keys(&world));
    let contents = text(3 * CHUNK + 100);
    put(&files, &world.acme, "a", &contents).await;
    let good = object(&world, "a").await;
    let sealed = CHUNK + 16;
    let mut changed: Vec<(&str, Vec<u8>)> = Vec::new();
    for (what, at) in [
        ("form", 0),
        ("id of the key", 10),
        ("key of the file", 40),
        ("first chunk", 84),
        ("tag", 84 + sealed - 1),
        ("last byte", good.len() - 1),
    ] {
        let mut other = good.clone();
        other[at] ^= 1;
        changed.push((what, other));
    }
    changed.push(("cut after a chunk", good[..84 + 2 * sealed].to_vec()));
    changed.push(("cut in a chunk", good[..84 + sealed + 500].to_vec()));
    changed.push(("no chunk", good[..84].to_vec()));
    changed.push(("half a header", good[..40].to_vec()));
    changed.push(("nothing", Vec::new()));
    changed.push(("a byte more", [&good[..], b"x"].concat()));
    let mut swapped = good.clone();
    let (one, rest) = swapped[84..].split_at_mut(sealed);
    one.swap_with_slice(&mut rest[..sealed]);
    changed.push(("chunks in another order", swapped));
    let chunk = |n: usize| &good[84 + n * sealed..84 + (n + 1) * sealed];
    changed.push((
        "a chunk twice",
        [&good[..84], chunk(0), chunk(0), &good[84 + 2 * sealed..]].concat(),
    ));
    changed.push((
        "a chunk left out",
        [&good[..84], chunk(0), &good[84 + 2 * sealed..]].concat(),
    ));
    changed.push(("another text", b"plain text".to_vec()));
    for (what, object) in changed {
        write(&world, &world.acme, "a", object).await;
        let got = read(&files, &world.acme, "a")
            .await
            .map(|bytes| bytes.len());
        let refused = match &got {
            Err(Error::Sealed) => true,
            // It came to light after the first chunks had been given.
            Err(Error::Source(cause)) => matches!(cause.downcast_ref(), Some(Error::Sealed)),
            _ => false,
        };
        assert!(refused, "{what}: {got:?}");
    }
    write(&world, &world.acme, "a", good).await;
    assert_eq!(read(&files, &world.acme, "a").await.unwrap(), contents);
}

#[tokio::test]
async fn an_object_opens_under_its_own_name_and_tenant_only() {
    let world = World::in_memory().await;
    let files = over(&world, keys(&world));
    put(&files, &world.acme, "a", b"canary").await;
    put(&files, &world.beta, "a", b"theirs").await;
    let object = object(&world, "a").await;
    write(&world, &world.acme, "b", object.clone()).await;
    write(&world, &world.beta, "b", object.clone()).await;
    write(&world, &world.beta, "a", object).await;
    for (scope, name) in [(&world.acme, "b"), (&world.beta, "b"), (&world.beta, "a")] {
        let got = read(&files, scope, name).await;
        assert!(matches!(got, Err(Error::Sealed)), "{name} {got:?}");
    }
    // A copy through us is another object.
    files
        .copy(&world.acme, &key("a"), &key("c"), Default::default())
        .await
        .unwrap();
    assert_eq!(read(&files, &world.acme, "c").await.unwrap(), b"canary");
}

#[tokio::test]
async fn a_tenant_whose_keys_are_destroyed_has_no_files_any_more() {
    for world in World::with_keys().await {
        let keys = keys(&world);
        let files = over(&world, keys.clone());
        put(&files, &world.acme, "a", b"canary").await;
        keys.rotate(&world.acme).await.unwrap();
        put(&files, &world.acme, "b", b"canary").await;
        put(&files, &world.beta, "a", b"theirs").await;
        assert_eq!(keys.destroy(&world.acme).await.unwrap(), 2);
        for name in ["a", "b"] {
            let got = read(&files, &world.acme, name).await;
            assert!(matches!(got, Err(Error::Sealed)), "{got:?}");
        }
        assert_eq!(read(&files, &world.beta, "a").await.unwrap(), b"theirs");
        // What comes later has a key of its own, which opens nothing of before.
        put(&files, &world.acme, "c", b"new").await;
        assert_eq!(read(&files, &world.acme, "c").await.unwrap(), b"new");
        assert!(matches!(
            read(&files, &world.acme, "a").await,
            Err(Error::Sealed)
        ));
    }
}

#[tokio::test]
async fn keys_are_renewed_and_no_object_is_touched() {
    for world in World::with_keys().await {
        let secret = |n: u8| Secret::new(std::array::from_fn(|at| (at as u8).wrapping_mul(37) ^ n));
        let ring =
            |names: &[u8]| KeyRing::from_named(names.iter().map(|n| (*n, secret(*n)))).unwrap();
        let old = keys_with(&world, ring(&[1]));
        put(&over(&world, old.clone()), &world.acme, "a", b"one").await;
        let before = object(&world, "a").await;
        // A new key of the tenant: older files stay as they are, and newer ones name another key.
        old.rotate(&world.acme).await.unwrap();
        put(&over(&world, old.clone()), &world.acme, "b", b"two").await;
        assert_ne!(before[8..24], object(&world, "b").await[8..24]);
        // A new key of the service opens what both have sealed, after which the old one is not needed.
        let both = keys_with(&world, ring(&[2, 1]));
        assert_eq!(both.rewrap(&world.acme).await.unwrap(), 2);
        let fresh = over(&world, keys_with(&world, ring(&[2])));
        for (name, wanted) in [("a", "one"), ("b", "two")] {
            assert_eq!(
                read(&fresh, &world.acme, name).await.unwrap(),
                wanted.as_bytes()
            );
            let refused = read(&over(&world, old.clone()), &world.acme, name).await;
            assert!(matches!(refused, Err(Error::Sealed)), "{refused:?}");
        }
        assert_eq!(object(&world, "a").await, before);
    }
}

#[tokio::test]
async fn many_first_files_make_one_key() {
    for world in World::with_keys().await {
        let files = over(&world, keys(&world));
        let names: Vec<Key> = (0..10).map(|n| key(&format!("f{n}"))).collect();
        let some = names
            .iter()
            .map(|name| (name.clone(), body(&["text"])))
            .collect();
        for result in files.put_many(&world.acme, some, Default::default()).await {
            result.unwrap();
        }
        assert_eq!(keys(&world).destroy(&world.acme).await.unwrap(), 1);
    }
}

#[test]
fn the_guards_are_those_of_the_entities() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/migrations/keys/postgres/0002_guards.sql"
    );
    saas_testkit::assert_reference(file, &KEYS_MODULE.guards());
}

#[tokio::test]
async fn the_tables_are_guarded_as_the_entities_say() {
    for world in World::with_keys().await {
        let modules = [&saas_tenancy::MODULE, &KEYS_MODULE];
        let findings = saas_tenancy::verify(world.db.database(), &modules)
            .await
            .unwrap();
        assert!(findings.is_empty(), "{findings:?}");
    }
}
