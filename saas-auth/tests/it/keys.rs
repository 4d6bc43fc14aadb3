//! Signing keys: made once, rotated with overlap, sealed.

use std::{sync::Arc, time::Duration};

use saas_auth::{Identity, Keys, TokenError};
use saas_core::KeyRing;
use saas_tenancy::{Database, DatabaseConfig, Dialect, SystemScope, Value};
use saas_testkit::TestSetup;

use crate::{
    forge::Forge,
    world::{PASSWORD, World, at_once},
};

/// How long a retired key verifies.
const OVERLAP: Duration = Duration::from_secs(3665);

fn kids(keys: &Keys) -> Vec<String> {
    let mut kids: Vec<_> = keys.public().keys.into_iter().map(|key| key.kid).collect();
    kids.sort();
    kids
}

async fn token(world: &World) -> String {
    let answer = world.sign_in(&world.acme, "ann@acme.test", PASSWORD).await;
    answer.field("access_token")
}

#[tokio::test]
async fn instances_that_start_at_once_end_with_the_same_keys() {
    for world in World::all().await {
        world.system("DELETE FROM saas_signing_keys", &[]).await;
        let world = Arc::new(world);
        let loaded = at_once(6, |_| {
            let world = world.clone();
            Box::pin(async move {
                let instance = world.db.another_instance(2).await;
                let keys = Keys::load_or_create(&instance, OVERLAP).await.unwrap();
                instance.close().await;
                kids(&keys)
            })
        })
        .await;
        assert_eq!(loaded[0].len(), 4);
        for other in &loaded {
            assert_eq!(*other, loaded[0]);
        }
    }
}

#[tokio::test]
async fn jwt_21_every_token_stays_good_through_a_rotation_and_the_old_key_ends_after_its_overlap() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let before_it = kids(world.identity.keys());
        // Another instance that has not heard of the rotation yet.
        let instance = world.db.another_instance(2).await;
        let (registry, clock) = (world.db.registry(), world.db.clock());
        let theirs = Identity::load(&instance, &registry, world.identity.config());
        let theirs = theirs.await.unwrap();
        let before = token(&world).await;
        world.identity.keys().rotate().await.unwrap();
        let after = token(&world).await;
        let header = |token: &str| token.split('.').next().unwrap().to_owned();
        assert_ne!(header(&before), header(&after));
        for token in [&before, &after] {
            assert!(world.identity.verifier().verify(token).is_ok());
            assert!(
                theirs.verifier().verify(token).is_ok(),
                "the next key is known ahead"
            );
        }
        let published = kids(world.identity.keys());
        assert_eq!(published.len(), 6);
        assert!(before_it.iter().all(|kid| published.contains(kid)));
        // The overlap of the key is shorter than this token: its key ends before it does.
        clock.advance(OVERLAP - Duration::from_secs(300));
        let late = token(&world).await;
        clock.advance(Duration::from_secs(301));
        assert!(world.identity.verifier().verify(&late).is_ok());
        assert!(world.identity.verifier().verify(&before).is_err());
        world.identity.keys().reload().await.unwrap();
        assert_eq!(kids(world.identity.keys()).len(), 4);
        instance.close().await;
    }
}

#[tokio::test]
async fn a_retired_key_verifies_nothing_after_its_overlap_even_what_has_not_expired() {
    let forge = Forge::new().await;
    let header = forge.header();
    forge.world.identity.keys().rotate().await.unwrap();
    forge.world.db.clock().advance(OVERLAP);
    let long = forge.sign(&header, &forge.claims());
    assert_eq!(forge.refusal(&long), None);
    forge.world.db.clock().advance(Duration::from_secs(1));
    // Not reloaded: the end of the key was known when it was loaded.
    assert_eq!(forge.refusal(&long), Some(TokenError::Signature));
}

#[tokio::test]
async fn jwt_22_a_key_that_is_withdrawn_takes_the_remembered_tokens_with_it() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let before = token(&world).await;
        world.identity.keys().rotate().await.unwrap();
        let after = token(&world).await;
        assert!(world.identity.verifier().verify(&before).is_ok());
        let withdraw = "DELETE FROM saas_signing_keys WHERE state = 'retired'";
        assert_eq!(world.system(withdraw, &[]).await, 2);
        world.identity.keys().reload().await.unwrap();
        let refused = world.identity.verifier().verify(&before).err();
        assert_eq!(refused, Some(TokenError::Signature));
        assert!(world.identity.verifier().verify(&after).is_ok());
    }
}

