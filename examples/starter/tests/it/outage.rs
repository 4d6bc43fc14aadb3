//! A database that goes away, and comes back.

use std::time::{Duration, Instant};

use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::{Value, json};

use crate::{
    measure::transactions_end,
    world::{Answer, Caller, World, send},
};

/// So soon everything is answered while the database is gone: three seconds, and what a busy machine takes.
const BUDGET: Duration = Duration::from_secs(5);
/// So soon it works again.
const RECOVERY: Duration = Duration::from_secs(5);

async fn timed(answer: impl Future<Output = Answer>) -> Answer {
    let begun = Instant::now();
    let answer = answer.await;
    println!("{} after {:?}", answer.status, begun.elapsed());
    assert!(
        begun.elapsed() < BUDGET,
        "{:?}: {answer:?}",
        begun.elapsed()
    );
    answer
}

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn create(caller: &Caller<'_>, key: &str, name: &str) -> Answer {
    let request = caller.request(Method::POST, "/api/v1/projects");
    let request = request.header("idempotency-key", key);
    send(request.json(&json!({ "name": name }))).await
}

#[tokio::test]
async fn rel_01_32_a_database_that_is_gone_or_silent_is_told_in_time_and_used_again_when_it_is_back()
 {
    let (world, link) = World::behind_a_link(&[]).await;
    let owner = world.sign_up("acme").await;
    let mut kept = Vec::new();
    for fault in ["cut", "frozen"] {
        let name = format!("before it is {fault}");
        assert_eq!(
            create(&owner, &name.replace(' ', "-"), &name).await.status,
            201
        );
        kept.push(name);
        match fault {
            "cut" => link.cut(),
            _ => link.freeze(),
        }
        for _ in 0..3 {
            let (read, written, ready, live) = tokio::join!(
                timed(owner.get("/api/v1/projects")),
                timed(create(&owner, "while", "while")),
                timed(async { send(world.request(Method::GET, "/health/ready")).await }),
                timed(async { send(world.request(Method::GET, "/health/live")).await }),
            );
            for answer in [read, written] {
                answer.is_problem(503, "unavailable");
                assert!(answer.header("retry-after").is_some(), "{answer:?}");
            }
            assert_eq!((ready.status.as_u16(), live.status.as_u16()), (503, 200));
            assert_eq!(ready.json()["status"], "failing", "{ready:?}");
            let metrics = timed(async { send(world.request(Method::GET, "/metrics")).await });
            assert_eq!(metrics.await.status, 200, "{fault}");
        }
        link.restore();
        let back = Instant::now();
        let list = loop {
            let list = owner.get("/api/v1/projects").await;
            if list.status == 200 {
                break list.json();
            }
            assert!(back.elapsed() < RECOVERY, "{fault}: {list:?}");
        };
        let mut found = names(&list);
        found.sort();
        kept.sort();
        assert_eq!(found, kept, "{fault}");
        let ready = send(world.request(Method::GET, "/health/ready")).await;
        assert_eq!(ready.status, 200, "{ready:?}");
    }
    // What was under way is rolled back, or its connection closed.
    transactions_end(&world).await;
}

#[tokio::test]
async fn rel_03_a_commit_whose_answer_was_lost_is_not_done_twice() {
    let (world, link) = World::behind_a_link(&[]).await;
    let owner = world.sign_up("acme").await;
    // Whether the claim of the key was lost, and whether the effect with its answer. What else the service does
    // commits, too, and may be hit instead.
    let (mut claim, mut effect) = (false, false);
    for number in 0..60 {
        let name = format!("project-{number}");
        link.lose_commit(number % 3);
        let first = create(&owner, &name, &name).await;
        if first.status != 201 {
            first.is_problem(503, "unavailable");
        }
        let begun = Instant::now();
        let again = loop {
            let again = create(&owner, &name, &name).await;
            if again.status == 201 {
                break again;
            }
            assert!([409, 503].contains(&again.status.as_u16()), "{again:?}");
            assert!(begun.elapsed() < RECOVERY, "{again:?}");
        };
        let replayed = again.header("idempotent-replayed").is_some();
        match first.status.as_u16() {
            201 => assert!(replayed, "{again:?}"),
            _ if replayed => effect = true,
            _ => claim = true,
        }
        let list = owner.get("/api/v1/projects?limit=100").await.json();
        let found = names(&list).into_iter().filter(|found| *found == name);
        assert_eq!(found.count(), 1, "{number}: {list}");
        if claim && effect {
            return;
        }
    }
    panic!("claim: {claim}, effect: {effect}");
}

/// The clients are as load balancers: they ask whether it is ready, and send their requests elsewhere when it is not.
#[tokio::test]
async fn rel_13_at_the_end_it_says_so_first_and_nothing_that_was_asked_before_is_lost() {
    let extra = [("SAAS__SERVER__NOTICE", "10s")];
    let mut world = World::on(Dialect::Sqlite, &extra).await;
    {
        let owner = world.sign_up("acme").await;
        let clients = async {
            let client = async |number: usize| {
                let mut made = 0;
                loop {
                    let ready = send(world.request(Method::GET, "/health/ready")).await;
                    if ready.status == 503 {
                        let parts = ready.json();
                        assert_eq!(parts["checks"][0]["name"], "accepting", "{parts}");
                        return made;
                    }
                    let name = format!("{number}-{made}");
                    assert_eq!(create(&owner, &name, &name).await.status, 201);
                    made += 1;
                }
            };
            let made = tokio::join!(client(1), client(2), client(3), client(4));
            made.0 + made.1 + made.2 + made.3
        };
        let order = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            world.terminate();
        };
        let (made, ()) = tokio::join!(clients, order);
        assert!(made > 0);
        let live = send(world.request(Method::GET, "/health/live")).await;
        assert_eq!(live.status, 200);
    }
    assert_eq!(world.ended().await, Some(0));
}
