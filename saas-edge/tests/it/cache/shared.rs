//! What instances share in Redis, and what they tell each other.

use std::{sync::Arc, time::Duration};

use redis::AsyncCommands as _;
use saas_core::{
    Secret,
    bus::{EventBus as _, Signal},
};
use saas_edge::{CacheConfig, RedisBus, RedisConfig, RedisConnection};
use saas_tenancy::{Database, Scope};
use saas_testkit::{TestDatabase, TestRedis};
use tokio::{task::JoinHandle, time::timeout};

use super::{Texts, get};

/// How long something may take that usually takes a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

fn config(redis: &TestRedis) -> RedisConfig {
    let mut config = RedisConfig::default();
    config.url = Some(Secret::from(redis.url()));
    config.prefix = redis.prefix().to_owned();
    config.timeout = Duration::from_secs(2).into();
    config.pause = Duration::from_millis(20).into();
    config
}

/// One instance of a service.
struct Instance {
    database: Database,
    redis: RedisConnection,
    cache: Texts,
    watching: JoinHandle<()>,
}

impl Instance {
    async fn new(database: &Database, redis: &TestRedis) -> Self {
        let connection = RedisConnection::open(&config(redis)).await;
        let connection = connection.unwrap().unwrap();
        let cache = Texts::new("texts", &CacheConfig::default(), database);
        let cache = cache.with_redis(connection.clone());
        let watched = cache.clone();
        Self {
            database: database.clone(),
            redis: connection,
            cache,
            watching: tokio::spawn(async move { watched.watch().await }),
        }
    }

    async fn get(&self, scope: &Scope, key: &str, fresh: &str) -> String {
        get(&self.cache, scope, key, fresh).await
    }

