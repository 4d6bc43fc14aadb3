//! What is special about counting in Redis: its memory, its time, and that it can be gone.

use std::{sync::Arc, time::Duration};

use redis::AsyncCommands as _;
use saas_core::{
    FixedClock, Secret,
    health::{Check as _, Health},
    limit::{Quota, RateLimiter},
};
use saas_edge::{RedisConfig, RedisConnection, RedisLimiter};
use saas_testkit::TestRedis;

use super::conformance::{Instances, clock, flood, key};

const HOUR: Duration = Duration::from_secs(3600);

fn config(redis: &TestRedis) -> RedisConfig {
    let mut config = RedisConfig::default();
    config.url = Some(Secret::from(redis.url()));
    config.prefix = redis.prefix().to_owned();
    // Slow machines answer too.
    config.timeout = Duration::from_secs(5).into();
    config.pause = Duration::from_millis(20).into();
    config
}

async fn open(config: &RedisConfig) -> RedisConnection {
    RedisConnection::open(config).await.unwrap().unwrap()
}

async fn limiter(config: &RedisConfig) -> (Arc<RedisLimiter>, RedisConnection, Arc<FixedClock>) {
    let (connection, clock) = (open(config).await, clock());
    let limiter = RedisLimiter::new(connection.clone(), clock.clone());
    (Arc::new(limiter), connection, clock)
}

pub(super) async fn instances() -> Instances {
    with(&config(&TestRedis::shared())).await
}

async fn with(config: &RedisConfig) -> Instances {
    let (first, connection, clock) = limiter(config).await;
    let (second, _, other_clock) = limiter(config).await;
    assert!(connection.is_connected());
    Instances {
        limiters: [first, second],
        clocks: [clock, other_clock],
    }
}

