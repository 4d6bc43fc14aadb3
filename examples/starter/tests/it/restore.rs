//! A backup that is made while the service works.

use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::json;
use url::Url;

use crate::world::{Caller, PASSWORD, World, send};

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("`cargo xtask test` sets {name}"))
}

async fn run(mut command: Command) {
    let text = format!("{command:?}");
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}: {said}");
}

/// Copies the database as the book says, and gives the address of the copy.
async fn copied(world: &World) -> String {
    let Some(database) = &world.database else {
        // What `.backup` of the `sqlite3` program does.
        let script = "import sqlite3, sys\n\
             source, copy = (sqlite3.connect(path) for path in sys.argv[1:])\n\
             source.backup(copy)";
        let [from, to] = ["data/starter.db", "copy.db"].map(|name| world.folder.path().join(name));
        let mut python = Command::new(variable("TEST_PYTHON"));
        python.args(["-c", script]).args([&from, &to]);
        run(python).await;
        return format!("sqlite://{}", to.display());
    };
    let programs = variable("TEST_POSTGRES_PROGRAMS");
    let program = |name: &str| Command::new(Path::new(&programs).join(name));
    let file = world.folder.path().join("dump");
    let source = database.superuser_url();
    let mut dump = program("pg_dump");
    dump.args(["--format=custom", "--file"])
        .arg(&file)
        .arg(&source);
    run(dump).await;
    let mut copy = Url::parse(&source).unwrap();
    let name = format!("{}_copy", copy.path().trim_start_matches('/'));
    database
        .as_superuser(&format!(
            "CREATE DATABASE {name} OWNER {}",
            database.roles().1
        ))
        .await;
    copy.set_path(&name);
    let mut restore = program("pg_restore");
    restore
        .args(["--exit-on-error", "--dbname", copy.as_str()])
        .arg(&file);
    run(restore).await;
    let mut service = Url::parse(&database.service_url()).unwrap();
    service.set_path(&name);
    service.into()
}

/// Reads a list to its end, and gives a member of each item.
pub(crate) async fn all(caller: &Caller<'_>, url: &str, path: &str, member: &str) -> Vec<String> {
    let (mut found, mut query) = (Vec::new(), "limit=100".to_owned());
    loop {
        let request = caller.world.http.get(format!("{url}{path}?{query}"));
        let page = send(request.bearer_auth(&caller.token)).await;
        assert_eq!(page.status, 200, "{page:?}");
        let page = page.json();
        let items = page["items"].as_array().unwrap().iter();
        found.extend(items.map(|item| item[member].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => query = format!("limit=100&after={next}"),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_37_a_backup_under_load_is_of_one_moment_and_can_be_served() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let mut world = World::on(dialect, &[("RUST_LOG", "error,starter=info")]).await;
        world.sign_up("acme").await;
        let (made, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (before, copy) = {
            let acme = world.sign_in("acme", "owner@acme.test", PASSWORD).await;
            let writers = join_all((0..4).map(|writer| {
                let (acme, made, stop) = (&acme, &made, &stop);
                async move {
                    for number in 0.. {
                        let body = json!({ "name": format!("{writer}-{number}") });
                        let group = acme.post("/api/v1/groups", &body).await;
                        assert_eq!(group.status, 201, "{group:?}");
                        made.fetch_add(1, Ordering::SeqCst);
                        if stop.load(Ordering::SeqCst) {
                            break;
                        }
                    }
                }
            }));
            let backup = async {
                while made.load(Ordering::SeqCst) < 100 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                let before = made.load(Ordering::SeqCst);
                let copy = copied(&world).await;
                let at_its_end = made.load(Ordering::SeqCst);
                assert!(at_its_end > before, "nothing was written meanwhile");
                stop.store(true, Ordering::SeqCst);
                (before, copy)
            };
            tokio::join!(writers, backup).1
        };
        let all_made = made.load(Ordering::SeqCst);
        world.set("DATABASE_URL", &copy);
        if let Some(database) = &world.database {
            let mut owner = Url::parse(&database.owner_url()).unwrap();
            owner.set_path(Url::parse(&copy).unwrap().path());
            world.set("MIGRATE_DATABASE_URL", owner.as_str());
        }
        run(world.command(&["verify"])).await;
        {
            let restored = world.another();
            let form = crate::world::password_form("owner@acme.test", PASSWORD);
            let request = world.http.post(format!("{}/oauth/token", restored.url));
            let signed_in = send(request.header("x-tenant", "acme").form(&form)).await;
            assert_eq!(signed_in.status, 200, "{signed_in:?}");
            let acme = Caller {
                world: &world,
                token: signed_in.json()["access_token"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
                refresh: String::new(),
            };
            let mut groups = all(&acme, &restored.url, "/api/v1/groups", "id").await;
            // Of one moment: with each group its entry in the audit log, and none without one.
            let mut recorded = Vec::new();
            let objects = all(&acme, &restored.url, "/api/v1/audit", "object").await;
            for object in objects {
                recorded.extend(object.strip_prefix("group:").map(str::to_owned));
            }
            println!(
                "{dialect:?}: {before} made before the copy, {} in it, {all_made} in all",
                groups.len()
            );
            assert!((before..=all_made).contains(&groups.len()));
            groups.sort();
            recorded.sort();
            assert_eq!(groups, recorded, "{dialect:?}");
            // It is served as the one before was.
            let request = world.http.post(format!("{}/api/v1/projects", restored.url));
            let body = json!({ "name": "after" });
            let made = send(request.bearer_auth(&acme.token).json(&body)).await;
            assert_eq!(made.status, 201, "{made:?}");
        }
        if let Some(database) = &world.database {
            let name = Url::parse(&copy).unwrap();
            let name = name.path().trim_start_matches('/').to_owned();
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            database.as_superuser(&drop).await;
        }
        let live = send(world.request(Method::GET, "/health/ready")).await;
        assert_eq!(live.status, 200, "{live:?}");
    }
}
