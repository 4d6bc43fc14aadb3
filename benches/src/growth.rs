//! How the starter does over a database that has grown.

use std::{path::Path, time::Instant};

use reqwest::Client;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

use crate::{
    http::median,
    process::memory,
    record::{Records, counted},
    server::{Server, seed},
};

const COUNTS: [usize; 5] = [1, 100, 1_000, 10_000, 100_000];
/// How often each request is made.
const ASKED: usize = 500;

/// What there is many of, and how more of it comes from what is there. Of the users of a tenant 40,000 have a role, as a
/// tenant has 50,000 rules at most.
const KINDS: [(&str, &[&str]); 2] = [
    (
        "tenants",
        &[
            "INSERT INTO saas_tenants SELECT unhex(replace(id, '-', '')), 'many-' || number, name, status, created_at, updated_at
             FROM more, (SELECT name, status, created_at, updated_at FROM saas_tenants LIMIT 1)",
        ],
    ),
    (
        "users of one tenant",
        &[
            "INSERT INTO saas_accounts
             SELECT unhex(replace(more.id, '-', '')), more.id || '@many.test', more.id || '@many.test', password_hash,
                    provisional, status, generation, verified_at, created_at, updated_at
             FROM more, (SELECT password_hash, provisional, status, generation, verified_at, created_at, updated_at FROM saas_accounts LIMIT 1)",
            "INSERT INTO saas_memberships
             SELECT tenant_id, unhex(replace(more.id, '-', '')), more.id || '@many.test', name, active, version, created_at, updated_at
             FROM more, (SELECT tenant_id, name, active, version, created_at, updated_at FROM saas_memberships LIMIT 1)",
            "INSERT INTO saas_policy_rules (tenant_id, id, ptype, v0, v1, v2, v3, v4)
             SELECT tenant_id, unhex(replace(more.id, '-', '')), ptype, 'user:' || more.id, v1, v2, v3, v4
             FROM more, (SELECT tenant_id, ptype, v1, v2, v3, v4 FROM saas_policy_rules WHERE ptype = 'g' LIMIT 1)
             WHERE number < 40000",
        ],
    ),
];

/// Measures the start and the requests of a starter on SQLite.
pub(crate) async fn measure(program: &Path) {
    let mut records = Records::default();
    for (kind, statements) in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let planted = seed(program, folder.path(), None);
        let row = planted["projects"][0].as_str().unwrap();
        let mut there = 1;
        for count in COUNTS {
            grow(&folder, there, count, statements).await;
            there = count;
            // The first one brings the file into the caches of the machine.
            drop(Server::starter(program, folder.path(), None));
            let mut starts = Vec::new();
            let server = loop {
                let begun = Instant::now();
                let server = Server::starter(program, folder.path(), None);
                starts.push(begun.elapsed().as_secs_f64() * 1e3);
                if starts.len() == 5 {
                    break server;
                }
            };
            let idle = memory(server.id());
            let token = server.sign_in(&planted).await;
            let asked = |path: String| ask(&server, &token, path);
            let path = format!("/api/v1/projects/{row}");
            let (first, row) = asked(path).await;
            let (_, members) = asked("/api/v1/members?limit=20".to_owned()).await;
            let figures = [
                ("ms to start", median(starts.into_iter())),
                ("MiB then", idle),
                ("ms for the first row", first / 1e3),
                ("us for a row", row),
                ("us for 20 members", members),
                ("MiB at the end", memory(server.id())),
            ];
            let table = format!("The starter, by the number of {kind}");
            records.add(&table, &counted(count), &figures);
        }
    }
    records.save("growth");
}

async fn grow(folder: &TempDir, from: usize, to: usize, statements: &[&'static str]) {
    let url = format!(
        "sqlite://{}",
        folder.path().join("data/starter.db").display()
    );
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let numbers = "WITH RECURSIVE numbers(number) AS (SELECT ?1 UNION ALL SELECT number + 1 FROM numbers WHERE number + 1 < ?2)
         INSERT INTO more SELECT number, '01890000-0000-7000-8000-' || printf('%012x', number) FROM numbers WHERE number < ?2";
    let mut begun = connection.begin().await.unwrap();
    sqlx::query("CREATE TEMP TABLE more (number, id)")
        .execute(&mut *begun)
        .await
        .unwrap();
    sqlx::query(numbers)
        .bind(i64::try_from(from).unwrap())
        .bind(i64::try_from(to).unwrap())
        .execute(&mut *begun)
        .await
        .unwrap();
    for statement in statements {
        sqlx::query(*statement).execute(&mut *begun).await.unwrap();
    }
    begun.commit().await.unwrap();
    connection.close().await.unwrap();
}

/// How long the first request takes, and the median of others that come one after the other, in microseconds.
async fn ask(server: &Server, token: &str, path: String) -> (f64, f64) {
    let (client, url) = (Client::new(), format!("{}{path}", server.url));
    let mut times = Vec::new();
    for _ in 0..=ASKED {
        let begun = Instant::now();
        let answer = client.get(&url).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap();
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    (times[0], median(times.into_iter().skip(1)))
}
