//! How transactions begin and end.

use std::time::Duration;

use futures_util::future::join_all;
use saas_tenancy::{DatabaseConfig, Dialect, Error, Filter, TenantTx, Value};

use crate::world::{Project, ProjectPatch, World, new_project};

#[tokio::test]
async fn what_is_not_committed_never_happened() {
    for world in World::all().await {
        let scope = world.db.scope(&world.acme);
        let mut tx = world.db.database().write(&scope);
        tx.repo::<Project>()
            .insert(new_project("dropped"))
            .await
            .unwrap();
        drop(tx);
        let mut tx = world.db.database().write(&scope);
        tx.repo::<Project>()
            .insert(new_project("rolled back"))
            .await
            .unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(world.names(&world.acme).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_reading_transaction_cannot_write() {
    for world in World::all().await {
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let refused = tx.repo::<Project>().insert(new_project("x")).await;
        assert!(matches!(refused, Err(Error::ReadOnly)), "{refused:?}");
    }
    // And the database refuses what the types let through.
    let world = World::on(Dialect::Postgres).await;
    let mut tx = world.db.database().read(&world.db.scope(&world.acme));
    let refused = tx.rls_only("DELETE FROM projects RETURNING id", &[]).await;
    assert!(matches!(refused, Err(Error::ReadOnly)), "{refused:?}");
}

#[tokio::test]
async fn hooks_run_after_the_commit_and_only_then() {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    for world in World::all().await {
        let ran = Arc::new(AtomicUsize::new(0));
        let hook = || {
            let ran = Arc::clone(&ran);
            move || {
                ran.fetch_add(1, Ordering::SeqCst);
            }
        };
        let scope = world.db.scope(&world.acme);
        let mut tx = world.db.database().write(&scope);
        tx.after_commit(hook()).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(ran.load(Ordering::SeqCst), 0);
        let mut tx = world.db.database().write(&scope);
        tx.after_commit(hook()).await.unwrap();
        // What is undone has no consequences.
        let undone = async |tx: &mut saas_tenancy::TenantTx| {
            tx.after_commit(hook()).await?;
            Err::<(), _>(Error::NotFound)
        };
        tx.savepoint(undone).await.unwrap_err();
        tx.commit().await.unwrap();
        assert_eq!(ran.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_snapshot_is_one_state_and_a_lock_is_held_to_the_end() {
    for world in World::all().await {
        let scope = world.db.scope(&world.acme);
        let mut snapshot = world.db.database().read_snapshot(&scope);
        let none = snapshot
            .repo::<Project>()
            .count(saas_tenancy::Filter::all([]))
            .await;
        assert_eq!(none.unwrap(), 0);
        world.project(&world.acme, "later").await;
        let none = snapshot
            .repo::<Project>()
            .count(saas_tenancy::Filter::all([]))
            .await;
        assert_eq!(none.unwrap(), 0);
        let refused = snapshot.repo::<Project>().insert(new_project("x")).await;
        assert!(matches!(refused, Err(Error::ReadOnly)), "{refused:?}");
        drop(snapshot);
        if world.db.dialect() == Dialect::Postgres {
            let mut first = world.db.database().write(&scope);
            first.lock("things").await.unwrap();
            // Another name and another tenant do not wait.
            let mut other = world.db.database().write(&scope);
            other.lock("others").await.unwrap();
            let mut beta = world.db.database().write(&world.db.scope(&world.beta));
            beta.lock("things").await.unwrap();
            let mut second = world.db.database().write(&scope);
            let patience = std::time::Duration::from_millis(200);
            let waits = tokio::time::timeout(patience, second.lock("things")).await;
            assert!(waits.is_err());
            drop(second);
            first.commit().await.unwrap();
            let mut third = world.db.database().write(&scope);
            third.lock("things").await.unwrap();
        }
    }
}

#[tokio::test]
async fn rel_23_many_writers_wait_their_turn() {
    for world in World::all().await {
        let writers: Vec<_> = (0..32)
            .map(|n| {
                let (database, scope) = (world.db.database().clone(), world.db.scope(&world.acme));
                tokio::spawn(async move {
                    let mut tx = database.write(&scope);
                    tx.repo::<Project>()
                        .insert(new_project(&format!("p{n}")))
                        .await?;
                    tx.commit().await
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        assert_eq!(world.names(&world.acme).await.len(), 32);
    }
}

#[tokio::test]
async fn rel_24_who_reads_and_then_writes_waits_for_the_other_instance_and_loses_nothing() {
    for world in World::all().await {
        let scope = world.db.scope(&world.acme);
        let project = world.project(&world.acme, "counted").await.id;
        let instances = [
            world.db.another_instance(2).await,
            world.db.another_instance(2).await,
        ];
        let counting = instances.each_ref().map(async |database| {
            for _ in 0..20 {
                let counted = database.transaction(&scope, async |tx: &mut TenantTx| {
                    // One after the other on PostgreSQL, too, where both could read before either writes.
                    tx.lock("count").await?;
                    let rank = tx.repo::<Project>().get(project).await?.rank;
                    let patch = ProjectPatch {
                        rank: Some(rank + 1),
                        ..ProjectPatch::default()
                    };
                    tx.repo::<Project>().update(project, None, patch).await?;
                    Ok::<_, Error>(())
                });
                counted.await.unwrap();
            }
        });
        join_all(counting).await;
        let mut tx = world.db.database().read(&scope);
        assert_eq!(tx.repo::<Project>().get(project).await.unwrap().rank, 40);
    }
}

#[tokio::test]
async fn rel_09_every_transaction_has_the_bounds_of_the_configuration() {
    let config = DatabaseConfig::default();
    let expected = [
        config.statement_timeout,
        config.lock_timeout,
        config.idle_in_transaction_timeout,
    ];
    let expected = expected.map(|bound| Duration::from(bound).as_millis().to_string());
    for world in World::all().await {
        if world.db.dialect() != Dialect::Postgres {
            continue;
        }
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let rows = tx
            .rls_only(
                "SELECT (SELECT setting FROM pg_settings WHERE name = 'statement_timeout'), \
                 (SELECT setting FROM pg_settings WHERE name = 'lock_timeout'), \
                 (SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout')",
                &[],
            )
            .await
            .unwrap();
        let found = [0, 1, 2].map(|at| rows[0].get::<String>(at).unwrap());
        assert_eq!(found, expected);
        // Whoever finds a row locked does not wait for ever.
        tx.rls_only("SET LOCAL lock_timeout = 50", &[])
            .await
            .unwrap();
        let project = world.project(&world.acme, "held").await.id;
        let mut holder = world.db.database().write(&world.db.scope(&world.acme));
        let held = holder.repo::<Project>().delete(project, None).await;
        held.unwrap();
        let waited = tx.repo::<Project>().delete(project, None).await;
        assert!(matches!(waited, Err(Error::Conflict(_))), "{waited:?}");
    }
}

#[tokio::test]
async fn rel_28_the_log_of_writes_is_short_again_after_somebody_has_read_for_long() {
    let world = World::on(Dialect::Sqlite).await;
    let url = world.db.service_url();
    let log = format!("{}-wal", url.strip_prefix("sqlite://").unwrap());
    let length = || std::fs::metadata(&log).unwrap().len();
    let bound = 16 << 20;
    world.project(&world.acme, "first").await;
    let scope = world.db.scope(&world.acme);
    let mut reader = world.db.database().read_snapshot(&scope);
    assert!(
        reader
            .repo::<Project>()
            .exists(Filter::all([]))
            .await
            .unwrap()
    );
    let write = async |number: u32| {
        let name = format!("{number}{}", "x".repeat(1 << 20));
        world.project(&world.acme, &name).await;
    };
    for number in 0..24 {
        write(number).await;
    }
    assert!(length() > bound, "{}", length());
    // It sees what it saw, for as long as it goes on.
    let seen = reader.repo::<Project>().count(Filter::all([])).await;
    assert_eq!(seen.unwrap(), 1);
    drop(reader);
    crate::cancel::settled(&world).await;
    for number in 24..28 {
        write(number).await;
    }
    assert!(length() <= bound, "{}", length());
}

#[tokio::test]
async fn iso_59_rel_08_a_transaction_that_lost_is_tried_again_in_its_tenant() {
    use std::sync::atomic::{AtomicU32, Ordering};

    let world = World::on(Dialect::Postgres).await;
    world.project(&world.beta, "theirs").await;
    let scope = world.db.scope(&world.acme);
    let attempts = AtomicU32::new(0);
    let lose = "DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$";
    let work = async |tx: &mut saas_tenancy::TenantTx| {
        let seen = tx.rls_only("SELECT name FROM projects", &[]).await?.len();
        tx.repo::<Project>().insert(new_project("ours")).await?;
        if attempts.fetch_add(1, Ordering::SeqCst) < 2 {
            tx.rls_only(lose, &[]).await?;
        }
        Ok::<_, Error>(seen)
    };
    // Neither the other tenant's row nor that of an attempt that was rolled back.
    let seen = world.db.database().transaction(&scope, work).await.unwrap();
    assert_eq!((seen, attempts.load(Ordering::SeqCst)), (0, 3));
    assert_eq!(world.names(&world.acme).await, ["ours"]);
    assert_eq!(world.names(&world.beta).await, ["theirs"]);

    attempts.store(0, Ordering::SeqCst);
    let always = async |tx: &mut saas_tenancy::TenantTx| {
        attempts.fetch_add(1, Ordering::SeqCst);
        tx.rls_only(lose, &[]).await.map(drop)
    };
    let lost = world.db.database().transaction(&scope, always).await;
    assert!(matches!(lost, Err(Error::Conflict(_))), "{lost:?}");
    assert_eq!(attempts.load(Ordering::SeqCst), 5);
}

/// 40P01
#[tokio::test]
async fn rel_08_two_transactions_that_wait_for_each_other_are_each_done_once() {
    use std::sync::atomic::{AtomicU32, Ordering};

    let world = World::on(Dialect::Postgres).await;
    let scope = world.db.scope(&world.acme);
    let ids = [
        world.project(&world.acme, "one").await.id,
        world.project(&world.acme, "two").await.id,
    ];
    let met = tokio::sync::Barrier::new(2);
    let add = "UPDATE projects SET rank = rank + 1 WHERE id = $1 RETURNING id";
    let change = async |order: [usize; 2]| {
        let attempts = AtomicU32::new(0);
        let work = async |tx: &mut TenantTx| {
            let again = attempts.fetch_add(1, Ordering::SeqCst) > 0;
            for at in order {
                tx.rls_only(add, &[Value::Uuid(ids[at].as_uuid())]).await?;
                if at == order[0] && !again {
                    met.wait().await;
                }
            }
            Ok::<_, Error>(())
        };
        let done = world.db.database().transaction(&scope, work).await;
        done.unwrap();
        attempts.load(Ordering::SeqCst)
    };
    let (one, two) = tokio::join!(change([0, 1]), change([1, 0]));
    assert!(one + two > 2, "nobody had to begin anew");
    let mut tx = world.db.database().read(&scope);
    for id in ids {
        let project = tx.repo::<Project>().find(id).await.unwrap().unwrap();
        assert_eq!(project.rank, 2, "{project:?}");
    }
}
