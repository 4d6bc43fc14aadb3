//! How much traffic is let through, and that one tenant's flood leaves the others alone.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use futures_util::{
    StreamExt as _,
    stream::{self, FuturesUnordered},
};
use reqwest::{Method, StatusCode};
use saas_tenancy::Dialect;
use saas_testkit::TestRedis;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    measure::tier,
    world::{World, send},
};

const ME: &str = "/api/v1/me";

#[tokio::test]
async fn rat_01_of_one_caller_the_burst_passes_and_the_rest_is_told_when() {
    let quota = [
        ("SAAS__LIMITS__PRINCIPAL__BURST", "5"),
        ("SAAS__LIMITS__PRINCIPAL__PERIOD", "1h"),
    ];
    let world = World::on(Dialect::Sqlite, &quota).await;
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    for left in (0..5).rev() {
        let answer = acme.get(ME).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let said = answer.headers.get_all("ratelimit").iter();
        let said: Vec<_> = said.map(|value| value.to_str().unwrap()).collect();
        let principal = format!("\"principal\";r={left};t=");
        assert!(
            said.iter().any(|said| said.starts_with(&principal)),
            "{said:?}"
        );
        assert!(
            said.iter().any(|said| said.starts_with("\"address\";r=")),
            "{said:?}"
        );
    }
    let refused = acme.get(ME).await;
    refused.is_problem(429, "rate-limited");
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3_500..=3_600).contains(&seconds), "{seconds}");
    assert_eq!(
        refused.header("ratelimit-policy"),
        Some("\"principal\";q=5;w=18000")
    );
    // Who counts is told by whom, also where it is a page.
    let page = acme.request(Method::GET, ME).header("accept", "text/html");
    assert_eq!(send(page).await.status, 429);
    let metrics = send(world.request(Method::GET, "/metrics")).await.text;
    let by = "saas_limit_refused_total{limit=\"principal\"} 2\n";
    assert!(metrics.contains(by), "{metrics}");
    // Nobody else is concerned, and who is not signed in uses up nothing of theirs.
    assert_eq!(beta.get(ME).await.status, 200);
    for _ in 0..10 {
        let visitor = world.request(Method::GET, ME).header("x-tenant", "beta");
        assert_eq!(send(visitor).await.status, 401);
    }
    assert_eq!(beta.get(ME).await.status, 200);
}

#[tokio::test]
async fn routes_of_a_class_share_a_quota() {
    let quota = [
        ("SAAS__LIMITS__CLASSES__LETTERS__BURST", "2"),
        ("SAAS__LIMITS__CLASSES__LETTERS__PERIOD", "1h"),
    ];
    let world = World::on(Dialect::Sqlite, &quota).await;
    let acme = world.sign_up("acme").await;
    let invite = async |name: &str| {
        let body = json!({ "email": format!("{name}@acme.test"), "roles": ["user"] });
        acme.post("/api/v1/invitations", &body).await
    };
    let first = invite("ann").await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(invite("bob").await.status, 201);
    let refused = invite("cid").await;
    refused.is_problem(429, "rate-limited");
    let policy = refused.header("ratelimit-policy");
    assert_eq!(policy, Some("\"letters\";q=2;w=7200"));
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/invitations/{id}/resend");
    let again = acme.post(&path, &json!({})).await;
    again.is_problem(429, "rate-limited");
    assert_eq!(acme.get("/api/v1/invitations").await.status, 200);
}

#[tokio::test]
async fn a_class_that_no_route_has_is_refused_at_the_start() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let mut command = world.command(&["serve"]);
    let output = command
        .env("SAAS__LIMITS__CLASSES__LETERS__BURST", "1")
        .env("SAAS__LIMITS__CLASSES__LETERS__PERIOD", "1s")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("limits.classes.leters") && said.contains("`letters`"),
        "{said}"
    );
}

