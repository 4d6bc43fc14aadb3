//! A process that is killed under load loses nothing that it has acknowledged.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::json;
use tokio::sync::watch;

use crate::{
    measure::{percentile, tier, transactions_end},
    restore::all,
    world::{PASSWORD, World, send, try_send},
};

/// What was acknowledged: the names of projects, and the ids of groups, of which each has its entry in the audit log.
#[derive(Default)]
struct Acknowledged {
    projects: BTreeSet<String>,
    groups: BTreeSet<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_12_g16_every_acknowledged_write_is_there_after_kill_9() {
    let extra = [
        ("RUST_LOG", "error,starter=info"),
        ("SAAS__RBAC__MAX_GROUPS", "1000000"),
    ];
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let mut world = World::on(dialect, &extra).await;
        world.sign_up("acme").await;
        let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
        let mut ready = Vec::new();
        for round in 0..tier(3, 100) {
            let token = world
                .sign_in("acme", "owner@acme.test", PASSWORD)
                .await
                .token;
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    let kind = if writer == 0 { "groups" } else { "projects" };
                    let url = format!("{}/api/v1/{kind}", world.url);
                    let (http, token) = (world.http.clone(), token.clone());
                    let acknowledged = Arc::clone(&acknowledged);
                    tokio::spawn(async move {
                        for n in 0.. {
                            let name = format!("r{round}-w{writer}-{n}");
                            let request = http.post(&url).bearer_auth(&token);
                            let request = request.json(&json!({ "name": name }));
                            let Ok(answer) = try_send(request).await else {
                                break;
                            };
                            assert_eq!(answer.status, 201, "{answer:?}");
                            let id = answer.json()["id"].as_str().unwrap().to_owned();
                            let mut acknowledged = acknowledged.lock().unwrap();
                            match kind {
                                "groups" => acknowledged.groups.insert(id),
                                _ => acknowledged.projects.insert(name),
                            };
                        }
                    })
                })
                .collect();
            let enough = usize::try_from((round + 1) * tier(60, 500)).unwrap();
            let begun = Instant::now();
            loop {
                assert!(begun.elapsed() < Duration::from_secs(120), "they stand");
                let is_enough = {
                    let acknowledged = acknowledged.lock().unwrap();
                    let (projects, groups) = (&acknowledged.projects, &acknowledged.groups);
                    // Some of each kind in each round.
                    projects.len() + groups.len() >= enough
                        && groups.len() > usize::try_from(round).unwrap()
                };
                if is_enough {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            world.kill();
            for writer in writers {
                writer.await.unwrap();
            }
            let begun = Instant::now();
            world.restart();
            let answer = send(world.request(Method::GET, "/health/ready")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            ready.push(begun.elapsed());
        }
        let acme = world.sign_in("acme", "owner@acme.test", PASSWORD).await;
        let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
        let Acknowledged { projects, groups } = acknowledged;
        let found: BTreeSet<_> = all(&acme, &world.url, "/api/v1/projects", "name")
            .await
            .into_iter()
            .collect();
        let lost: Vec<_> = projects.difference(&found).collect();
        assert!(
            lost.is_empty(),
            "{dialect:?}: lost {lost:?} of {}",
            projects.len()
        );
        let mut found = all(&acme, &world.url, "/api/v1/groups", "id").await;
        let lost: Vec<_> = groups.iter().filter(|id| !found.contains(id)).collect();
        assert!(
            lost.is_empty(),
            "{dialect:?}: lost {lost:?} of {}",
            groups.len()
        );
        // Whole: with each row its entry in the audit log, and none without one.
        let objects = all(&acme, &world.url, "/api/v1/audit", "object").await;
        let recorded = objects.iter().filter_map(|of| of.strip_prefix("group:"));
        let mut recorded: Vec<_> = recorded.map(str::to_owned).collect();
        found.sort();
        recorded.sort();
        assert_eq!(found, recorded, "{dialect:?}");
        let slowest = percentile(&mut ready, 100);
        println!(
            "{dialect:?}: {} projects and {} groups acknowledged, none lost; ready again {slowest:?} after a start at the latest",
            projects.len(),
            groups.len()
        );
        assert!(slowest < Duration::from_secs(tier(20, 2)), "{slowest:?}");
    }
}

#[tokio::test]
async fn rel_13_a_request_under_way_is_finished_before_the_process_stops() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    // A body that arrives slowly keeps the request under way, until the process has been told to stop.
    let (end, ended) = watch::channel(false);
    let pieces = futures_util::stream::unfold(ended, |ended| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let goes_on = !*ended.borrow();
        goes_on.then(|| (Ok::<_, std::io::Error>(vec![b'x'; 65_536]), ended))
    });
    let upload = acme
        .request(Method::PUT, "/api/v1/files/slow")
        .body(reqwest::Body::wrap_stream(pieces));
    let upload = tokio::spawn(upload.send());
    world.receives().await;
    world.terminate();
    tokio::time::sleep(Duration::from_millis(500)).await;
    end.send_replace(true);
    assert_eq!(upload.await.unwrap().unwrap().status(), 201);
}

