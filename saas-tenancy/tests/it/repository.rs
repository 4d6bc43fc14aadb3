//! What a repository does with rows.

use saas_core::{Code, Id, Problem};
use saas_tenancy::{Error, Filter};

use crate::world::{NewTask, Project, ProjectPatch, Projects as _, Task, World, new_project};

#[tokio::test]
async fn a_row_comes_back_as_it_was_written() {
    for world in World::all().await {
        let written = world.project(&world.acme, "bridge ü 😀").await;
        assert_eq!(
            (written.version, written.created_at, written.updated_at),
            (1, world.db.now(), world.db.now())
        );
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        assert_eq!(
            tx.repo::<Project>().get(written.id).await.unwrap(),
            written,
            "{:?}",
            world.db
        );
    }
}

#[tokio::test]
async fn htp_21_an_update_with_an_old_version_changes_nothing() {
    for world in World::all().await {
        let project = world.project(&world.acme, "bridge").await;
        let scope = world.db.scope(&world.acme);
        let patch = |name: &str| ProjectPatch {
            name: Some(name.to_owned()),
            ..ProjectPatch::default()
        };

        let mut tx = world.db.database().write(&scope);
        let second = tx
            .repo::<Project>()
            .update(project.id, Some(1), patch("tunnel"))
            .await
            .unwrap();
        assert_eq!((second.version, second.name.as_str()), (2, "tunnel"));
        tx.commit().await.unwrap();

        let mut tx = world.db.database().write(&scope);
        let stale = tx
            .repo::<Project>()
            .update(project.id, Some(1), patch("ferry"))
            .await;
        assert!(matches!(stale, Err(Error::VersionMismatch)), "{stale:?}");
        let stale = tx.repo::<Project>().delete(project.id, Some(1)).await;
        assert!(matches!(stale, Err(Error::VersionMismatch)), "{stale:?}");
        let missing = tx
            .repo::<Project>()
            .update(Id::generate(), Some(1), patch("ferry"))
            .await;
        assert!(matches!(missing, Err(Error::NotFound)), "{missing:?}");
        drop(tx);
        assert_eq!(world.names(&world.acme).await, ["tunnel"]);
    }
}

#[tokio::test]
async fn a_nullable_column_can_be_set_and_unset() {
    for world in World::all().await {
        let project = world.project(&world.acme, "bridge").await;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let patch = ProjectPatch {
            owner: Some(Some("ann".to_owned())),
            ..ProjectPatch::default()
        };
        assert_eq!(
            tx.repo::<Project>()
                .update(project.id, None, patch)
                .await
                .unwrap()
                .owner
                .as_deref(),
            Some("ann")
        );
        let patch = ProjectPatch {
            owner: Some(None),
            ..ProjectPatch::default()
        };
        assert_eq!(
            tx.repo::<Project>()
                .update(project.id, None, patch)
                .await
                .unwrap()
                .owner,
            None
        );
    }
}

#[tokio::test]
async fn hand_written_statements_see_one_tenant() {
    for world in World::all().await {
        for name in ["a", "b", "c"] {
            let project = world.project(&world.acme, name).await;
            world.project(&world.beta, name).await;
            let mut tx = world.db.database().write(&world.db.scope(&world.acme));
            let task = NewTask {
                project_id: project.id,
                title: "paint".to_owned(),
            };
            tx.repo::<Task>().insert(task).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        assert_eq!(tx.rank_all(7).await.unwrap(), 3);
        assert_eq!(tx.ranked_or_named(7, "nobody").await.unwrap().len(), 3);
        assert_eq!(tx.tasks_of_projects().await.unwrap(), (3,));
        tx.commit().await.unwrap();
        let mut tx = world.db.database().write(&world.db.scope(&world.beta));
        assert_eq!(tx.ranked_or_named(7, "nobody").await.unwrap().len(), 0);
        tx.delete_named("b").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.names(&world.acme).await, ["a", "b", "c"]);
        assert_eq!(world.names(&world.beta).await, ["a", "c"]);
    }
}

#[tokio::test]
async fn a_failed_statement_spoils_the_commit() {
    for world in World::all().await {
        world.project(&world.acme, "bridge").await;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        tx.repo::<Project>()
            .insert(new_project("tunnel"))
            .await
            .unwrap();
        let twice = tx.repo::<Project>().insert(new_project("bridge")).await;
        assert!(matches!(twice, Err(Error::Unique(_))), "{twice:?}");
        assert!(matches!(tx.commit().await, Err(Error::Aborted)));
        assert_eq!(world.names(&world.acme).await, ["bridge"]);
    }
}

#[tokio::test]
async fn a_value_that_is_taken_is_told_with_its_field() {
    for world in World::all().await {
        let bridge = world.project(&world.acme, "bridge").await;
        let tunnel = world.project(&world.acme, "tunnel").await;
        let begin = || world.db.database().write(&world.db.scope(&world.acme));
        let renamed = ProjectPatch {
            name: Some("bridge".to_owned()),
            ..Default::default()
        };
        let mut errors = Vec::new();
        let mut tx = begin();
        let inserted = tx.repo::<Project>().insert(new_project("bridge")).await;
        errors.push(inserted.unwrap_err());
        tx.rollback().await.unwrap();
        let mut tx = begin();
        let many = [new_project("a"), new_project("bridge")];
        let inserted = tx.repo::<Project>().insert_many(many).await;
        errors.push(inserted.unwrap_err());
        tx.rollback().await.unwrap();
        let mut tx = begin();
        let mut projects = tx.repo::<Project>();
        let updated = projects.update(tunnel.id, None, renamed.clone()).await;
        errors.push(updated.unwrap_err());
        tx.rollback().await.unwrap();
        let mut tx = begin();
        let mut projects = tx.repo::<Project>();
        let updated = projects.update_where(Filter::all([]), renamed).await;
        errors.push(updated.unwrap_err());
        tx.rollback().await.unwrap();
        // The id is not a field that somebody fills in.
        let mut tx = begin();
        let mut projects = tx.repo::<Project>();
        let same = projects.insert_as(bridge.id, new_project("b")).await;
        let Err(Error::Unique(taken)) = same else {
            panic!("{same:?}")
        };
        assert_eq!(taken.field(), None, "{taken:?}");
        tx.rollback().await.unwrap();
        for error in errors {
            let problem = Problem::from(error);
            assert_eq!(problem.code(), Code::CONFLICT);
            let fields: Vec<_> = problem.fields().iter().map(|error| &*error.field).collect();
            assert_eq!(fields, ["name"], "{:?}", world.db);
        }
    }
}

#[tokio::test]
async fn text_with_a_nul_is_refused_and_not_cut() {
    for world in World::all().await {
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let result = tx.repo::<Project>().insert(new_project("a\0b")).await;
        assert!(
            matches!(result, Err(Error::InvalidValue(_))),
            "{:?}: {result:?}",
            world.db
        );
    }
}
