//! A disk that is full.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::json;

use crate::world::{Answer, Caller, World, send};

/// So soon it works again.
const RECOVERY: Duration = Duration::from_secs(5);

/// No file of the process may grow, so that SQLite is refused what it writes; and PostgreSQL says of every row what it says
/// when a table cannot grow.
async fn fill(world: &World) {
    match &world.database {
        None => file_size(world, "0:unlimited"),
        Some(database) => {
            database
                .as_superuser(
                    "CREATE FUNCTION public.is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                       RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
                     END $$",
                )
                .await;
            each_table(world, "CREATE TRIGGER is_full BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION public.is_full()").await;
        }
    }
}

async fn make_room(world: &World) {
    match &world.database {
        None => file_size(world, "unlimited:unlimited"),
        Some(_) => each_table(world, "DROP TRIGGER is_full ON %s").await,
    }
}

fn file_size(world: &World, limits: &str) {
    let process = world.process_id().to_string();
    let mut limit = Command::new("prlimit");
    limit.args(["--pid", &process, &format!("--fsize={limits}")]);
    assert!(limit.status().unwrap().success());
}

async fn each_table(world: &World, statement: &str) {
    let each = format!(
        "DO $$ DECLARE name regclass; BEGIN
           FOR name IN SELECT oid FROM pg_class
             WHERE relkind = 'r' AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
           LOOP EXECUTE format('{statement}', name); END LOOP;
         END $$"
    );
    let database = world.database.as_ref().unwrap();
    database.as_superuser(&each).await;
}

async fn create(caller: &Caller<'_>, name: &str) -> Answer {
    let request = caller.request(Method::POST, "/api/v1/projects");
    let request = request.header("idempotency-key", name);
    send(request.json(&json!({ "name": name }))).await
}

#[tokio::test]
async fn rel_10_25_on_a_full_disk_reads_go_on_and_writes_wait_for_room() {
    for mut world in World::all().await {
        {
            let owner = world.sign_up("acme").await;
            assert_eq!(create(&owner, "before").await.status, 201);
            fill(&world).await;
            for _ in 0..3 {
                let refused = create(&owner, "meanwhile").await;
                refused.is_problem(503, "unavailable");
                assert!(refused.header("retry-after").is_some(), "{refused:?}");
                assert_eq!(owner.names().await, ["before"]);
                let live = send(world.request(Method::GET, "/health/live")).await;
                assert_eq!(live.status, 200, "{live:?}");
            }
            make_room(&world).await;
            let back = Instant::now();
            loop {
                let made = create(&owner, "after").await;
                if made.status == 201 {
                    break;
                }
                made.is_problem(503, "unavailable");
                assert!(back.elapsed() < RECOVERY, "{made:?}");
            }
        }
        // Nothing is half there, also for who begins anew.
        world.kill();
        if world.database.is_none() {
            assert_eq!(integrity(&world), "ok\n");
        }
        world.restart();
        let owner = world
            .sign_in("acme", "owner@acme.test", crate::world::PASSWORD)
            .await;
        let mut names = owner.names().await;
        names.sort();
        assert_eq!(names, ["after", "before"]);
    }
}

fn integrity(world: &World) -> String {
    let python = std::env::var("TEST_PYTHON").expect("`cargo xtask test` says where Python is");
    let script = "import sqlite3, sys\n\
         print(*sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone())";
    let mut python = Command::new(python);
    let file = world.folder.path().join("data/starter.db");
    let output = python.args(["-c", script]).arg(file).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
