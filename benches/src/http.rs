//! The same work over HTTP, by hand, by the starter and by what teams use elsewhere, in one run.
//!
//! Each server is a process of its own on the same database, gets the same requests from the same client, and takes turns with
//! the others in an order that changes. What is compared is the processor time for each request, of the server and the database
//! together, because it bears a noisy machine.

use std::{path::Path, time::Duration};

use saas_testkit::TestDatabase;
use sqlx::Connection as _;
use uuid::Uuid;

use crate::{
    by_hand,
    load::{self, Round, Target, Work},
    process,
    record::Records,
    server::{self, Server},
};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1500);
/// Rules of casbin, and rules of the tenant that the starter serves.
const RULES: [usize; 4] = [10, 100, 1_000, 10_000];
const STARTER: &str = "starter, a tenant of 10,000 rules";
const SECRET: &str = "a secret of the benchmark that is long enough";

struct Rival {
    name: String,
    server: Server,
    target: Target,
}

/// Compares on SQLite, and on PostgreSQL where there is one.
pub(crate) async fn measure(starter: &Path) {
    let mut records = Records::default();
    compare("SQLite", starter, None, &mut records).await;
    if std::env::var_os("TEST_DATABASE_URL").is_some() {
        let database = TestDatabase::postgres(&[]).await;
        let name = "PostgreSQL with row-level security in the starter";
        compare(name, starter, Some(&database), &mut records).await;
    } else {
        println!("PostgreSQL: not measured, TEST_DATABASE_URL is not set");
    }
    records.save("http");
}

async fn compare(
    name: &str,
    starter: &Path,
    database: Option<&TestDatabase>,
    records: &mut Records,
) {
    let folder = tempfile::tempdir().unwrap();
    let planted = server::seed(starter, folder.path(), database);
    let url = match database {
        // Who knows no tenant connects as one who may see everything.
        Some(database) => database.superuser_url(),
        None => format!(
            "sqlite://{}",
            folder.path().join("data/starter.db").display()
        ),
    };
    let id = |value: &serde_json::Value| value.as_str().unwrap().parse::<Uuid>().unwrap();
    let (tenant, user) = (id(&planted["id"]), id(&planted["users"][0]["id"]));
    let postmaster = match database {
        Some(_) => Some(postmaster(&url).await),
        None => None,
    };
    give_rules(&url, tenant, *RULES.last().unwrap()).await;
    let mut rivals = Vec::new();
    let mut enter = |name: &str, server: Server, path: &str, token: Option<String>| {
        let target = Target {
            list: format!("{}{path}", server.url),
            id: planted["projects"][0].as_str().unwrap().to_owned(),
            token,
        };
        let name = name.to_owned();
        rivals.push(Rival {
            name,
            server,
            target,
        });
    };
    let bare = Server::by_hand(&["bare", &url, &tenant.to_string()]);
    enter(
        "axum + sqlx by hand, one tenant, no sign-in",
        bare,
        "/projects",
        None,
    );
    let token = by_hand::token(SECRET, user, tenant);
    for rules in RULES {
        let [user, tenant, rules] = [user.to_string(), tenant.to_string(), rules.to_string()];
        let wired = Server::by_hand(&["wired", &url, SECRET, &user, &tenant, &rules]);
        let name = format!("axum + jsonwebtoken + casbin by hand, {rules} rules");
        enter(&name, wired, "/projects", Some(token.clone()));
    }
    let ours = Server::starter(starter, folder.path(), database);
    let session = ours.sign_in(&planted).await;
    enter(STARTER, ours, "/api/v1/projects", Some(session));
    let member = format!("{user}:{tenant}:admin");
    for (name, server) in server::peers(&url, SECRET, &member).await {
        enter(name, server, "/projects", Some(token.clone()));
    }
    // Enough rows for a list, and everything warm.
    for rival in &rivals {
        for work in Work::ALL.into_iter().rev() {
            load::run(&rival.target, work, Duration::from_millis(200)).await;
        }
    }
    for work in Work::ALL {
        let table = format!("{name}: {}", work.name());
        let rounds = turns(&rivals, work, postmaster).await;
        let limit = median(rounds[0].iter().map(Used::processor));
        for (rival, rounds) in rivals.iter().zip(&rounds) {
            let processor = median(rounds.iter().map(Used::processor));
            let spread = rounds.iter().map(|used| used.processor() / processor);
            let (low, high) = spread.fold((f64::MAX, 0.0_f64), |(low, high), at| {
                (low.min(at), high.max(at))
            });
            let figures = [
                ("CPU s per 100k", processor),
                (
                    "of them in the database",
                    median(rounds.iter().map(|used| used.database)),
                ),
                ("times the limit", processor / limit),
                ("lowest round", low),
                ("highest round", high),
                (
                    "requests/s",
                    median(
                        rounds
                            .iter()
                            .map(|used| used.round.requests as f64 / used.round.seconds),
                    ),
                ),
                (
                    "p50 ms",
                    median(rounds.iter().map(|used| used.round.percentile(50))),
                ),
                (
                    "p99 ms",
                    median(rounds.iter().map(|used| used.round.percentile(99))),
                ),
                ("MiB", process::memory_of_all(rival.server.id())),
            ];
            records.add(&table, &rival.name, &figures);
        }
    }
}