/// In the middle of a transaction, so that each has a connection, and on SQLite the only one that writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn htp_14_a_thousand_handlers_that_panic_cost_nobody_else_anything() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        // Connections that were in the middle are made anew, which may take its time on a busy machine.
        let extra = [
            ("RUST_LOG", "off,starter=info"),
            ("SAAS__DATABASE__ACQUIRE_TIMEOUT", "60s"),
        ];
        let mut world = World::on(dialect, &extra).await;
        let token = world.sign_up("acme").await.token;
        world.kill();
        world.set("FAILPOINTS", "tenancy/before-commit=1000*panic");
        // So that the letter of the sign-up does not use them up.
        world.set("SAAS__OUTBOX__POLL_INTERVAL", "1h");
        world.restart();
        let create = async |name: String| {
            let request = world.request(Method::POST, "/api/v1/projects");
            send(request.bearer_auth(&token).json(&json!({ "name": name }))).await
        };
        let mut panicked = 0;
        loop {
            let names = (0..8).map(|number| create(format!("p-{panicked}-{number}")));
            let answers = futures_util::future::join_all(names).await;
            let failed = answers.iter().filter(|answer| answer.status != 201);
            for answer in failed {
                answer.is_problem(500, "internal");
                assert!(!answer.text.contains("commit"), "{answer:?}");
                panicked += 1;
            }
            if answers.iter().all(|answer| answer.status == 201) {
                break;
            }
            assert!(panicked <= 1_000);
        }
        // What runs beside the requests commits, too, and is started again.
        assert!(panicked > 900, "{dialect:?}: {panicked}");
        let reads = send(world.request(Method::GET, "/health/ready")).await;
        assert_eq!(reads.status, 200, "{reads:?}");
        transactions_end(&world).await;
    }
}

/// Dies once at a place, and says what is there of a file afterwards.
async fn file_after_a_crash(dialect: Dialect, place: &str) -> u16 {
    let dies = format!("{place}=1*return(abort)");
    let mut world = World::on(dialect, &[("FAILPOINTS", &dies)]).await;
    let owner = world.sign_up("acme").await;
    let put = owner
        .request(Method::PUT, "/api/v1/files/a.txt")
        .body("text");
    assert!(put.send().await.is_err(), "{place}");
    let token = owner.token.clone();
    world.restart();
    let get = world.request(Method::GET, "/api/v1/files/a.txt");
    let found = send(get.bearer_auth(&token)).await;
    if found.status == 200 {
        assert_eq!(found.text, "text", "{place}");
    }
    found.status.as_u16()
}

#[tokio::test]
async fn sto_a_file_is_there_whole_or_not_wherever_the_process_dies() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let before = file_after_a_crash(dialect, "storage/file-received").await;
        let after = file_after_a_crash(dialect, "storage/file-kept").await;
        assert_eq!((before, after), (404, 200));
    }
}

#[tokio::test]
async fn the_places_where_a_test_can_let_the_service_fail_are_listed_and_no_others_are_taken() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let listed = world.command(&["failpoints"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(listed.lines().count(), 6, "{listed}");
    for place in ["tenancy/before-commit", "tenancy/after-commit"] {
        assert!(listed.lines().any(|line| line == place), "{listed}");
    }
    let unknown = world
        .command(&["serve"])
        .env("FAILPOINTS", "tenancy/nowhere=panic")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&unknown.stderr);
    assert!(
        !unknown.status.success() && said.contains("`tenancy/nowhere`"),
        "{said}"
    );
}