#[tokio::test]
async fn rat_10_an_address_is_refused_before_its_body_is_read_or_a_password_looked_at() {
    let quota = [
        ("SAAS__LIMITS__ADDRESS__BURST", "20"),
        ("SAAS__LIMITS__ADDRESS__PERIOD", "1h"),
    ];
    let world = World::on(Dialect::Sqlite, &quota).await;
    let acme = world.sign_up("acme").await;
    let mut passed = 0;
    while acme.get(ME).await.status == 200 {
        passed += 1;
    }
    assert_eq!(passed, 18, "the others were signing up and in");
    // A body that never comes, for a tenant that nobody knows.
    let address = world.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /oauth/token HTTP/1.1\r\nhost: localhost\r\nx-tenant: nobody\r\ncontent-length: 1000\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 429");
    // In a browser it is a page.
    let page = world
        .request(Method::GET, "/login")
        .header("accept", "text/html");
    let page = send(page).await;
    assert_eq!(page.status, 429);
    assert!(page.header("retry-after").is_some());
}

/// Addresses that cost nothing to write, with a proxy in front of us and without one.
#[tokio::test]
async fn rat_03_ten_thousand_addresses_that_nobody_vouches_for_are_one() {
    // What a proxy adds stands at the end, and all before it is what the client said.
    for (proxies, real) in [("192.0.2.0/24", ""), ("127.0.0.1/32", ", 198.51.100.7")] {
        let quota = [
            ("SAAS__LIMITS__ADDRESS__BURST", "5"),
            ("SAAS__LIMITS__ADDRESS__PERIOD", "24h"),
            ("SAAS__TENANCY__RESOLVE__TRUSTED_PROXIES", proxies),
        ];
        let world = World::on(Dialect::Sqlite, &quota).await;
        let ask = async |number: u64| {
            let (high, low) = (number / 250, number % 250);
            let spoofed = match number % 4 {
                0 => format!("2001:db8:{high:x}:{low:x}::1"),
                1 => format!("203.0.113.9, 10.1.{high}.{low}"),
                2 => format!("10.2.{high}.{low}:4711"),
                _ => format!("10.3.{high}.{low}"),
            };
            let request = world
                .request(Method::GET, ME)
                .header("forwarded", format!("for={spoofed:?}"))
                .header("x-real-ip", &spoofed)
                .header("x-client-ip", &spoofed)
                .header("cf-connecting-ip", &spoofed)
                .header("true-client-ip", &spoofed)
                .header("x-forwarded-for", format!("{spoofed}{real}"));
            send(request).await.status.as_u16()
        };
        let asked = stream::iter(0..tier(500, 10_000)).map(ask);
        let answers: Vec<_> = asked.buffer_unordered(8).collect().await;
        let refused = answers.iter().filter(|status| **status == 429).count();
        assert_eq!(answers.len() - refused, 5, "{proxies:?}");
    }
}

/// Places are for what is worked on.
#[tokio::test]
async fn bodies_that_do_not_come_take_no_places() {
    let share = [
        ("SAAS__LIMITS__FAIR_SHARE__CONCURRENT", "2"),
        ("SAAS__LIMITS__FAIR_SHARE__QUEUE", "0"),
        ("SAAS__EDGE__BODY_TIMEOUT", "60s"),
    ];
    let world = World::on(Dialect::Sqlite, &share).await;
    let acme = world.sign_up("acme").await;
    let address = world.url.strip_prefix("http://").unwrap();
    let head = format!(
        "POST /api/v1/projects HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 15\r\n\r\n",
        acme.token
    );
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    // They were sent before, and all of it would not be taken for chance.
    for _ in 0..50 {
        assert_eq!(acme.get(ME).await.status, 200);
    }
    // They are served when they come.
    for mut stream in slow {
        stream.write_all(b"{\"name\":\"late\"}").await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 201");
    }
}

