//! Nothing of one tenant reaches another: by the type, by the statement, and by the database alone.

use std::time::Duration;

use saas_core::{Id, SystemClock};
use saas_tenancy::{Database, DatabaseConfig, Dialect, Error, Filter, NewTenant, SystemScope};
use saas_testkit::TestSetup;

use crate::world::{NewTask, Project, ProjectPatch, Task, World, new_project, tier};

#[tokio::test]
async fn iso_02_a_foreign_id_is_as_unknown_as_a_random_one() {
    for world in World::all().await {
        let foreign = world.project(&world.beta, "secret").await.id;
        for id in [foreign, Id::generate()] {
            let mut tx = world.db.database().write(&world.db.scope(&world.acme));
            let mut repo = tx.repo::<Project>();
            assert_eq!(repo.find(id).await.unwrap(), None);
            assert!(matches!(repo.get(id).await, Err(Error::NotFound)));
            assert!(matches!(
                repo.update(id, Some(1), ProjectPatch::default()).await,
                Err(Error::NotFound)
            ));
            assert!(matches!(repo.delete(id, None).await, Err(Error::NotFound)));
            assert!(matches!(
                repo.delete(id, Some(1)).await,
                Err(Error::NotFound)
            ));
        }
        assert_eq!(world.names(&world.beta).await, ["secret"]);
    }
}

#[tokio::test]
async fn iso_07_a_child_cannot_point_at_a_foreign_parent() {
    for world in World::all().await {
        let foreign = world.project(&world.beta, "secret").await.id;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let result = tx
            .repo::<Task>()
            .insert(NewTask {
                project_id: foreign,
                title: "spy".to_owned(),
            })
            .await;
        assert!(matches!(result, Err(Error::Reference(_))), "{result:?}");
    }
}

#[tokio::test]
async fn iso_43_44_unique_values_and_ids_of_a_tenant_are_free_in_another() {
    for world in World::all().await {
        let theirs = world.project(&world.beta, "bridge").await;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let ours = tx
            .repo::<Project>()
            .insert_as(theirs.id, new_project("bridge"))
            .await
            .unwrap();
        assert_eq!(ours.id, theirs.id);
        tx.commit().await.unwrap();
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        tx.repo::<Project>().delete(ours.id, None).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.names(&world.beta).await, ["bridge"]);
    }
}

#[tokio::test]
async fn row_level_security_alone_stops_statements_without_a_tenant() {
    let world = World::on(Dialect::Postgres).await;
    world.project(&world.acme, "ours").await;
    world.project(&world.beta, "theirs").await;
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    let rows = tx.rls_only("SELECT name FROM projects", &[]).await.unwrap();
    assert_eq!(
        rows.iter()
            .map(|row| row.get::<String>(0).unwrap())
            .collect::<Vec<_>>(),
        ["ours"]
    );
    let rows = tx
        .rls_only("UPDATE projects SET name = 'taken' RETURNING name", &[])
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    let tenants = tx
        .rls_only("SELECT slug FROM saas_tenants", &[])
        .await
        .unwrap();
    assert_eq!(
        tenants
            .iter()
            .map(|row| row.get::<String>(0).unwrap())
            .collect::<Vec<_>>(),
        ["acme"]
    );
    let rows = tx
        .rls_only("DELETE FROM projects RETURNING name", &[])
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    tx.commit().await.unwrap();
    assert_eq!(world.names(&world.beta).await, ["theirs"]);
}

#[tokio::test]
async fn iso_03_05_row_level_security_refuses_rows_for_another_tenant() {
    let world = World::on(Dialect::Postgres).await;
    let ours = world.project(&world.acme, "ours").await;
    let beta = saas_tenancy::Column::to_value(&world.beta.id());
    let id = saas_tenancy::Column::to_value(&ours.id);
    let scope = world.db.scope(&world.acme);

    let mut tx = world.db.database().write(&scope);
    let moved = tx
        .rls_only(
            "UPDATE projects SET tenant_id = $1 RETURNING id",
            std::slice::from_ref(&beta),
        )
        .await;
    assert!(matches!(moved, Err(Error::Denied(_))), "{moved:?}");

    let mut tx = world.db.database().write(&scope);
    let planted = tx
        .rls_only(
            "INSERT INTO projects SELECT $1, $2, 'planted', NULL, 0, 1, now(), now() RETURNING id",
            &[beta, id],
        )
        .await;
    assert!(matches!(planted, Err(Error::Denied(_))), "{planted:?}");
    assert_eq!(world.names(&world.beta).await, [""; 0]);
}

