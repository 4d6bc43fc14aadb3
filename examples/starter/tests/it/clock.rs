//! A clock that jumps.

use std::time::{Duration, Instant};

use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::json;

use crate::world::{PASSWORD, World, send};

/// So soon it is ready again.
const RECOVERY: Duration = Duration::from_secs(15);

/// The time of a project that is made now, as a date.
async fn day(world: &World, token: &str, name: &str) -> String {
    let request = world.request(Method::POST, "/api/v1/projects");
    let made = send(request.bearer_auth(token).json(&json!({ "name": name }))).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json()["created_at"].as_str().unwrap().to_owned();
    made.split('T').next().unwrap().to_owned()
}

#[tokio::test]
async fn rel_31_a_clock_that_jumps_by_a_day_stops_nothing_and_lets_nobody_in_for_longer() {
    let library =
        std::env::var("TEST_FAKETIME").expect("`cargo xtask test` says where libfaketime is");
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let shown = tempfile::NamedTempFile::new().unwrap();
        let show = |offset: &str| std::fs::write(shown.path(), offset).unwrap();
        show("+0");
        let file = shown.path().to_str().unwrap().to_owned();
        let world = World::on(
            dialect,
            &[
                ("LD_PRELOAD", &library),
                ("FAKETIME_TIMESTAMP_FILE", &file),
                ("FAKETIME_NO_CACHE", "1"),
                ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ],
        )
        .await;
        let before = world.sign_up("acme").await.token;
        let today = day(&world, &before, "today").await;
        for jump in ["+1d", "-1d", "+0"] {
            show(jump);
            let old = world.request(Method::GET, "/api/v1/projects");
            let old = send(old.bearer_auth(&before)).await;
            match jump {
                "+1d" => old.is_problem(401, "token-invalid"),
                // It was issued tomorrow, or today.
                _ => assert!([200, 401].contains(&old.status.as_u16()), "{old:?}"),
            }
            let again = world.sign_in("acme", "owner@acme.test", PASSWORD).await;
            let shown = day(&world, &again.token, &format!("at {jump}")).await;
            match jump {
                "+1d" => assert!(shown > today, "{shown}"),
                "-1d" => assert!(shown < today, "{shown}"),
                _ => assert!(shown >= today, "{shown}"),
            }
            assert!(again.names().await.contains(&"today".to_owned()));
            // What runs beside the requests goes on.
            // What was read a day ago, as it seems, is read anew.
            let begun = Instant::now();
            loop {
                let ready = send(world.request(Method::GET, "/health/ready")).await;
                if ready.status == 200 {
                    break;
                }
                assert!(begun.elapsed() < RECOVERY, "{jump}: {ready:?}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        let metrics = send(world.request(Method::GET, "/metrics")).await.text;
        let failures = metrics
            .lines()
            .filter(|line| line.starts_with("saas_task_failures_total{"));
        let failures: Vec<_> = failures.filter(|line| !line.ends_with(" 0")).collect();
        assert!(failures.is_empty(), "{failures:?}");
        let panics: Vec<_> = world.logged().into_iter().collect();
        let panics = panics
            .iter()
            .filter(|event| event.to_string().contains("panicked"));
        assert_eq!(panics.count(), 0);
    }
}