/// Large ones take a place before they come, but nobody gets all of those.
#[tokio::test]
async fn large_bodies_that_do_not_come_keep_nobody_else_out() {
    let share = [
        ("SAAS__LIMITS__FAIR_SHARE__STREAMING", "8"),
        ("SAAS__LIMITS__FAIR_SHARE__QUEUE", "0"),
        ("SAAS__EDGE__BODY_TIMEOUT", "60s"),
        ("SAAS__TENANCY__RESOLVE__TRUSTED_PROXIES", "127.0.0.1/32"),
    ];
    let world = World::on(Dialect::Sqlite, &share).await;
    world.sign_up("acme").await;
    let address = world.url.strip_prefix("http://").unwrap();
    let head = "POST /api/v1/signup HTTP/1.1\r\nhost: localhost\r\nx-tenant: acme\r\nx-forwarded-for: 192.0.2.1\r\n\
                content-type: application/json\r\ncontent-length: 60000\r\n\r\n";
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    // A quarter of them waits for what does not come, and the rest is refused.
    let answers = slow.iter_mut().map(async |stream| {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 503");
    });
    let mut answers: FuturesUnordered<_> = answers.collect();
    for _ in 0..18 {
        let answer = tokio::time::timeout(Duration::from_secs(30), answers.next());
        answer.await.unwrap().unwrap();
    }
    let metrics = send(world.request(Method::GET, "/metrics")).await.text;
    let streaming = "saas_share_requests{of=\"visitors\",state=\"streaming\"} 2\n";
    assert!(metrics.contains(streaming), "{metrics}");
    let large = world.request(Method::POST, "/api/v1/signup");
    let large = large.header("x-forwarded-for", "192.0.2.2");
    let large = large.header("x-tenant", "acme");
    let answer = send(large.json(&json!({ "name": "x".repeat(20_000) }))).await;
    answer.is_problem(422, "json-type");
}

#[tokio::test]
async fn rat_03_behind_a_trusted_proxy_each_client_has_its_own_quota_and_a_network_of_ipv6_has_one()
{
    let quota = [
        ("SAAS__LIMITS__ADDRESS__BURST", "3"),
        ("SAAS__LIMITS__ADDRESS__PERIOD", "1h"),
        ("SAAS__TENANCY__RESOLVE__TRUSTED_PROXIES", "127.0.0.1/32"),
    ];
    let world = World::on(Dialect::Sqlite, &quota).await;
    let ask = async |client: String| {
        let request = world.request(Method::GET, "/health/live");
        send(request.header("x-forwarded-for", client)).await.status
    };
    for n in 0..20 {
        assert_eq!(ask(format!("192.0.2.{n}")).await, 200);
    }
    let mut passed = 0;
    for n in 0..20 {
        passed += usize::from(ask(format!("2001:db8::{n:x}")).await == StatusCode::OK);
    }
    assert_eq!(passed, 3);
}

/// Projects with this name wait until the gate is gone.
const SLOW: &str = "CREATE TABLE gate AS SELECT 1 AS one; \
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \
    $$ BEGIN \
        WHILE NEW.name = 'slow' AND EXISTS (SELECT FROM gate) LOOP PERFORM pg_sleep(0.02); END LOOP; RETURN NEW; \
    END $$; \
    CREATE TRIGGER slow BEFORE INSERT ON projects FOR EACH ROW EXECUTE FUNCTION slow();";

/// Waits until so many are at the gate.
fn waiting(number: usize) -> String {
    format!(
        "DO $$ BEGIN
             FOR tried IN 1..2000 LOOP
                 IF {number} = (
                     SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND state = 'active' AND query LIKE 'INSERT INTO %projects%'
                 ) THEN
                     RETURN;
                 END IF;
                 PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
             END LOOP;
             RAISE EXCEPTION 'so many do not wait';
         END $$"
    )
}

