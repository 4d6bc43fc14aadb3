//! Links that are slow, or say nothing: to the database, and to Redis.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use saas_tenancy::Dialect;
use saas_testkit::{FaultyLink, TestRedis};
use serde_json::json;

use crate::{
    measure::{percentile, transactions_end},
    world::{Answer, Caller, World, linked, send},
};

/// So soon it works again.
const RECOVERY: Duration = Duration::from_secs(5);

/// What a machine with other work needs besides.
const SLACK: Duration = Duration::from_secs(5);

fn write(caller: &Caller<'_>, name: &str) -> RequestBuilder {
    let request = caller.request(Method::POST, "/api/v1/projects");
    request
        .header("idempotency-key", name)
        .json(&json!({ "name": name }))
}

async fn timed(request: RequestBuilder) -> (Duration, Answer) {
    let begun = Instant::now();
    let answer = send(request).await;
    (begun.elapsed(), answer)
}

#[tokio::test]
async fn rel_32_a_database_that_is_far_away_is_waited_for() {
    let (world, link) = World::behind_a_link(&[]).await;
    let owner = world.sign_up("acme").await;
    let id = owner.project("near").await;
    // There and back again.
    let far = Duration::from_millis(200);
    link.delay(far / 2);
    let read = || owner.request(Method::GET, "/api/v1/projects");
    let (took, answer) = timed(read()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(took >= far, "it did not ask: {took:?}");
    let path = format!("/api/v1/projects/{id}");
    let change = owner.request(Method::PATCH, &path);
    let change = change.header("if-match", "\"1\"");
    let change = change.json(&json!({ "name": "changed" }));
    // Readiness has two seconds, and may have to open a connection: six round trips with its question.
    let ready = world.request(Method::GET, "/health/ready");
    let answers = tokio::join!(timed(read()), timed(change), timed(ready));
    for (took, answer) in [answers.0, answers.1, answers.2] {
        println!("over a link of {far:?}: {took:?}");
        assert_eq!(answer.status, 200, "{took:?}: {answer:?}");
    }
    link.restore();
    assert_eq!(owner.names().await, ["changed"]);
    transactions_end(&world).await;
}

#[tokio::test]
async fn rel_01_a_database_that_is_too_slow_is_told_in_time_and_used_again_when_it_is_not() {
    let budget = Duration::from_secs(1);
    let extra = [
        ("SAAS__EDGE__HANDLER_TIMEOUT", "1s"),
        // A key that could not be freed in time is free again then.
        ("SAAS__IDEMPOTENCY__LEASE", "2s"),
    ];
    let (world, link) = World::behind_a_link(&extra).await;
    let owner = world.sign_up("acme").await;
    let late = Duration::from_secs(2);
    link.delay(late);
    for _ in 0..2 {
        let read = owner.request(Method::GET, "/api/v1/projects");
        let ready = world.request(Method::GET, "/health/ready");
        let live = world.request(Method::GET, "/health/live");
        let (read, written, ready, live) = tokio::join!(
            timed(read),
            timed(write(&owner, "while-it-is-slow")),
            timed(ready),
            timed(live)
        );
        for (took, answer) in [read, written] {
            answer.is_problem(503, "unavailable");
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            assert!(took < budget + SLACK, "{took:?}: {answer:?}");
        }
        for ((took, answer), status) in [(ready, 503), (live, 200)] {
            assert_eq!(answer.status, status, "{answer:?}");
            assert!(took < budget + SLACK, "{took:?}: {answer:?}");
        }
    }
    link.restore();
    // What is under way is late to the last.
    let back = Instant::now();
    loop {
        let again = send(write(&owner, "while-it-is-slow")).await;
        if again.status == 201 {
            break;
        }
        assert!([409, 503].contains(&again.status.as_u16()), "{again:?}");
        assert!(back.elapsed() < late * 2 + RECOVERY, "{again:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("it works again after {:?}", back.elapsed());
    assert_eq!(owner.names().await, ["while-it-is-slow"]);
    let ready = send(world.request(Method::GET, "/health/ready")).await;
    assert_eq!(ready.status, 200, "{ready:?}");
    transactions_end(&world).await;
}

async fn health(world: &World) -> (u16, String) {
    let answer = send(world.request(Method::GET, "/health/ready")).await;
    let status = answer.json()["status"].as_str().unwrap().to_owned();
    (answer.status.as_u16(), status)
}

/// Requests that count, of several kinds at once, and how long each took.
async fn asked(caller: &Caller<'_>, name: &str) -> Vec<Duration> {
    let requests = [
        caller.request(Method::GET, "/api/v1/me"),
        caller.request(Method::GET, "/api/v1/settings"),
        caller.request(Method::GET, "/api/v1/projects"),
        write(caller, name),
    ];
    let asked = join_all(requests.map(timed)).await;
    let took = asked.into_iter().map(|(took, answer)| {
        assert!(answer.status.is_success(), "{name}: {answer:?}");
        took
    });
    took.collect()
}

/// Breaks the link to Redis in some way, and looks what requests pay for it.
async fn redis_behind_a_link(name: &str, breaks: impl Fn(&FaultyLink, Duration)) {
    let patience = Duration::from_secs(1);
    let redis = TestRedis::shared();
    let (url, link) = linked(redis.url(), 6379);
    let extra = [
        ("REDIS_URL", url.as_str()),
        ("SAAS__REDIS__PREFIX", redis.prefix()),
        ("SAAS__REDIS__TIMEOUT", "1s"),
        ("SAAS__REDIS__PAUSE", "50ms"),
    ];
    let world = World::on(Dialect::Sqlite, &extra).await;
    let acme = world.sign_up("acme").await;
    assert_eq!(health(&world).await, (200, "ok".to_owned()));
    breaks(&link, patience);
    // Who finds it out waits once, and nobody after him.
    let first = percentile(&mut asked(&acme, "first").await, 100);
    let mut later = Vec::new();
    for number in 0..5 {
        later.extend(asked(&acme, &format!("later-{number}")).await);
    }
    let later = percentile(&mut later, 75);
    println!("{name}: {first:?} at first, and {later:?} (p75) later");
    assert!(first > patience / 2, "it did not ask: {first:?}");
    assert!(first < patience + SLACK, "{first:?}");
    assert!(later < patience / 2, "{later:?}");
    assert_eq!(health(&world).await, (200, "degraded".to_owned()));

    link.restore();
    let back = Instant::now();
    while health(&world).await.1 != "ok" {
        assert!(back.elapsed() < Duration::from_secs(20), "it comes back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("{name}: asked again {:?} after its return", back.elapsed());
    asked(&acme, "again").await;
    assert_eq!(health(&world).await, (200, "ok".to_owned()));
}

#[tokio::test]
async fn rel_32_a_redis_that_says_nothing_costs_one_timeout() {
    redis_behind_a_link("silent", |link, _| link.freeze()).await;
}

#[tokio::test]
async fn rel_32_a_redis_that_is_too_slow_costs_one_timeout() {
    // Each way.
    redis_behind_a_link("slow", |link, patience| link.delay(patience)).await;
}
