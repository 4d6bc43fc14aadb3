//! Reading from a replica. A second database stands for it, which shows by its rows where a read went.

use std::time::Duration;

use saas_core::Secret;
use saas_tenancy::{Database, DatabaseConfig, Dialect, Error, Filter, PageQuery, TenantTx};

use crate::world::{Project, World, new_project};

/// The database of one world, with that of another as its replica.
async fn connected(primary: &World, replica: &World, lag: Duration) -> Database {
    let mut config = DatabaseConfig::new(primary.db.service_url());
    config.read_url = Some(Secret::new(replica.db.service_url()));
    config.replica_lag = lag.into();
    Database::connect(
        &config,
        primary.db.keys().clone(),
        primary.db.clock().clone(),
    )
    .await
    .unwrap()
}

async fn count(mut tx: TenantTx) -> u64 {
    tx.repo::<Project>().count(Filter::all([])).await.unwrap()
}

#[tokio::test]
async fn iso_60_reads_go_to_the_replica_unless_the_tenant_has_just_written() {
    let primary = World::on(Dialect::Postgres).await;
    let replica = World::on(Dialect::Postgres).await;
    let database = connected(&primary, &replica, Duration::from_secs(3600)).await;
    let (acme, beta) = (
        primary.db.scope(&primary.acme),
        primary.db.scope(&primary.beta),
    );
    // The replica knows nothing of these tenants, so it shows nothing; the primary shows one each.
    primary.project(&primary.acme, "a").await;
    primary.project(&primary.beta, "b").await;
    assert_eq!(count(database.read(&acme)).await, 0);
    assert_eq!(count(database.write(&acme)).await, 1);

    let mut tx = database.write(&acme);
    tx.repo::<Project>()
        .insert(new_project("mine"))
        .await
        .unwrap();
    assert_eq!(count(database.read(&acme)).await, 0);
    tx.commit().await.unwrap();
    // What it has written it sees, and another tenant goes on reading from the replica.
    assert_eq!(count(database.read(&acme)).await, 2);
    assert_eq!(count(database.read(&beta)).await, 0);
    database.close().await;
    // After as long as the replica may need.
    let database = connected(&primary, &replica, Duration::from_millis(300)).await;
    let mut tx = database.write(&acme);
    tx.repo::<Project>()
        .insert(new_project("later"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for _ in 0..500 {
        if count(database.read(&acme)).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(count(database.read(&acme)).await, 0);

    // The rules on the replica are the same: it shows a tenant its own rows, and nothing is written there.
    let theirs = replica.db.scope(&replica.acme);
    replica.project(&replica.acme, "there").await;
    assert_eq!(count(database.read(&theirs)).await, 1);
    let mut tx = database.read(&acme);
    assert!(
        tx.rls_only("SELECT 1::bigint FROM projects", &[])
            .await
            .unwrap()
            .is_empty()
    );
    let refused = tx.repo::<Project>().insert(new_project("x")).await;
    assert!(matches!(refused, Err(Error::ReadOnly)), "{refused:?}");
    let page = tx.repo::<Project>().list(PageQuery::new()).await.unwrap();
    assert!(page.items.is_empty());
    drop(tx);
    database.close().await;
}

#[tokio::test]
async fn a_replica_is_one_of_postgresql() {
    let world = World::on(Dialect::Sqlite).await;
    let mut config = DatabaseConfig::new(world.db.service_url());
    config.read_url = Some(Secret::from("postgres://u:hunter2@127.0.0.1:1/x"));
    let refused =
        Database::connect(&config, world.db.keys().clone(), world.db.clock().clone()).await;
    let text = refused.unwrap_err().to_string();
    assert!(
        text.contains("read_url") && !text.contains("hunter2"),
        "{text}"
    );
}