/// What one round cost, in processor seconds per 100,000 requests.
struct Used {
    round: Round,
    server: f64,
    database: f64,
}

impl Used {
    fn processor(&self) -> f64 {
        self.server + self.database
    }
}

async fn turns(rivals: &[Rival], work: Work, postmaster: Option<u32>) -> Vec<Vec<Used>> {
    let mut rounds: Vec<Vec<Used>> = rivals.iter().map(|_| Vec::new()).collect();
    let mut order: Vec<usize> = (0..rivals.len()).collect();
    for round in 0..ROUNDS {
        // Nobody is always first, or always behind the same.
        let (by, even) = (round * 3 % order.len(), round % 2 == 0);
        order.rotate_left(by);
        if even {
            order.reverse();
        }
        for &at in &order {
            let server = rivals[at].server.id();
            let now = || {
                let database = postmaster.map(process::processor_seconds_of_all);
                (
                    process::processor_seconds_of_all(server),
                    database.unwrap_or_default(),
                )
            };
            let before = now();
            let round = load::run(&rivals[at].target, work, ROUND).await;
            let after = now();
            let each = 100_000.0 / round.requests as f64;
            rounds[at].push(Used {
                round,
                server: (after.0 - before.0) * each,
                database: (after.1 - before.1) * each,
            });
        }
    }
    rounds
}

pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The process that the server's processes are children of.
async fn postmaster(url: &str) -> u32 {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    process::parent(backend.try_into().unwrap())
}

/// Gives so many people a role in the tenant.
async fn give_rules(url: &str, tenant: Uuid, rules: usize) {
    let sqlite = url.starts_with("sqlite:");
    let literal = |id: Uuid| match sqlite {
        true => format!("X'{}'", id.simple()),
        false => format!("'{id}'"),
    };
    let rows: Vec<String> = (0..rules)
        .map(|_| {
            let (id, user) = (Uuid::now_v7(), Uuid::now_v7());
            let (owner, id) = (literal(tenant), literal(id));
            format!("({owner}, {id}, 'g', 'user:{user}', 'role:user', '{tenant}', '', '')")
        })
        .collect();
    for some in rows.chunks(500) {
        let sql = format!(
            "INSERT INTO saas_policy_rules (tenant_id, id, ptype, v0, v1, v2, v3, v4) VALUES {}",
            some.join(", ")
        );
        let sql: &'static str = sql.leak();
        if sqlite {
            let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        } else {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
    }
}
