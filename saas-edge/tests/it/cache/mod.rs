//! Values of one tenant are none of another's, and are as old as they may be.

#[cfg(feature = "redis")]
mod shared;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use saas_core::{Code, Problem};
use saas_edge::{CacheConfig, TenantCache};
use saas_tenancy::Scope;
use saas_testkit::TestDatabase;
use tokio::sync::Notify;
use tracing::Instrument as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub(super) type Texts = TenantCache<String, String>;

/// Two tenants and a cache.
struct World {
    db: TestDatabase,
    acme: Scope,
    beta: Scope,
    cache: Texts,
}

impl World {
    async fn new() -> Self {
        Self::with(CacheConfig::default()).await
    }

    async fn with(config: CacheConfig) -> Self {
        let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
        let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
        let cache = TenantCache::new("texts", &config, db.database());
        Self {
            acme: db.scope(&acme),
            beta: db.scope(&beta),
            cache,
            db,
        }
    }

    async fn invalidate(&self, scope: &Scope, key: &str) {
        let mut tx = self.db.database().write(scope);
        self.cache
            .invalidate(&mut tx, &key.to_owned())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

/// What a caller gets, to whom `fresh` is loaded where nothing is kept.
pub(super) async fn get(cache: &Texts, scope: &Scope, key: &str, fresh: &str) -> String {
    let fresh = Some(fresh.to_owned());
    let load = async move { Ok(fresh) };
    let got = cache.get_or_load(scope, &key.to_owned(), load).await;
    got.unwrap().unwrap()
}

#[tokio::test]
async fn a_value_belongs_to_the_tenant_that_stored_it() {
    let world = World::new().await;
    let World {
        acme, beta, cache, ..
    } = &world;
    assert_eq!(get(cache, acme, "key", "1").await, "1");
    assert_eq!(get(cache, beta, "key", "2").await, "2");
    assert_eq!(get(cache, acme, "key", "3").await, "1");
    world.invalidate(beta, "key").await;
    assert_eq!(get(cache, acme, "key", "3").await, "1");
    assert_eq!(get(cache, beta, "key", "4").await, "4");
    let mut tx = world.db.database().write(acme);
    cache.invalidate_all(&mut tx).await.unwrap();
    assert_eq!(get(cache, acme, "key", "5").await, "1", "before the commit");
    tx.commit().await.unwrap();
    assert_eq!(get(cache, acme, "key", "5").await, "5");
    assert_eq!(get(cache, beta, "key", "6").await, "4");
}

#[tokio::test]
async fn what_is_not_committed_invalidates_nothing() {
    let world = World::new().await;
    get(&world.cache, &world.acme, "key", "1").await;
    let mut tx = world.db.database().write(&world.acme);
    let key = "key".to_owned();
    world.cache.invalidate(&mut tx, &key).await.unwrap();
    drop(tx);
    assert_eq!(get(&world.cache, &world.acme, "key", "2").await, "1");
}

#[tokio::test]
async fn a_value_has_its_time_and_they_do_not_all_end_together() {
    let world = World::new().await;
    let World { acme, cache, .. } = &world;
    let keys: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let kept = async |label: &str| {
        let mut kept = 0;
        for key in &keys {
            kept += u32::from(get(cache, acme, key, label).await == "old");
        }
        kept
    };
    assert_eq!(kept("old").await, 100);
    world.db.clock().advance(Duration::from_millis(53_900));
    assert_eq!(kept("old").await, 100);
    world.db.clock().advance(Duration::from_secs(3));
    let left = kept("new").await;
    assert!((20..80).contains(&left), "{left}");
    world.db.clock().advance(Duration::from_millis(3_100));
    assert_eq!(kept("new").await, 0);
}

#[tokio::test]
async fn that_there_is_no_value_is_known_for_a_while_too() {
    let world = World::new().await;
    let key = "key".to_owned();
    let none = world
        .cache
        .get_or_load(&world.acme, &key, async { Ok(None) });
    assert_eq!(none.await.unwrap(), None);
    let known = async { panic!("it is known that there is none") };
    let again = world.cache.get_or_load(&world.acme, &key, known).await;
    assert_eq!(again.unwrap(), None);
    world.db.clock().advance(Duration::from_secs(10));
    assert_eq!(get(&world.cache, &world.acme, "key", "1").await, "1");
}

#[tokio::test]
async fn an_old_value_is_given_while_it_is_read_anew() {
    let mut config = CacheConfig::default();
    config.stale = Duration::from_secs(30).into();
    let world = World::with(config).await;
    let World { acme, cache, .. } = &world;
    get(cache, acme, "key", "old").await;
    world.db.clock().advance(Duration::from_secs(61));
    let (go, key) = (Arc::new(Notify::new()), "key".to_owned());
    let waits = Arc::clone(&go);
    let load = async move {
        waits.notified().await;
        Ok(Some("new".to_owned()))
    };
    let got = cache.get_or_load(acme, &key, load).await;
    assert_eq!(got.unwrap().as_deref(), Some("old"));
    go.notify_one();
    while get(cache, acme, "key", "never").await == "old" {
        tokio::task::yield_now().await;
    }
    assert_eq!(get(cache, acme, "key", "never").await, "new");
    // And not for ever.
    world.db.clock().advance(Duration::from_secs(91));
    assert_eq!(get(cache, acme, "key", "newer").await, "newer");
    assert_eq!(cache.counts().stale, 2, "{:?}", cache.counts());
}

#[tokio::test]
async fn rel_36_what_many_ask_for_is_loaded_once() {
    let world = World::new().await;
    let (loads, go) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let mut callers = Vec::new();
    for number in 0..100 {
        let (cache, scope) = (world.cache.clone(), world.acme.clone());
        let (loads, go) = (Arc::clone(&loads), Arc::clone(&go));
        callers.push(tokio::spawn(async move {
            let load = async move {
                loads.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                Ok(Some(number.to_string()))
            };
            cache.get_or_load(&scope, &"key".to_owned(), load).await
        }));
    }
    while world.cache.counts().waited < 99 {
        tokio::task::yield_now().await;
    }
    // Whoever came first does not wait any more.
    callers.remove(0).abort();
    go.notify_one();
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap().as_deref(), Some("0"));
    }
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn who_comes_after_a_change_does_not_get_what_was_read_before_it() {
    let world = World::new().await;
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (cache, scope) = (world.cache.clone(), world.acme.clone());
    let (begins, waits) = (Arc::clone(&begun), Arc::clone(&go));
    let slow = tokio::spawn(async move {
        let load = async move {
            begins.notify_one();
            waits.notified().await;
            Ok(Some("old".to_owned()))
        };
        cache.get_or_load(&scope, &"key".to_owned(), load).await
    });
    begun.notified().await;
    world.invalidate(&world.acme, "key").await;
    assert_eq!(get(&world.cache, &world.acme, "key", "new").await, "new");
    go.notify_one();
    assert_eq!(slow.await.unwrap().unwrap().as_deref(), Some("old"));
    assert_eq!(get(&world.cache, &world.acme, "other", "x").await, "x");
    // It arrived late, and is not kept in the place of the new one for long: neither is.
    let now = get(&world.cache, &world.acme, "key", "new").await;
    assert_eq!(now, "new");
}

#[tokio::test]
async fn what_fails_is_not_kept_and_a_panic_is_a_failure() {
    let world = World::new().await;
    let key = "key".to_owned();
    let fails = async { Err(Problem::new(Code::UNAVAILABLE)) };
    let failed = world.cache.get_or_load(&world.acme, &key, fails).await;
    assert_eq!(failed.unwrap_err().code(), Code::UNAVAILABLE);
    let panics = async { panic!("lost") };
    let failed = world.cache.get_or_load(&world.acme, &key, panics).await;
    assert_eq!(failed.unwrap_err().code(), Code::INTERNAL);
    assert_eq!(get(&world.cache, &world.acme, "key", "1").await, "1");
}

#[tokio::test]
async fn what_is_warmed_is_there_and_what_fails_is_left_to_whoever_asks() {
    let world = World::new().await;
    let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let load = |key: &String| {
        let (key, now, most) = (key.clone(), Arc::clone(&now), Arc::clone(&most));
        async move {
            let here = now.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(here, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            match key.as_str() {
                "7" => Err(Problem::new(Code::UNAVAILABLE)),
                _ => Ok(Some(format!("warm {key}"))),
            }
        }
    };
    let keys = (0..50).map(|number| number.to_string());
    assert_eq!(world.cache.warm(&world.acme, keys, load).await, 1);
    let most = most.load(Ordering::SeqCst);
    assert!((2..=8).contains(&most), "{most}");
    assert_eq!(get(&world.cache, &world.acme, "8", "cold").await, "warm 8");
    assert_eq!(get(&world.cache, &world.acme, "7", "cold").await, "cold");
    assert_eq!(get(&world.cache, &world.beta, "8", "cold").await, "cold");
}

/// What fails is logged with the request that asked first.
#[tokio::test]
async fn what_is_loaded_is_loaded_in_the_name_of_who_asked() {
    let _subscriber = tracing_subscriber::registry().set_default();
    let world = World::new().await;
    let load = async {
        let span = tracing::Span::current();
        Ok(span.metadata().map(|span| span.name().to_owned()))
    };
    let key = "key".to_owned();
    let got = world.cache.get_or_load(&world.acme, &key, load);
    let got = got.instrument(tracing::info_span!("who asked")).await;
    assert_eq!(got.unwrap().as_deref(), Some("who asked"));
}

#[tokio::test]
async fn the_number_of_values_is_bounded() {
    let mut config = CacheConfig::default();
    config.entries = 100;
    let world = World::with(config).await;
    for number in 0..2_000 {
        get(&world.cache, &world.acme, &number.to_string(), "value").await;
    }
    let entries = world.cache.counts().entries;
    assert!(entries <= 200, "{entries}");
}