/// A connection of the test, to look and to plant.
async fn client(redis: &TestRedis) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(redis.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn keys(redis: &TestRedis) -> Vec<String> {
    let pattern = format!("{}limit:*", redis.prefix());
    client(redis).await.keys(pattern).await.unwrap()
}

#[tokio::test]
async fn rat_09_a_key_expires_when_its_quota_is_full_again() {
    let redis = TestRedis::shared();
    let (limiter, ..) = limiter(&config(&redis)).await;
    let quota = Quota::new(10, Duration::from_secs(60));
    for _ in 0..3 {
        limiter.take(&key("a"), quota).await.unwrap();
    }
    let found = keys(&redis).await;
    let [name] = found.as_slice() else {
        panic!("{found:?}")
    };
    let millis: i64 = client(&redis).await.pttl(name).await.unwrap();
    assert!((170_000..=180_000).contains(&millis), "{millis}");
    for _ in 0..3 {
        limiter.give_back(&key("a"), quota).await;
    }
    assert_eq!(keys(&redis).await, Vec::<String>::new());
    // What nobody reads, nobody learns from a look at the server.
    assert!(!name.contains("test/"), "{name}");
}

#[tokio::test]
async fn rat_11_a_server_whose_clock_was_set_back_refuses_for_no_longer_than_the_quota_does() {
    let redis = TestRedis::shared();
    let (limiter, ..) = limiter(&config(&redis)).await;
    let quota = Quota::new(2, Duration::from_secs(60));
    limiter.take(&key("a"), quota).await.unwrap();
    let name = keys(&redis).await.remove(0);
    // As if it had been written by a clock that was ten years ahead.
    let written: i64 = client(&redis).await.get(&name).await.unwrap();
    let ahead = written + 315_360_000_000_000;
    let () = client(&redis).await.set(&name, ahead).await.unwrap();
    let limited = limiter.take(&key("a"), quota).await.unwrap_err();
    assert!(limited.retry_after() <= quota.period(), "{limited:?}");
    // And what is no number counts for nothing.
    let () = client(&redis).await.set(&name, "none").await.unwrap();
    let left = limiter.take(&key("a"), quota).await.unwrap();
    assert_eq!(left.remaining(), 1);
}

#[tokio::test]
async fn a_script_that_the_server_has_forgotten_is_given_to_it_again() {
    let redis = TestRedis::own();
    let (limiter, connection, _) = limiter(&config(&redis)).await;
    let quota = Quota::new(3, HOUR);
    limiter.take(&key("a"), quota).await.unwrap();
    let mut client = client(&redis).await;
    let () = redis::cmd("SCRIPT")
        .arg("FLUSH")
        .query_async(&mut client)
        .await
        .unwrap();
    limiter.take(&key("a"), quota).await.unwrap();
    limiter.give_back(&key("a"), quota).await;
    assert!(connection.is_connected());
    assert_eq!(keys(&redis).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_redis_each_instance_counts_by_itself_and_afterwards_together_again() {
    let mut redis = TestRedis::own();
    let config = config(&redis);
    let (first, connection, _) = limiter(&config).await;
    let (second, other, _) = limiter(&config).await;
    let limiters: [Arc<dyn RateLimiter>; 2] = [first.clone(), second.clone()];
    let clocks = [clock(), clock()];
    let instances = Instances { limiters, clocks };
    let quota = Quota::new(20, HOUR);
    for _ in 0..5 {
        first.take(&key("a"), quota).await.unwrap();
    }
    redis.kill();
    // What the first has let through it remembers: 15 and 20 are left to the two.
    assert_eq!(flood(&instances, key("a"), quota, 100).await, 35);
    assert!(!connection.is_connected() && !other.is_connected());
    let said = connection.check().await;
    assert_eq!(said, Err("does not answer".to_owned()));
    let report = Health::default().with(connection.clone()).report().await;
    assert_eq!((report.status, report.is_ok()), ("degraded", true));
    // Credentials: what was used up stays so, and a new key has its burst and no more.
    first.take(&key("a"), quota).await.unwrap_err();
    assert_eq!(flood(&instances, key("b"), quota, 100).await, 40);

    redis.start();
    connection.connected().await;
    other.connected().await;
    assert_eq!(connection.check().await, Ok(()));
    // Redis has forgotten; the instances have not.
    first.take(&key("a"), quota).await.unwrap_err();
    second.take(&key("b"), quota).await.unwrap_err();
    assert_eq!(flood(&instances, key("c"), quota, 100).await, 20);
}

#[tokio::test]
async fn a_redis_that_hangs_costs_one_timeout_and_then_nothing() {
    let redis = TestRedis::own();
    let mut config = config(&redis);
    let timeout = Duration::from_secs(2);
    config.timeout = timeout.into();
    let (limiter, connection, _) = limiter(&config).await;
    let quota = Quota::new(1000, HOUR);
    limiter.take(&key("a"), quota).await.unwrap();
    connection.connected().await;
    redis.freeze();
    let begun = std::time::Instant::now();
    limiter.take(&key("a"), quota).await.unwrap();
    assert!(begun.elapsed() >= timeout, "it was asked");
    assert!(!connection.is_connected());
    let begun = std::time::Instant::now();
    for _ in 0..100 {
        limiter.take(&key("a"), quota).await.unwrap();
        limiter.give_back(&key("a"), quota).await;
    }
    assert!(begun.elapsed() < timeout, "nobody asks it any more");
    redis.thaw();
    connection.connected().await;
    limiter.take(&key("a"), quota).await.unwrap();
    assert!(connection.is_connected());
}

#[tokio::test]
async fn a_server_that_takes_nothing_is_as_good_as_gone() {
    let redis = TestRedis::own();
    let (limiter, connection, _) = limiter(&config(&redis)).await;
    let mut client = client(&redis).await;
    let mut set = async |name: &str, value: &str| {
        let mut command = redis::cmd("CONFIG");
        command.arg("SET").arg(name).arg(value);
        command.exec_async(&mut client).await.unwrap();
    };
    set("maxmemory", "1").await;
    let quota = Quota::new(3, HOUR);
    assert_eq!(limiter.take(&key("a"), quota).await.unwrap().remaining(), 2);
    assert_eq!(limiter.take(&key("a"), quota).await.unwrap().remaining(), 1);
    assert!(!connection.is_connected());
    set("maxmemory", "0").await;
    connection.connected().await;
    limiter.take(&key("a"), quota).await.unwrap();
    limiter.take(&key("a"), quota).await.unwrap_err();
}

#[tokio::test]
async fn a_service_starts_without_redis_and_not_with_a_url_that_is_none() {
    let mut redis = TestRedis::own();
    redis.kill();
    let mut config = config(&redis);
    config.connect_timeout = Duration::from_millis(200).into();
    let (limiter, connection, _) = limiter(&config).await;
    assert!(!connection.is_connected());
    let quota = Quota::new(1, HOUR);
    limiter.take(&key("a"), quota).await.unwrap();
    limiter.take(&key("a"), quota).await.unwrap_err();
    redis.start();
    connection.connected().await;

    config.url = Some(Secret::from("postgres://user:hush@host/"));
    let error = RedisConnection::open(&config).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("redis.url") && !text.contains("hush"),
        "{text}"
    );
    config.url = None;
    assert!(RedisConnection::open(&config).await.unwrap().is_none());
}

#[tokio::test]
async fn tls_is_spoken_where_the_url_says_so() {
    // The server speaks none, so there is no connection, and no plain one instead.
    let redis = TestRedis::own();
    let mut config = config(&redis);
    config.connect_timeout = Duration::from_millis(500).into();
    let url = redis.url().replace("redis://", "rediss://");
    config.url = Some(Secret::new(url));
    let (limiter, connection, _) = limiter(&config).await;
    assert!(!connection.is_connected());
    limiter.take(&key("a"), Quota::new(1, HOUR)).await.unwrap();
}