#[tokio::test]
async fn sqlite_refuses_statements_that_trust_row_level_security() {
    let world = World::on(Dialect::Sqlite).await;
    let mut tx = world.db.database().read(&world.db.scope(&world.acme));
    let refused = tx.rls_only("SELECT name FROM projects", &[]).await;
    assert!(
        matches!(refused, Err(Error::NeedsRowSecurity)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn iso_20_the_service_role_can_neither_truncate_nor_create_nor_look_behind() {
    let world = World::on(Dialect::Postgres).await;
    world.project(&world.beta, "theirs").await;
    for statement in [
        "TRUNCATE projects CASCADE",
        "CREATE TABLE public.shadow (x int)",
        "ALTER TABLE projects DISABLE ROW LEVEL SECURITY",
        "DROP POLICY saas_restrictive_all ON projects",
        "SET LOCAL row_security = off; SELECT 1",
        "COPY projects FROM STDIN",
    ] {
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let result = tx.rls_only(statement, &[]).await;
        assert!(result.is_err(), "{statement}");
    }
    assert_eq!(world.names(&world.beta).await, ["theirs"]);
}

#[tokio::test]
async fn a_system_transaction_sees_no_row_of_any_tenant() {
    let world = World::on(Dialect::Postgres).await;
    world.project(&world.acme, "ours").await;
    let mut tx = world
        .db
        .database()
        .system_read(&SystemScope::<TestSetup>::enter());
    let rows = tx
        .fetch_all("SELECT name FROM projects", &[])
        .await
        .unwrap();
    assert!(rows.is_empty());
    assert_eq!(
        tx.fetch_all("SELECT slug FROM saas_tenants", &[])
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_system_transaction_that_enters_a_tenant_leaves_the_rest_behind() {
    let world = World::on(Dialect::Postgres).await;
    world.project(&world.beta, "theirs").await;
    let mut tx = world
        .db
        .database()
        .system_write(&SystemScope::<TestSetup>::enter());
    let registry = world.db.registry();
    let gamma = registry
        .create(&mut tx, NewTenant::new("gamma".parse().unwrap(), "Gamma"))
        .await
        .unwrap();
    let mut tx = tx.into_scope(&world.db.scope(&gamma)).await.unwrap();
    tx.repo::<Project>()
        .insert(new_project("first"))
        .await
        .unwrap();
    assert_eq!(
        tx.rls_only("SELECT name FROM projects", &[])
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        tx.rls_only("SELECT slug FROM saas_tenants", &[])
            .await
            .unwrap()
            .len(),
        1
    );
    tx.commit().await.unwrap();
    assert_eq!(world.names(&gamma).await, ["first"]);
}

#[tokio::test]
async fn iso_09_the_owner_of_the_tables_is_held_to_the_policies_too() {
    let world = World::on(Dialect::Postgres).await;
    world.project(&world.acme, "ours").await;
    // Raised only when the owner sees a row without naming a tenant.
    world
        .db
        .as_owner("DO $$ BEGIN IF EXISTS (SELECT FROM projects) THEN RAISE EXCEPTION 'the owner sees rows'; END IF; END $$")
        .await;
}

#[tokio::test]
async fn lif_02_one_of_many_sign_ups_for_a_slug_wins() {
    for world in World::all().await {
        let attempts = (0..20).map(|_| {
            let (database, registry) = (world.db.database().clone(), world.db.registry());
            tokio::spawn(async move {
                let mut tx = database.system_write(&SystemScope::<TestSetup>::enter());
                registry
                    .create(&mut tx, NewTenant::new("raced".parse().unwrap(), "Raced"))
                    .await?;
                tx.commit().await
            })
        });
        let mut won = 0;
        for attempt in attempts.collect::<Vec<_>>() {
            match attempt.await.unwrap() {
                Ok(()) => won += 1,
                Err(Error::SlugTaken(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(won, 1);
    }
}

/// Printed, and asserted where the machine is left alone: `cargo xtask soak`.
#[tokio::test]
async fn iso_45_a_foreign_id_takes_as_long_as_one_that_nobody_has() {
    for world in World::all().await {
        let scope = world.db.scope(&world.acme);
        let theirs = world.project(&world.beta, "theirs").await;
        for rank in 0..200 {
            world.project(&world.acme, &format!("mine {rank}")).await;
        }
        let (mut foreign, mut unknown) = (Vec::new(), Vec::new());
        for round in 0..tier(300, 10_000) {
            let pair = [
                (theirs.id, &mut foreign),
                (saas_core::Id::generate(), &mut unknown),
            ];
            // Neither is always the first.
            let pair: Vec<_> = if round % 2 == 0 {
                pair.into()
            } else {
                pair.into_iter().rev().collect()
            };
            for (id, times) in pair {
                let mut tx = world.db.database().read(&scope);
                let started = std::time::Instant::now();
                assert_eq!(tx.repo::<Project>().find(id).await.unwrap(), None);
                times.push(started.elapsed());
            }
        }
        let median = |times: &mut Vec<std::time::Duration>| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64()
        };
        let ratio = median(&mut foreign) / median(&mut unknown);
        println!(
            "a foreign id takes {ratio:.3} of the time of an unknown one on {:?}",
            world.db
        );
        assert!(tier(1, 0) == 1 || (ratio - 1.0).abs() < 0.05, "{ratio}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_07_behind_a_pooler_32_clients_of_eight_tenants_see_what_is_theirs() {
    let world = World::pooled().await;
    let mut config = DatabaseConfig::new(world.db.service_url());
    config.pooler = true;
    config.max_connections = 32;
    // All of them connect at once.
    config.acquire_timeout = Duration::from_secs(60).into();
    let db = Database::connect(&config, world.db.keys().clone(), SystemClock::shared());
    let db = db.await.unwrap();
    let mut tenants = Vec::new();
    for number in 0..8 {
        tenants.push(world.db.tenant(&format!("tenant-{number}")).await);
    }
    let rounds = tier(25, 1000);
    let clients = (0..32_usize).map(async |client| {
        let mut kept = vec![0; tenants.len()];
        for round in 0..rounds {
            // Neighbours in the pool are of different tenants, and each takes them in another order.
            let of = (client * 5 + usize::try_from(round).unwrap() * 3) % tenants.len();
            let scope = world.db.scope(&tenants[of]);
            let mut tx = db.write(&scope);
            let own = format!("{of}-{client}-{round}");
            let mut repo = tx.repo::<Project>();
            repo.insert(new_project(&own)).await.unwrap();
            // No predicate: what the server alone lets through.
            let last = "SELECT name FROM projects ORDER BY created_at DESC LIMIT 100";
            let seen = tx.rls_only(last, &[]).await.unwrap();
            let seen: Vec<String> = seen.iter().map(|row| row.get(0).unwrap()).collect();
            assert!(seen.contains(&own), "{of} does not see {own}: {seen:?}");
            let foreign = |name: &&String| !name.starts_with(&format!("{of}-"));
            assert_eq!(seen.iter().find(foreign), None, "{of} sees it");
            if round % 3 == 0 {
                tx.rollback().await.unwrap();
            } else {
                tx.commit().await.unwrap();
                kept[of] += 1;
            }
        }
        kept
    });
    let kept = futures_util::future::join_all(clients).await;
    for (of, tenant) in tenants.iter().enumerate() {
        let mut tx = db.read(&world.db.scope(tenant));
        let there = tx.repo::<Project>().count(Filter::all([])).await.unwrap();
        assert_eq!(there, kept.iter().map(|kept| kept[of]).sum::<u64>());
        tx.commit().await.unwrap();
    }
    assert_eq!(db.state().open_transactions, 0);
    db.close().await;
}