    async fn invalidate(&self, scope: &Scope, key: &str) {
        let mut tx = self.database.write(scope);
        let key = key.to_owned();
        self.cache.invalidate(&mut tx, &key).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Waits until it hears of changes.
    async fn follows(&self, other: &Self, scope: &Scope) {
        timeout(PATIENCE, async {
            loop {
                self.get(scope, "follows?", "old").await;
                other.invalidate(scope, "follows?").await;
                tokio::time::sleep(Duration::from_millis(20)).await;
                if self.get(scope, "follows?", "new").await == "new" {
                    return;
                }
                other.invalidate(scope, "follows?").await;
            }
        })
        .await
        .expect("it hears of changes");
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// Two instances on two connections to one PostgreSQL and one Redis.
struct World {
    _db: TestDatabase,
    acme: Scope,
    beta: Scope,
    redis: TestRedis,
    first: Instance,
    second: Instance,
}

impl World {
    async fn new(redis: TestRedis) -> Self {
        let db = TestDatabase::postgres(&[&saas_tenancy::MODULE]).await;
        let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
        let other = db.another_instance(2).await;
        let first = Instance::new(db.database(), &redis).await;
        let second = Instance::new(&other, &redis).await;
        let (acme, beta) = (db.scope(&acme), db.scope(&beta));
        first.follows(&second, &acme).await;
        second.follows(&first, &acme).await;
        Self {
            acme,
            beta,
            redis,
            first,
            second,
            _db: db,
        }
    }

    async fn client(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.redis.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }
}

#[tokio::test]
async fn what_one_instance_has_loaded_the_others_find() {
    let world = World::new(TestRedis::shared()).await;
    let World {
        acme,
        beta,
        first,
        second,
        ..
    } = &world;
    assert_eq!(first.get(acme, "key", "1").await, "1");
    assert_eq!(second.get(acme, "key", "2").await, "1");
    assert_eq!(second.get(beta, "key", "3").await, "3");
    assert_eq!(first.get(beta, "key", "4").await, "3");
    // What is not there is found as well.
    let none = async { Ok(None) };
    let gone = "gone".to_owned();
    first.cache.get_or_load(acme, &gone, none).await.unwrap();
    let known = async { panic!("it is known that there is none") };
    let found = second.cache.get_or_load(acme, &gone, known).await;
    assert_eq!(found.unwrap(), None);
}

#[tokio::test]
async fn what_one_instance_changes_the_others_forget() {
    let world = World::new(TestRedis::shared()).await;
    let World {
        acme,
        beta,
        first,
        second,
        ..
    } = &world;
    let hears = async |key: &str| {
        timeout(PATIENCE, async {
            while second.get(acme, key, "new").await != "new" {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .expect("the other hears of it");
    };
    for round in 0..20 {
        let [one, two] = [format!("one {round}"), format!("two {round}")];
        for key in [&one, &two] {
            first.get(acme, key, "old").await;
            second.get(acme, key, "old").await;
        }
        first.get(beta, &one, "beta's").await;
        first.invalidate(acme, &one).await;
        // At once where it was changed, although Redis may not know yet.
        assert_eq!(first.get(acme, &one, "new").await, "new");
        hears(&one).await;
        assert_eq!(second.get(acme, &two, "new").await, "old");
        let mut tx = first.database.write(acme);
        first.cache.invalidate_all(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(first.get(acme, &two, "new").await, "new");
        hears(&two).await;
        assert_eq!(second.get(beta, &one, "new").await, "beta's");
    }
}

#[tokio::test]
async fn a_change_that_redis_did_not_hear_of_is_not_undone_by_its_return() {
    let mut world = World::new(TestRedis::own()).await;
    let (acme, first) = (world.acme.clone(), &world.first);
    first.get(&acme, "key", "old").await;
    // The server keeps what it has, and answers nobody.
    world.redis.freeze();
    first.invalidate(&acme, "key").await;
    assert_eq!(first.get(&acme, "key", "new").await, "new");
    world.redis.thaw();
    for instance in [&world.first, &world.second] {
        timeout(PATIENCE, instance.redis.connected()).await.unwrap();
        timeout(PATIENCE, async {
            while instance.get(&acme, "key", "new").await != "new" {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("the old value is forgotten");
    }
    // And without Redis everything goes on.
    world.redis.kill();
    assert_eq!(world.first.get(&acme, "other", "1").await, "1");
    assert_eq!(world.first.get(&acme, "other", "2").await, "1");
}

#[tokio::test]
async fn nobody_makes_values_up_who_can_write_to_redis() {
    let world = World::new(TestRedis::shared()).await;
    let World {
        acme,
        beta,
        first,
        second,
        ..
    } = &world;
    first.get(acme, "key", "secret of acme").await;
    first.get(beta, "key", "secret of beta").await;
    let mut client = world.client().await;
    let pattern = format!("{}cache:texts:*", world.redis.prefix());
    let names: Vec<String> = client.keys(pattern).await.unwrap();
    let values = |scope: &Scope| {
        let tenant = scope.tenant().id().to_string();
        let is_value = |name: &&String| name.rsplit(':').next().is_some_and(|end| end.len() == 64);
        let of = names.iter().filter(move |name| name.contains(&tenant));
        of.filter(is_value).collect::<Vec<_>>()
    };
    // What is acme's is put where beta's is, and what is no value where acme's was.
    for name in values(acme) {
        let sealed: Vec<u8> = client.get(name).await.unwrap();
        assert!(!sealed.windows(6).any(|bytes| bytes == b"secret"));
        for of_beta in values(beta) {
            let _: () = client.set(of_beta, &sealed).await.unwrap();
        }
        let _: () = client.set(name, "made up").await.unwrap();
    }
    assert_eq!(second.get(beta, "key", "loaded").await, "loaded");
    assert_eq!(second.get(acme, "key", "loaded").await, "loaded");
}

#[tokio::test]
async fn signals_travel_by_redis_where_the_database_cannot_pass_them_on() {
    let mut redis = TestRedis::own();
    let db = TestDatabase::pooled(&[&saas_tenancy::MODULE]).await;
    assert!(db.database().is_pooled());
    let scope = db.scope(&db.tenant("acme").await);
    let connection = RedisConnection::open(&config(&redis))
        .await
        .unwrap()
        .unwrap();
    let bus = Arc::new(RedisBus::new(connection.clone()));
    let database = db.database().clone().with_bus(bus.clone());
    let mut signals = database.signals("topic");
    let mut next = async || timeout(PATIENCE, signals.next()).await.expect("a signal");
    assert_eq!(next().await, Signal::Gap);
    let send = async |text: &str, commit: bool| {
        let mut tx = database.write(&scope);
        tx.signal("topic", text.to_owned()).await.unwrap();
        if commit {
            tx.commit().await.unwrap();
        }
    };
    send("undone", false).await;
    send("done", true).await;
    assert_eq!(next().await, Signal::Message("done".to_owned()));
    // Whoever was away is told that he may have missed something, and nothing that was committed is lost for good.
    redis.kill();
    send("meanwhile", true).await;
    assert!(bus.publish("topic", "x").await.is_err());
    redis.start();
    assert_eq!(next().await, Signal::Gap);
    timeout(PATIENCE, connection.connected()).await.unwrap();
    send("later", true).await;
    let mut heard = next().await;
    if heard == Signal::Message("meanwhile".to_owned()) {
        heard = next().await;
    }
    assert_eq!(heard, Signal::Message("later".to_owned()));
}

/// A server that comes back with what it had written down, or a replica that takes its place.
#[tokio::test]
async fn what_was_forgotten_does_not_come_back_with_a_server_that_knew_it() {
    let mut world = World::new(TestRedis::own()).await;
    let acme = world.acme.clone();
    world.first.get(&acme, "key", "old").await;
    // Changes before may have been on their way.
    timeout(PATIENCE, async {
        while world.second.get(&acme, "key", "other").await != "old" {
            world.first.invalidate(&acme, "key").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            world.first.get(&acme, "key", "old").await;
        }
    })
    .await
    .expect("it is in Redis");
    let mut client = world.client().await;
    let () = redis::cmd("SAVE").query_async(&mut client).await.unwrap();
    world.first.invalidate(&acme, "key").await;
    assert_eq!(world.first.get(&acme, "key", "new").await, "new");
    world.redis.kill();
    world.redis.start();
    let mut client = world.client().await;
    let pattern = format!("{}cache:texts:*", world.redis.prefix());
    let names: Vec<String> = client.keys(pattern).await.unwrap();
    assert!(!names.is_empty(), "it has what it had");
    // Nothing of it is in the memory of an instance that has just begun.
    let third = Instance::new(&world.first.database, &world.redis).await;
    timeout(PATIENCE, third.redis.connected()).await.unwrap();
    assert_eq!(third.get(&acme, "key", "newest").await, "newest");
    // It does not end while it connects, which the database would wait for.
    third.follows(&world.first, &acme).await;
}
