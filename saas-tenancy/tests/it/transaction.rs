//! How transactions begin and end.

use saas_tenancy::{Dialect, Error};

use crate::world::{Project, World, new_project};

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
        tx.commit().await.unwrap();
        assert_eq!(ran.load(Ordering::SeqCst), 1);
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
