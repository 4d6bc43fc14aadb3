//! What one instance changes, another follows.

use std::time::{Duration, Instant};

use saas_rbac::{Authorizer, RbacConfig};
use saas_tenancy::{Dialect, Scope};

use crate::world::{Can, World, presets};

/// Waits until an instance decides so, and tells for how long.
async fn until(authorizer: &Authorizer, scope: &Scope, expected: bool) -> Duration {
    let begun = Instant::now();
    while authorizer.may(scope, &Can::Write).await.unwrap() != expected {
        assert!(begun.elapsed() < Duration::from_secs(5), "too late");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    begun.elapsed()
}

#[tokio::test]
async fn rba_18_19_a_right_revoked_here_is_gone_there() {
    for world in World::all().await {
        if world.db.dialect() != Dialect::Postgres {
            continue;
        }
        let other = world.instance(world.db.another_instance(4).await);
        let watching = other.clone();
        let watch = tokio::spawn(async move { watching.watch().await });
        let user = world.person(&["user"]).await;
        let scope = world.caller(&world.acme, user).await;
        until(&other, &scope, false).await;
        for round in 0..20 {
            world.give(&world.acme, user, &["admin"]).await.unwrap();
            until(&other, &scope, true).await;
            if round == 10 {
                // The link is cut at the moment of the change.
                world
                    .db
                    .as_superuser(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE datname = current_database() AND query LIKE 'LISTEN%'",
                    )
                    .await;
            }
            world.give(&world.acme, user, &[]).await.unwrap();
            let took = until(&other, &scope, false).await;
            println!("revoked after {took:?}");
        }
        watch.abort();
    }
}

#[tokio::test]
async fn g13_rules_are_never_older_than_the_configured_time() {
    for world in World::all().await {
        let mut config = RbacConfig::default();
        config.cache_lifetime = Duration::from_secs(5).into();
        // One that hears nothing of changes made elsewhere.
        let deaf = Authorizer::new(world.db.database().clone(), presets(), &config);
        let user = world.person(&["admin"]).await;
        let scope = world.caller(&world.acme, user).await;
        assert!(deaf.may(&scope, &Can::Write).await.unwrap());
        world.give(&world.acme, user, &[]).await.unwrap();
        world.db.clock().advance(Duration::from_millis(4_999));
        assert!(deaf.may(&scope, &Can::Write).await.unwrap());
        world.db.clock().advance(Duration::from_millis(1));
        assert!(!deaf.may(&scope, &Can::Write).await.unwrap());
    }
}
