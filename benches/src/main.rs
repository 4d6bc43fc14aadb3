//! The scoped read of the starter beside the same read in bare axum and sqlx, in one run.
//!
//! `benches <starter>` gets the path of a starter built for release; `cargo xtask bench` calls it. Each server is a process
//! of its own on the same database file or server, gets the same requests from the same client, and takes turns with the other
//! over several rounds. What is compared is the processor time of the server for each request, because it bears a noisy machine;
//! the requests per second stand beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot run has failed"
)]

mod bare;
mod load;
mod passwords;
mod server;
mod tenants;

use std::path::PathBuf;

use load::Measured;
use saas_testkit::TestDatabase;
use server::Server;

const ROUNDS: usize = 5;
const REQUESTS: usize = 5_000;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["bare", database] => bare::serve(database).await,
        ["passwords"] => passwords::measure().await,
        ["tenants"] => tenants::measure().await,
        [starter] => {
            let starter = PathBuf::from(starter).canonicalize().unwrap();
            compare("SQLite", &starter, None).await;
            if std::env::var_os("TEST_DATABASE_URL").is_some() {
                let database = TestDatabase::postgres(&[]).await;
                compare(
                    "PostgreSQL with row-level security",
                    &starter,
                    Some(&database),
                )
                .await;
            } else {
                println!("PostgreSQL: not measured, TEST_DATABASE_URL is not set");
            }
        }
        _ => panic!("benches <path of the starter> | passwords | tenants"),
    }
}

async fn compare(name: &str, starter: &std::path::Path, database: Option<&TestDatabase>) {
    let folder = tempfile::tempdir().unwrap();
    let planted = server::seed(starter, folder.path(), database);
    let bare_database = match database {
        // The bare server knows no tenant, so it connects as one who may see everything.
        Some(database) => server::superuser(&database.service_url()),
        None => format!(
            "sqlite://{}",
            folder.path().join("data/starter.db").display()
        ),
    };
    let bare = Server::bare(&bare_database);
    let ours = Server::starter(starter, folder.path(), database);
    let token = ours.sign_in(&planted).await;
    let project = planted["projects"][0].as_str().unwrap();
    let bare_target = (format!("{}/projects/{project}", bare.url), None);
    let our_target = (
        format!("{}/api/v1/projects/{project}", ours.url),
        Some(token),
    );
    // Warm: the rules are loaded, the statements prepared, the token known.
    load::run(&bare_target, 500).await;
    load::run(&our_target, 500).await;
    let (mut bare_runs, mut our_runs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // The order changes, so that neither always comes first.
        let turns = if round % 2 == 0 {
            [true, false]
        } else {
            [false, true]
        };
        for is_bare in turns {
            let (server, target, runs) = match is_bare {
                true => (&bare, &bare_target, &mut bare_runs),
                false => (&ours, &our_target, &mut our_runs),
            };
            let before = server.processor_seconds();
            let seconds = load::run(target, REQUESTS).await;
            let used = server.processor_seconds() - before;
            runs.push(Measured {
                per_second: REQUESTS as f64 / seconds,
                processor: used * 100_000.0 / REQUESTS as f64,
            });
        }
    }
    let (bare, ours) = (load::median(&bare_runs), load::median(&our_runs));
    println!(
        "\n{name}: one row by id, 32 connections, median of {ROUNDS} rounds of {REQUESTS} requests"
    );
    println!(
        "  bare axum + sqlx   {:>8.0} requests/s   {:>6.2} CPU s per 100k",
        bare.per_second, bare.processor
    );
    println!(
        "  starter            {:>8.0} requests/s   {:>6.2} CPU s per 100k",
        ours.per_second, ours.processor
    );
    println!(
        "  ratio, CPU of the server: {:.2}",
        ours.processor / bare.processor
    );
}