#[tokio::test]
async fn rat_12_a_tenant_that_floods_is_told_so_and_another_notices_nothing() {
    let few = [
        ("SAAS__LIMITS__FAIR_SHARE__QUEUE", "5"),
        ("SAAS__LIMITS__FAIR_SHARE__WAIT", "3s"),
        ("SAAS__LIMITS__FAIR_SHARE__SLOW_AFTER", "20ms"),
        ("SAAS__DATABASE__MAX_CONNECTIONS", "5"),
    ];
    for (name, expected, share) in [
        // Few at a time, in the process.
        (
            "requests",
            3,
            [
                ("SAAS__LIMITS__FAIR_SHARE__CONCURRENT", "3"),
                ("SAAS__LIMITS__FAIR_SHARE__SLOW", "0"),
            ],
        ),
        // One at a time, and two that take long.
        (
            "slow requests",
            3,
            [
                ("SAAS__LIMITS__FAIR_SHARE__CONCURRENT", "1"),
                ("SAAS__LIMITS__FAIR_SHARE__SLOW", "2"),
            ],
        ),
        // As many as they like, and a share of the connections of the database.
        (
            "connections",
            4,
            [
                ("SAAS__LIMITS__FAIR_SHARE__CONCURRENT", "1000"),
                ("SAAS__DATABASE__ACQUIRE_TIMEOUT", "1s"),
            ],
        ),
    ] {
        let share = [&share[..], &few[..]].concat();
        let world = World::on(Dialect::Postgres, &share).await;
        let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
        world.database.as_ref().unwrap().as_owner(SLOW).await;
        let slow = json!({ "name": "slow" });
        let answered = Cell::new(0);
        let flood = (0..50).map(async |_| {
            let answer = acme.post("/api/v1/projects", &slow).await;
            answered.set(answered.get() + 1);
            answer
        });
        let flood = futures_util::future::join_all(flood);
        let database = world.database.as_ref().unwrap();
        let steady = async {
            // The flood is there first, and as much of it as may be waits at the gate.
            database.as_superuser(&waiting(expected)).await;
            for n in 0..20 {
                beta.project(&format!("of beta {n}")).await;
            }
            // None of those is done before all that another has asked for, and no place gets free for the rest.
            while answered.get() < 50 - expected {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            database.as_superuser(&waiting(expected)).await;
            database.as_owner("DELETE FROM gate").await;
        };
        let (flood, ()) = tokio::join!(flood, steady);
        let mut done = 0;
        for answer in &flood {
            if answer.status == 201 {
                done += 1;
                continue;
            }
            answer.is_problem(503, "overloaded");
            assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
        }
        assert_eq!(done, expected, "{name}");
        // And afterwards it is as before.
        acme.project("quick").await;
    }
}

#[tokio::test]
async fn rat_07_three_processes_count_together_in_redis_and_go_on_without_it() {
    let mut redis = TestRedis::own();
    let quota = [
        ("REDIS_URL", redis.url()),
        ("SAAS__REDIS__PREFIX", redis.prefix()),
        ("SAAS__REDIS__PAUSE", "50ms"),
        ("SAAS__REDIS__TIMEOUT", "2s"),
        ("SAAS__LIMITS__PRINCIPAL__BURST", "10"),
        ("SAAS__LIMITS__PRINCIPAL__PERIOD", "1h"),
    ];
    let world = World::on(Dialect::Sqlite, &quota).await;
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let (other, third) = (world.another(), world.another());
    let ask = async |url: &str, token: &str| {
        let request = world.http.get(format!("{url}{ME}")).bearer_auth(token);
        send(request).await.status.as_u16()
    };
    let urls = [&world.url, &other.url, &third.url].map(String::as_str);
    let flood = (0..45).map(|n| ask(urls[n % 3], &acme.token));
    let answers = futures_util::future::join_all(flood).await;
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(200), count(429)), (10, 35), "{answers:?}");
    let health = async |url: &str| {
        let answer = send(world.http.get(format!("{url}/health/ready"))).await;
        let status = answer.json()["status"].as_str().unwrap().to_owned();
        (answer.status.as_u16(), status)
    };
    assert_eq!(health(urls[0]).await, (200, "ok".to_owned()));

    redis.kill();
    for url in urls {
        assert_eq!(health(url).await, (200, "degraded".to_owned()));
        assert_eq!(ask(url, &beta.token).await, 200);
    }
    // Nobody is let through without end, and passwords are counted too.
    let (mut passed, form) = (0, crate::world::password_form("owner@beta.test", "wrong"));
    for _ in 0..20 {
        passed += usize::from(ask(urls[0], &beta.token).await == 200);
    }
    assert_eq!(passed, 9);
    let mut codes = Vec::new();
    for _ in 0..15 {
        codes.push(world.token(Some("beta"), &form).await.status.as_u16());
    }
    assert!(
        codes.starts_with(&[400; 10]) && codes.contains(&429),
        "{codes:?}"
    );

    redis.start();
    let begun = Instant::now();
    for url in urls {
        while health(url).await.1 != "ok" {
            assert!(begun.elapsed() < Duration::from_secs(20), "it comes back");
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(ask(urls[0], &beta.token).await, 429);
}
