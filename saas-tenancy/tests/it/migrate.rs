//! A schema that changes while the service runs.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use saas_core::SystemClock;
use saas_tenancy::{Database, DatabaseConfig, Dialect, Filter, Migration, Module, migrate};

use crate::world::{Project, World};

const NEXT: Module = Module::new("next").migrations(&[Migration::postgres(
    1,
    "colour",
    "ALTER TABLE projects ADD COLUMN colour TEXT",
)]);

/// Whether somebody waits for a lock on the projects.
async fn waits(world: &World) -> bool {
    let mut tx = world.db.database().read(&world.db.scope(&world.beta));
    let locks = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'projects'::regclass";
    !tx.rls_only(locks, &[]).await.unwrap().is_empty()
}

#[tokio::test]
async fn rel_21_a_migration_behind_a_long_reader_lets_the_others_go_on_and_comes_again() {
    let world = World::on(Dialect::Postgres).await;
    let mut config = DatabaseConfig::new(world.db.owner_url());
    config.lock_timeout = Duration::from_millis(300).into();
    let owner = Database::connect(&config, world.db.keys().clone(), SystemClock::shared())
        .await
        .unwrap();
    // A report, whose statements all see the same state.
    let scope = world.db.scope(&world.acme);
    let mut long = world.db.database().read_snapshot(&scope);
    long.repo::<Project>().count(Filter::all([])).await.unwrap();

    // It waits, lets go, and waits again; then the long one ends.
    let reads = AtomicBool::new(true);
    let watched = async {
        for expected in [true, false, true] {
            while waits(&world).await != expected {}
        }
        drop(long);
        reads.store(false, Ordering::SeqCst);
    };
    let others = async {
        let (mut slowest, mut made) = (Duration::ZERO, 0);
        while reads.load(Ordering::SeqCst) {
            let begun = Instant::now();
            world.names(&world.beta).await;
            slowest = slowest.max(begun.elapsed());
            made += 1;
        }
        (slowest, made)
    };
    let all = async { tokio::join!(migrate(&owner, &[&NEXT], None), watched, others) };
    let (migrated, (), (slowest, made)) =
        tokio::time::timeout(Duration::from_secs(60), Box::pin(all))
            .await
            .unwrap();
    migrated.unwrap();
    assert!(
        made > 2 && slowest < Duration::from_secs(3),
        "{made} {slowest:?}"
    );
    // It is there, and it is noted.
    world
        .db
        .as_owner("SELECT colour FROM projects; SELECT 1 / count(*) FROM next_migrations")
        .await;
    migrate(&owner, &[&NEXT], None).await.unwrap();
    owner.close().await;
}