#[tokio::test]
async fn instances_that_rotate_at_once_rotate_once() {
    for world in World::all().await {
        let before = kids(world.identity.keys());
        let world = Arc::new(world);
        let after = at_once(4, |_| {
            let world = world.clone();
            Box::pin(async move {
                let instance = world.db.another_instance(2).await;
                let keys = Keys::load_or_create(&instance, OVERLAP).await.unwrap();
                keys.rotate().await.unwrap();
                instance.close().await;
            })
        });
        // All of them load first or some see the first rotation done; in neither case is a key lost.
        after.await;
        world.identity.keys().reload().await.unwrap();
        let now = kids(world.identity.keys());
        assert!(now.len() > before.len());
        assert!(
            before.iter().all(|kid| now.contains(kid)),
            "{before:?} {now:?}"
        );
        let stale = &world.identity.keys();
        let other = Keys::load_or_create(world.db.database(), OVERLAP)
            .await
            .unwrap();
        other.rotate().await.unwrap();
        let rotated = kids(&other);
        // One that loaded before the rotation of another does not rotate on top of it.
        stale.rotate().await.unwrap();
        assert_eq!(kids(stale), rotated);
    }
}

#[tokio::test]
async fn jwt_23_the_key_set_holds_public_members_of_the_active_and_the_next_key() {
    for world in World::all().await {
        let answer = world.who("/.well-known/jwks.json", &[]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["cache-control"], "public, max-age=300");
        let set = answer.json();
        let keys = set["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 4);
        for key in keys {
            let mut members: Vec<_> = key.as_object().unwrap().keys().cloned().collect();
            members.sort();
            let expected: &[&str] = match key["alg"].as_str() {
                Some("EdDSA") => &["alg", "crv", "kid", "kty", "use", "x"],
                _ => &["alg", "crv", "kid", "kty", "use", "x", "y"],
            };
            assert_eq!(members, expected);
            assert_eq!(key["x"].as_str().unwrap().len(), 43);
        }
    }
}

#[tokio::test]
async fn a_row_that_the_master_key_did_not_seal_verifies_nothing() {
    for world in World::all().await {
        // Somebody who can write to the table plants a key of his own.
        let sealed = vec![1; 160];
        let values = [
            Value::Text("planted".to_owned()),
            Value::Text("EdDSA".to_owned()),
            Value::Bytes(vec![7; 32]),
            Value::Bytes(sealed),
            Value::Timestamp(world.db.now()),
        ];
        let plant = "INSERT INTO saas_signing_keys (kid, algorithm, public_key, private_key, state, created_at, retired_at) \
                     VALUES ($1, $2, $3, $4, 'retired', $5, $5)";
        assert_eq!(world.system(plant, &values).await, 1);
        let known = kids(world.identity.keys());
        assert!(world.identity.keys().reload().await.is_err());
        // What was loaded before stays in use.
        assert_eq!(kids(world.identity.keys()), known);
    }
}

#[tokio::test]
async fn a_public_key_that_was_exchanged_in_the_table_is_not_believed() {
    let forge = Forge::new().await;
    let values = [Value::Bytes(vec![7; 32])];
    let exchange = "UPDATE saas_signing_keys SET public_key = $1";
    assert_eq!(forge.world.system(exchange, &values).await, 4);
    forge.world.identity.keys().reload().await.unwrap();
    assert_eq!(forge.refusal(&forge.good()), None);
}

#[tokio::test]
async fn keys_open_with_their_master_key_only() {
    for world in World::all().await {
        let clock = world.db.clock().clone();
        let mut config = DatabaseConfig::new(world.db.service_url());
        config.max_connections = 1;
        let other = KeyRing::generate().unwrap();
        let database = Database::connect(&config, other, clock).await.unwrap();
        let error = Keys::load_or_create(&database, OVERLAP).await.unwrap_err();
        assert!(error.to_string().contains("master key"), "{error}");
        database.close().await;
    }
}

#[tokio::test]
async fn signing_keys_are_visible_to_the_service_alone() {
    let world = World::on(Dialect::Postgres).await;
    let mut tx = world.db.database().read(&world.db.scope(&world.acme));
    let rows = tx
        .rls_only("SELECT kid FROM saas_signing_keys", &[])
        .await
        .unwrap();
    assert!(rows.is_empty());
    drop(tx);
    let mut tx = world
        .db
        .database()
        .system_read(&SystemScope::<TestSetup>::enter());
    let rows = tx
        .fetch_all("SELECT kid FROM saas_signing_keys", &[])
        .await
        .unwrap();
    assert_eq!(rows.len(), 4);
}
