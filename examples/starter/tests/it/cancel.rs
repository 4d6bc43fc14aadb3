//! Clients that go away.

use std::time::Duration;

use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::json;

use crate::{
    measure::{metric, transactions_end},
    world::World,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn iso_22_htp_25_two_thousand_cancelled_requests_leave_no_connection_in_a_transaction() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        let world = World::on(dialect, &[]).await;
        let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
        beta.project("theirs").await;
        let (mut done, mut random) = (0, 12_345_u64);
        for round in 0..250 {
            let requests = (0..8).map(|n| {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let patience = Duration::from_micros((random >> 33) % 6000);
                let request = match n % 2 {
                    0 => acme
                        .request(Method::POST, "/api/v1/projects")
                        .json(&json!({ "name": format!("p{round}-{n}") })),
                    _ => acme.request(Method::GET, "/api/v1/projects?limit=5"),
                };
                tokio::spawn(
                    async move { tokio::time::timeout(patience, request.send()).await.is_ok() },
                )
            });
            for task in requests.collect::<Vec<_>>() {
                done += usize::from(task.await.unwrap());
            }
        }
        assert!(done < 2000, "nothing was cancelled");
        transactions_end(&world).await;
        for name in [
            "idle_in_transaction",
            "idle_with_tenant",
            "idle_advisory_locks",
            "idle_temporary_tables",
            "discarded_connections_total",
        ] {
            assert_eq!(metric(&world, name).await, 0, "{name}");
        }
        assert_eq!(beta.names().await, ["theirs"]);
        // Both still work, and see their own.
        acme.project("after").await;
        let names = acme.get("/api/v1/projects?filter[name]=after").await.json();
        assert_eq!(names["items"].as_array().unwrap().len(), 1);
    }
}
