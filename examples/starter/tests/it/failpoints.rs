//! A process that dies at a place of the test's choice, and is started again.

use std::time::{Duration, Instant};

use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::json;

use crate::world::{Answer, Caller, PASSWORD, World, try_send};

/// For what has no bound.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes a project under a key. Whoever dies meanwhile gives no answer.
async fn create(world: &World, token: &str, name: &str) -> Option<Answer> {
    let request = world.request(Method::POST, "/api/v1/projects");
    let request = request.bearer_auth(token).header("idempotency-key", name);
    try_send(request.json(&json!({ "name": name }))).await.ok()
}

/// Makes it, and waits until its key is nobody's any more.
async fn create_in_the_end(world: &World, token: &str, name: &str) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = create(world, token, name).await.unwrap();
        if answer.status == 201 {
            return answer;
        }
        answer.is_problem(409, "idempotency-in-flight");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        assert!(begun.elapsed() < PATIENCE, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn names(world: &World, token: String) -> Vec<String> {
    let refresh = String::new();
    let caller = Caller {
        world,
        token,
        refresh,
    };
    caller.names().await
}

/// Starts a process again that has died by itself, and dies no more.
async fn start_again(world: &mut World) {
    // By a signal.
    assert_eq!(world.ended().await, None);
    world.set("FAILPOINTS", "");
    world.restart();
}

/// Lets the process die after commits that nobody was told of, until it was both of those of a request with a key.
async fn dies_after_commits(dialect: Dialect) {
    let extra = [("SAAS__IDEMPOTENCY__LEASE", "1s")];
    let mut world = World::on(dialect, &extra).await;
    let token = world.sign_up("acme").await.token;
    world.kill();
    // Whether the claim of a key was lost, and whether the effect with its answer. What else the service does
    // commits, too, and may be hit instead.
    let (mut made, mut claim, mut effect) = (Vec::new(), false, false);
    for number in 0..6 {
        let passes = 4 + number % 2;
        let dies = format!("tenancy/after-commit={passes}*off->1*return(abort)");
        world.set("FAILPOINTS", &dies);
        world.restart();
        let lost = loop {
            let name = format!("project-{:03}", made.len());
            let answer = create(&world, &token, &name).await;
            made.push(name.clone());
            let Some(answer) = answer else { break name };
            assert_eq!(answer.status, 201, "{answer:?}");
        };
        start_again(&mut world).await;
        let again = create_in_the_end(&world, &token, &lost).await;
        match again.header("idempotent-replayed") {
            Some(_) => effect = true,
            None => claim = true,
        }
        if claim && effect {
            break;
        }
        world.kill();
    }
    assert!(claim && effect, "claim: {claim}, effect: {effect}");
    assert_eq!(names(&world, token).await, made, "{dialect:?}");
}

#[tokio::test]
async fn rel_12_on_sqlite_a_commit_that_nobody_was_told_of_is_done_once() {
    dies_after_commits(Dialect::Sqlite).await;
}

#[tokio::test]
async fn rel_12_on_postgres_a_commit_that_nobody_was_told_of_is_done_once() {
    dies_after_commits(Dialect::Postgres).await;
}

#[tokio::test]
async fn rel_12_a_key_that_was_claimed_by_who_died_is_in_flight_and_then_free() {
    let dies = "edge/request-claimed=1*return(abort)";
    let mut world = World::on(Dialect::Postgres, &[("FAILPOINTS", dies)]).await;
    let token = world.sign_up("acme").await.token;
    assert!(create(&world, &token, "once").await.is_none());
    start_again(&mut world).await;
    // Whoever claimed it could still be at work, for all that is known.
    let told = create(&world, &token, "once").await.unwrap();
    told.is_problem(409, "idempotency-in-flight");
    assert!(told.header("retry-after").is_some(), "{told:?}");
    assert!(names(&world, token.clone()).await.is_empty());
    // Other keys are not held up.
    let other = create(&world, &token, "another").await.unwrap();
    assert_eq!(other.status, 201, "{other:?}");

    world.kill();
    world.set("SAAS__IDEMPOTENCY__LEASE", "1s");
    world.restart();
    let first = create_in_the_end(&world, &token, "once").await;
    assert_eq!(first.header("idempotent-replayed"), None, "{first:?}");
    let again = create(&world, &token, "once").await.unwrap();
    assert!(again.header("idempotent-replayed").is_some(), "{again:?}");
    assert_eq!(names(&world, token).await, ["another", "once"]);
}

/// Gives the ids of the letters that were written.
fn letters(world: &World) -> Vec<String> {
    let folder = world.folder.path().join("data/outbox");
    let files = std::fs::read_dir(folder).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let letters = paths.filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
    let ids = letters.map(|path| {
        let letter = std::fs::read_to_string(path).unwrap();
        let id = letter
            .lines()
            .find_map(|line| line.strip_prefix("Message-ID: "));
        id.unwrap().to_owned()
    });
    ids.collect()
}

/// Waits until no event is to be delivered.
const ALL_DELIVERED: &str = "DO $$ BEGIN
         FOR tried IN 1..2000 LOOP
             IF NOT EXISTS (SELECT FROM saas_outbox) THEN
                 RETURN;
             END IF;
             PERFORM pg_sleep(0.01);
         END LOOP;
         RAISE EXCEPTION 'an event is not delivered';
     END $$";

#[tokio::test]
async fn an_event_that_was_handled_by_who_died_comes_once_more_and_its_letter_is_the_same() {
    let extra = [
        ("SAAS__OUTBOX__LEASE", "1s"),
        ("SAAS__OUTBOX__POLL_INTERVAL", "100ms"),
    ];
    let mut world = World::on(Dialect::Postgres, &extra).await;
    // A first start has events of its own.
    let database = world.database.as_ref().unwrap();
    database.as_superuser(ALL_DELIVERED).await;
    world.kill();
    std::fs::remove_dir_all(world.folder.path().join("data/outbox")).unwrap();
    world.set("FAILPOINTS", "tenancy/event-handled=1*return(abort)");
    world.restart();
    let body = json!({
        "tenant": { "slug": "acme", "name": "ACME" },
        "owner": { "email": "owner@acme.test", "password": PASSWORD, "name": "Owner" },
    });
    // Its answer and the letter go out at the same time.
    let signed_up = world.request(Method::POST, "/api/v1/signup").json(&body);
    if let Ok(answer) = try_send(signed_up).await {
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    assert_eq!(world.ended().await, None);
    let first = letters(&world);
    assert_eq!(first.len(), 1, "{first:?}");

    start_again(&mut world).await;
    let database = world.database.as_ref().unwrap();
    database.as_superuser(ALL_DELIVERED).await;
    // Whoever reads mail is shown one of two with the same id.
    assert_eq!(letters(&world), [&*first[0], &*first[0]]);
    world.sign_in("acme", "owner@acme.test", PASSWORD).await;
}
