//! What a statement of the service could try on PostgreSQL, and what the server answers.

use saas_core::Problem;
use saas_tenancy::{Dialect, Error, Filter, Row, SystemScope};
use saas_testkit::TestSetup;

use crate::world::{NewTask, Project, ProjectPatch, Task, World, new_project};

/// Runs SQL without any predicate as acme, after both tenants got a project.
async fn as_acme(world: &World, sql: &'static str) -> Result<Vec<Row>, Error> {
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    tx.rls_only(sql, &[]).await
}

async fn planted() -> World {
    let world = World::on(Dialect::Postgres).await;
    world.project(&world.acme, "mine").await;
    world.project(&world.beta, "theirs").await;
    world
}

#[tokio::test]
async fn iso_08_a_cascade_ends_at_the_tenant() {
    let world = World::on(Dialect::Postgres).await;
    world
        .db
        .as_owner(
            "ALTER TABLE tasks DROP CONSTRAINT tasks_tenant_id_project_id_fkey;
             ALTER TABLE tasks ADD FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE",
        )
        .await;
    let mut ids = Vec::new();
    for tenant in [&world.acme, &world.beta] {
        let mut tx = world.db.database().write(&world.db.scope(tenant));
        // The same id in both tenants, as no client could choose it.
        let id = ids.first().copied().unwrap_or_else(saas_core::Id::generate);
        let project = tx
            .repo::<Project>()
            .insert_as(id, new_project("p"))
            .await
            .unwrap();
        let task = NewTask {
            project_id: project.id,
            title: "t".to_owned(),
        };
        tx.repo::<Task>().insert(task).await.unwrap();
        tx.commit().await.unwrap();
        ids.push(project.id);
    }
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    tx.repo::<Project>().delete(ids[0], None).await.unwrap();
    tx.commit().await.unwrap();
    for (tenant, left) in [(&world.acme, 0), (&world.beta, 1)] {
        let mut tx = world.db.database().read(&world.db.scope(tenant));
        assert_eq!(
            tx.repo::<Task>().count(Filter::all([])).await.unwrap(),
            left
        );
    }
}

#[tokio::test]
async fn iso_11_turning_row_security_off_gives_an_error_and_no_row() {
    let world = planted().await;
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    tx.rls_only("SELECT set_config('row_security', 'off', true)", &[])
        .await
        .unwrap();
    let refused = tx.rls_only("SELECT name FROM projects", &[]).await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
}

#[tokio::test]
async fn iso_16_an_expression_that_fails_on_hidden_rows_is_not_evaluated_on_them() {
    let world = planted().await;
    let sql =
        "SELECT name FROM projects WHERE 1 / (CASE WHEN name = 'theirs' THEN 0 ELSE 1 END) > 0";
    let rows = as_acme(&world, sql).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get::<String>(0).unwrap(), "mine");
    let operator =
        "CREATE FUNCTION peek(text) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT true'";
    assert!(matches!(
        as_acme(&world, operator).await,
        Err(Error::Denied(_) | Error::Database(_))
    ));
}

#[tokio::test]
async fn iso_17_the_statistics_of_a_guarded_table_are_hidden() {
    let world = planted().await;
    world.db.as_superuser("ANALYZE projects").await;
    let rows = as_acme(
        &world,
        "SELECT 1::bigint FROM pg_stats WHERE tablename = 'projects'",
    )
    .await;
    assert!(rows.unwrap().is_empty());
}

