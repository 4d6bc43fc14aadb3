//! A service that is told to stop: under load, and before it has begun.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    process::{Child, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::interval_at;

use crate::{
    load::SOMEBODY_SLEEPS,
    measure::tier,
    migrating::{Fresh, said},
    restore::all,
    world::{PASSWORD, World, signal, try_send},
};

const CLIENTS: u32 = 50;

/// What one client was told.
#[derive(Default)]
struct Told {
    answered: u32,
    /// What was acknowledged.
    made: BTreeSet<String>,
    /// What the service did not say a word about.
    untold: BTreeSet<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_13_g20_under_load_every_request_that_was_accepted_is_answered() {
    let extra = [
        ("RUST_LOG", "error,starter=info"),
        ("SAAS__DATABASE__MAX_CONNECTIONS", "20"),
        ("SAAS__LIMITS__FAIR_SHARE__CONCURRENT", "100"),
    ];
    let (mut world, link) = World::behind_a_link(&extra).await;
    let token = world.sign_up("acme").await.token;
    // So that some are under way at any time.
    link.delay(Duration::from_millis(tier(20, 5)));
    let each_second = u32::try_from(tier(100, 500)).unwrap();
    let pause = Duration::from_secs(1) * CLIENTS / each_second;
    let ordered = AtomicBool::new(false);
    // Each with connections of its own.
    let clients: Vec<_> = (0..CLIENTS).map(|number| (number, Client::new())).collect();
    let begun = tokio::time::Instant::now();
    let client = async |(number, http): (u32, Client)| {
        let mut turns = interval_at(begun + pause / CLIENTS * number, pause);
        let mut told = Told::default();
        for turn in 0_u32.. {
            turns.tick().await;
            let url = format!("{}/api/v1/projects", world.url);
            let name = format!("{number}-{turn}");
            let writes = turn % 5 == number % 5;
            let request = match writes {
                true => http.post(url).json(&json!({ "name": name })),
                false => http.get(format!("{url}?limit=5")),
            };
            match try_send(request.bearer_auth(&token)).await {
                Ok(answer) => {
                    let right = if writes { 201 } else { 200 };
                    assert_eq!(answer.status, right, "{answer:?}");
                    told.answered += 1;
                    if writes {
                        told.made.insert(name);
                    }
                }
                // Before the order nobody is refused, and an answer that has begun comes to its end.
                Err(error) => {
                    let refused = ordered.load(Ordering::SeqCst) && error.is_request();
                    assert!(refused, "{error:?}");
                    if error.is_connect() {
                        return told;
                    }
                    // The connection was closed while the request was on its way. Then nothing of it was done.
                    told.untold.insert(name);
                }
            }
        }
        told
    };
    let order = async {
        tokio::time::sleep(Duration::from_secs(tier(2, 20))).await;
        ordered.store(true, Ordering::SeqCst);
        world.terminate();
        Instant::now()
    };
    let (told, order) = tokio::join!(join_all(clients.into_iter().map(client)), order);
    assert_eq!(world.ended().await, Some(0));
    let took = order.elapsed();
    let answered: u32 = told.iter().map(|told| told.answered).sum();
    let of_all = |part: fn(&Told) -> &BTreeSet<String>| -> BTreeSet<String> {
        told.iter().flat_map(part).cloned().collect()
    };
    let (made, untold) = (of_all(|told| &told.made), of_all(|told| &told.untold));
    println!(
        "{answered} requests answered, {} of them writes; {} came when their connection was closed; ended {took:?} after the order",
        made.len(),
        untold.len()
    );
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert!(told.iter().all(|told| told.answered > 0));

    link.restore();
    world.restart();
    let acme = world.sign_in("acme", "owner@acme.test", PASSWORD).await;
    let mut found = all(&acme, &world.url, "/api/v1/projects", "name").await;
    found.sort();
    let made: Vec<_> = made.into_iter().collect();
    assert_eq!(found, made, "without an answer: {untold:?}");
}

/// Lets the migration of the last module wait in its middle, until the gate is gone.
const HELD: &str = "CREATE TABLE gate AS SELECT 1 AS one; \
    GRANT SELECT ON gate TO PUBLIC; \
    CREATE FUNCTION hold() RETURNS event_trigger LANGUAGE plpgsql AS \
    $$ BEGIN \
        IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE '%.projects') THEN \
            WHILE EXISTS (SELECT FROM public.gate) LOOP PERFORM pg_sleep(0.02); END LOOP; \
        END IF; \
    END $$; \
    CREATE EVENT TRIGGER hold ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION hold();";

/// The table goes when nobody is in its statement any more, whose client is gone.
const LET_GO: [&str; 2] = [
    "DELETE FROM gate",
    "DROP EVENT TRIGGER hold; DROP FUNCTION hold(); DROP TABLE gate",
];

/// Waits for the end of a process, ten seconds at most.
async fn ended(process: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            return status;
        }
        if begun.elapsed() > Duration::from_secs(10) {
            process.kill().unwrap();
            process.wait().unwrap();
            panic!("it does not end");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn rel_14_who_is_told_to_stop_before_it_has_begun_ends_and_begins_anew() {
    for name in ["serve", "migrate"] {
        let fresh = Fresh::new().await;
        let command = |name| {
            let mut command = fresh.command(name);
            command
                .env("BIND", "127.0.0.1:0")
                .env("RUST_LOG", "warn,starter=info")
                .stderr(Stdio::null());
            command
        };
        fresh.database.as_superuser(HELD).await;
        let mut process = command(name).stdout(Stdio::null()).spawn().unwrap();
        fresh.database.as_superuser(SOMEBODY_SLEEPS).await;
        let begun = Instant::now();
        signal(process.id(), "TERM");
        let status = ended(&mut process).await;
        println!("{name}: {status} {:?} after the order", begun.elapsed());
        for statements in LET_GO {
            fresh.database.as_superuser(statements).await;
        }

        // The second time.
        if name == "serve" {
            let mut process = command(name).stdout(Stdio::piped()).spawn().unwrap();
            let lines = BufReader::new(process.stdout.take().unwrap()).lines();
            let mut lines = lines.map_while(Result::ok);
            let listens = lines.any(|line| {
                let event: Value = serde_json::from_str(&line).unwrap();
                event["message"] == "listening"
            });
            assert!(listens);
            signal(process.id(), "TERM");
            // The pipe is read to its end.
            for _ in lines {}
            assert_eq!(ended(&mut process).await.code(), Some(0));
        } else {
            let again = fresh.run(name);
            assert!(again.status.success(), "{}", said(&again));
        }
        let verified = fresh.run("verify");
        assert!(verified.status.success(), "{name}: {}", said(&verified));
    }
}