#[tokio::test]
async fn iso_19_rows_cannot_be_copied_in_past_the_policies() {
    let world = planted().await;
    let refused = as_acme(&world, "COPY projects FROM PROGRAM 'true'").await;
    assert!(refused.is_err());
    let refused = as_acme(&world, "COPY projects TO '/tmp/never'").await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn iso_21_28_29_no_connection_carries_a_tenant_after_its_use() {
    for world in World::all().await {
        let scopes = [world.db.scope(&world.acme), world.db.scope(&world.beta)];
        for round in 0..50 {
            let scope = &scopes[round % 2];
            let mut tx = world.db.database().write(scope);
            tx.repo::<Project>()
                .insert(new_project(&format!("p{round}")))
                .await
                .unwrap();
            if round % 3 == 0 {
                tx.commit().await.unwrap();
            } else {
                tx.rollback().await.unwrap();
            }
            let mut tx = world.db.database().read(scope);
            tx.repo::<Project>().count(Filter::all([])).await.unwrap();
        }
        crate::cancel::settled(&world).await;
        let audit = world.db.database().audit_connections().await.unwrap();
        assert_eq!(
            (audit.with_tenant, audit.in_transaction),
            (0, 0),
            "{audit:?}"
        );
    }
    // Without any setting, and with the empty one that a used connection has, nothing is seen.
    let world = planted().await;
    let mut tx = world
        .db
        .database()
        .system_read(&SystemScope::<TestSetup>::enter());
    assert!(
        tx.fetch_all("SELECT 1::bigint FROM projects", &[])
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn iso_26_27_nothing_can_be_left_on_a_connection() {
    let world = planted().await;
    let refused = as_acme(&world, "CREATE TEMP TABLE projects (name text)").await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    let shadow = as_acme(&world, "CREATE TABLE public.extra (name text)").await;
    assert!(matches!(shadow, Err(Error::Denied(_))), "{shadow:?}");
}

#[tokio::test]
async fn iso_31_one_prepared_statement_serves_two_tenants() {
    let world = planted().await;
    let database = world.db.another_instance(1).await;
    for _ in 0..20 {
        for (tenant, name) in [(&world.acme, "mine"), (&world.beta, "theirs")] {
            let mut tx = database.read(&world.db.scope(tenant));
            let page = tx
                .repo::<Project>()
                .list(saas_tenancy::PageQuery::new())
                .await
                .unwrap();
            assert_eq!(page.items.len(), 1);
            assert_eq!(page.items[0].name, name);
        }
    }
}

#[tokio::test]
async fn iso_49_what_the_database_says_about_values_stays_inside() {
    for world in World::all().await {
        world.project(&world.acme, "secret-name").await;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let refused = tx
            .repo::<Project>()
            .insert(new_project("secret-name"))
            .await
            .unwrap_err();
        let problem = Problem::from(refused);
        let shown = serde_json::to_string(&problem).unwrap();
        assert!(
            !shown.contains("secret-name") && !shown.contains("projects"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn iso_51_a_foreign_id_among_many_changes_nothing_of_its_tenant() {
    for world in World::all().await {
        let theirs = world.project(&world.beta, "theirs").await;
        let mut ids = vec![theirs.id];
        for number in 0..20 {
            ids.push(
                world
                    .project(&world.acme, &format!("mine {number}"))
                    .await
                    .id,
            );
        }
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let found = tx.repo::<Project>().find_many(ids.clone()).await.unwrap();
        assert_eq!(found.len(), 20);
        for id in ids {
            let patch = ProjectPatch {
                rank: Some(9),
                ..ProjectPatch::default()
            };
            let updated = tx.repo::<Project>().update(id, None, patch).await;
            assert_eq!(updated.is_ok(), id != theirs.id);
        }
        tx.commit().await.unwrap();
        let mut tx = world.db.database().read(&world.db.scope(&world.beta));
        assert_eq!(tx.repo::<Project>().get(theirs.id).await.unwrap(), theirs);
    }
}

#[tokio::test]
async fn iso_58_values_are_values_and_no_sql() {
    for world in World::all().await {
        world.project(&world.beta, "theirs").await;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        for text in [
            "' OR '1'='1",
            "'; DROP TABLE projects; --",
            "$1",
            "%",
            "x' UNION SELECT set_config('app.tenant_id', '', false) --",
        ] {
            let inserted = tx
                .repo::<Project>()
                .insert(new_project(text))
                .await
                .unwrap();
            assert_eq!(inserted.name, text);
            let found = tx
                .repo::<Project>()
                .count(Project::NAME.eq(text))
                .await
                .unwrap();
            assert_eq!(found, 1);
        }
        assert_eq!(
            tx.repo::<Project>()
                .count(Project::NAME.starts_with("%"))
                .await
                .unwrap(),
            1
        );
    }
}

#[tokio::test]
async fn iso_18_47_no_sequence_counts_rows_and_no_large_object_holds_them() {
    let world = planted().await;
    let sql = "SELECT relname::text FROM pg_class WHERE relkind = 'S' UNION ALL SELECT oid::text FROM pg_largeobject_metadata";
    assert_eq!(as_acme(&world, sql).await.unwrap().len(), 0);
}

#[tokio::test]
async fn iso_48_values_do_not_show_in_what_the_server_says_of_statements() {
    let world = planted().await;
    let mut tx = world.db.database().write(&world.db.scope(&world.beta));
    let secret = "a value that nobody else may see";
    tx.repo::<Project>()
        .insert(new_project(secret))
        .await
        .unwrap();
    tx.repo::<Project>()
        .count(Project::NAME.eq(secret))
        .await
        .unwrap();
    // The other's connection still shows its last statement.
    let shown = as_acme(&world, "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").await.unwrap();
    let shown: Vec<String> = shown.iter().map(|row| row.get(0).unwrap()).collect();
    assert!(
        shown.iter().any(|query| query.contains("projects")),
        "{shown:?}"
    );
    assert!(
        !shown.iter().any(|query| query.contains("nobody else")),
        "{shown:?}"
    );
    tx.rollback().await.unwrap();
}
