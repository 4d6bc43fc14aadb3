//! Filters, many rows at once, soft deletion, savepoints.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use saas_core::Id;
use saas_tenancy::{Error, Filter, PageQuery, TenantTx};

use crate::world::{
    NewNote, NewProject, NewTask, Note, NotePatch, Project, ProjectPatch, Task, World, new_project,
};

fn ranked(name: &str, rank: i64, owner: Option<&str>) -> NewProject {
    NewProject {
        name: name.to_owned(),
        owner: owner.map(str::to_owned),
        rank,
    }
}

fn note(code: &str, text: Option<&str>) -> NewNote {
    NewNote {
        code: code.to_owned(),
        text: text.map(str::to_owned),
        author: "ann".to_owned(),
    }
}

/// Five projects in each of the two tenants, with the same names and other owners.
async fn planted(world: &World) {
    for (tenant, owner) in [(&world.acme, "ann"), (&world.beta, "ben")] {
        let mut tx = world.db.database().write(&world.db.scope(tenant));
        let new = [
            ranked("alpha", 1, Some(owner)),
            ranked("alphabet", 2, None),
            ranked("Alpha_%", 3, Some(owner)),
            ranked("beta", 4, None),
            ranked("gamma", 5, Some("both")),
        ];
        tx.repo::<Project>().insert_many(new).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn ranks(tx: &mut TenantTx, filter: Filter<Project>) -> Vec<i64> {
    let query = PageQuery::new()
        .filter(filter)
        .sort(Project::RANK.ascending());
    let page = tx.repo::<Project>().list(query).await.unwrap();
    page.items.iter().map(|project| project.rank).collect()
}

#[tokio::test]
async fn each_filter_keeps_the_rows_it_says() {
    for world in World::all().await {
        planted(&world).await;
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let owner = |name: &str| Some(name.to_owned());
        for (filter, expected) in [
            (Project::NAME.eq("beta"), vec![4]),
            (Project::NAME.ne("beta"), vec![1, 2, 3, 5]),
            (Project::RANK.lt(3), vec![1, 2]),
            (Project::RANK.le(3), vec![1, 2, 3]),
            (Project::RANK.gt(3), vec![4, 5]),
            (Project::RANK.ge(3), vec![3, 4, 5]),
            (Project::RANK.between(2..=4), vec![2, 3, 4]),
            (Project::RANK.is_in([5, 1, 9]), vec![1, 5]),
            (Project::RANK.is_in([]), vec![]),
            (Project::NAME.starts_with("alpha"), vec![1, 2]),
            // Case counts, and what LIKE would take for wildcards is text.
            (Project::NAME.starts_with("Alpha_%"), vec![3]),
            (Project::NAME.starts_with(""), vec![1, 2, 3, 4, 5]),
            (Project::OWNER.is_null(), vec![2, 4]),
            (Project::OWNER.eq(None), vec![2, 4]),
            (Project::OWNER.is_not_null(), vec![1, 3, 5]),
            (Project::OWNER.eq(owner("ann")), vec![1, 3]),
            (Project::OWNER.eq(owner("ben")), vec![]),
            (Project::OWNER.ne(owner("ann")), vec![5]),
            (
                Project::RANK.gt(1) & Project::OWNER.is_not_null(),
                vec![3, 5],
            ),
            (Project::RANK.eq(1) | Project::RANK.eq(5), vec![1, 5]),
            (!(Project::RANK.eq(1) | Project::RANK.eq(5)), vec![2, 3, 4]),
            (Filter::all([]), vec![1, 2, 3, 4, 5]),
            (Filter::any([]), vec![]),
            (
                Project::RANK.eq(9) | Project::RANK.eq(1) & Project::RANK.eq(2),
                vec![],
            ),
        ] {
            assert_eq!(
                ranks(&mut tx, filter.clone()).await,
                expected,
                "{:?}",
                world.db
            );
            let mut repository = tx.repo::<Project>();
            assert_eq!(
                repository.count(filter.clone()).await.unwrap(),
                expected.len() as u64
            );
            assert_eq!(
                repository.exists(filter).await.unwrap(),
                !expected.is_empty()
            );
        }
    }
}

/// Trees of conditions, as no test would write them by hand.
fn filters() -> impl Strategy<Value = Filter<Project>> {
    let leaf = prop_oneof![
        (0..7_i64).prop_map(|rank| Project::RANK.eq(rank)),
        (0..7_i64).prop_map(|rank| Project::RANK.gt(rank)),
        "[a-zA-Z_%' ]{0,3}".prop_map(|text| Project::NAME.starts_with(text)),
        "(alpha|x' OR '1'='1|%)".prop_map(|text| Project::NAME.ne(text)),
        Just(Project::OWNER.is_null()),
        proptest::collection::vec(0..7_i64, 0..4).prop_map(|ranks| Project::RANK.is_in(ranks)),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Filter::all),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Filter::any),
            inner.prop_map(|filter| !filter),
        ]
    })
}

#[tokio::test]
async fn iso_40_58_no_filter_shows_a_row_of_another_tenant() {
    for world in World::all().await {
        planted(&world).await;
        let mut runner = TestRunner::deterministic();
        let scope = world.db.scope(&world.acme);
        for _ in 0..300 {
            let filter = filters().new_tree(&mut runner).unwrap().current();
            let mut tx = world.db.database().read(&scope);
            let page = tx
                .repo::<Project>()
                .list(PageQuery::new().filter(filter.clone()))
                .await;
            let items = page.unwrap().items;
            assert!(
                items
                    .iter()
                    .all(|project| project.tenant_id == world.acme.id())
            );
            let kept = tx.repo::<Project>().count(filter.clone()).await.unwrap();
            let others = tx.repo::<Project>().count(!filter.clone()).await.unwrap();
            // Rows for which the condition is unknown are in neither.
            assert!(items.len() as u64 == kept && kept + others <= 5);

            let mut tx = world.db.database().write(&scope);
            let changed = tx.repo::<Project>().delete_where(filter).await.unwrap();
            assert_eq!(changed, kept);
            tx.rollback().await.unwrap();
        }
        assert_eq!(world.names(&world.beta).await.len(), 5);
    }
}

#[tokio::test]
async fn too_large_a_filter_is_refused_and_not_sent() {
    for world in World::all().await {
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let many = Project::RANK.is_in(0..1001);
        assert!(matches!(
            tx.repo::<Project>().count(many).await,
            Err(Error::Misuse(_))
        ));
        let mut deep = Project::RANK.eq(1);
        for _ in 0..20 {
            deep = !deep;
        }
        assert!(matches!(
            tx.repo::<Project>().count(deep).await,
            Err(Error::Misuse(_))
        ));
        assert_eq!(
            tx.repo::<Project>()
                .count(Project::RANK.is_in(0..1000))
                .await
                .unwrap(),
            0
        );
    }
}

#[tokio::test]
async fn many_rows_go_in_and_out_and_none_of_another_tenant() {
    for world in World::all().await {
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let new = (0..1234).map(|rank| ranked(&format!("p{rank}"), rank, None));
        let written = tx.repo::<Project>().insert_many(new).await.unwrap();
        assert_eq!(
            written
                .iter()
                .map(|project| project.rank)
                .collect::<Vec<_>>(),
            (0..1234).collect::<Vec<_>>()
        );
        assert_eq!(tx.repo::<Project>().insert_many([]).await.unwrap(), []);
        tx.commit().await.unwrap();
        let theirs = world.project(&world.beta, "theirs").await;

        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let ids: Vec<_> = written.iter().rev().map(|project| project.id).collect();
        let wanted = ids.iter().copied().chain([theirs.id, Id::generate()]);
        let found = tx.repo::<Project>().find_many(wanted).await.unwrap();
        assert_eq!(
            found.iter().map(|project| project.id).collect::<Vec<_>>(),
            ids
        );

        let streamed: Vec<Project> = tx
            .repo::<Project>()
            .stream(Project::RANK.ge(100))
            .try_collect()
            .await
            .unwrap();
        assert_eq!(streamed.len(), 1134);
        let distinct: BTreeSet<_> = streamed
            .iter()
            .map(|project| project.id.as_uuid())
            .collect();
        assert_eq!(distinct.len(), 1134);
    }
}

#[tokio::test]
async fn rows_are_loaded_for_many_parents_at_once() {
    for world in World::all().await {
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let projects = tx
            .repo::<Project>()
            .insert_many((0..3).map(|rank| ranked(&format!("p{rank}"), rank, None)))
            .await
            .unwrap();
        let ids: Vec<_> = projects.iter().map(|project| project.id).collect();
        let tasks = ids.iter().enumerate().flat_map(|(number, id)| {
            (0..number).map(|task| NewTask {
                project_id: *id,
                title: format!("t{task}"),
            })
        });
        tx.repo::<Task>().insert_many(tasks).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let by_project = tx
            .repo::<Task>()
            .find_by(Task::PROJECT_ID, ids.clone())
            .await
            .unwrap();
        let titles = |number: usize| {
            let tasks = by_project.get(&ids[number]);
            tasks.map(|tasks| {
                tasks
                    .iter()
                    .map(|task| task.title.as_str())
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(titles(0), None);
        assert_eq!(titles(1), Some(vec!["t0"]));
        assert_eq!(titles(2), Some(vec!["t0", "t1"]));

        let mut tx = world.db.database().read(&world.db.scope(&world.beta));
        let theirs = tx
            .repo::<Task>()
            .find_by(Task::PROJECT_ID, ids)
            .await
            .unwrap();
        assert!(theirs.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_upserts_all_succeed_and_one_row_is_there() {
    for world in World::all().await {
        let (database, scope) = (world.db.database().clone(), world.db.scope(&world.acme));
        let upserts = (0..20).map(|number| {
            let (database, scope) = (database.clone(), scope.clone());
            tokio::spawn(async move {
                let mut tx = database.write(&scope);
                let new = note("one", Some(&number.to_string()));
                tx.repo::<Note>().upsert(Note::CODE, new).await.unwrap();
                tx.commit().await.unwrap();
            })
        });
        for upsert in upserts.collect::<Vec<_>>() {
            upsert.await.unwrap();
        }
        let mut tx = database.write(&scope);
        let mut other = note("one", Some("last"));
        other.author = "somebody else".to_owned();
        let row = tx.repo::<Note>().upsert(Note::CODE, other).await.unwrap();
        // A fixed column stays as it was inserted.
        assert_eq!(
            (row.version, row.text.as_deref(), row.author.as_str()),
            (21, Some("last"), "ann")
        );
        tx.commit().await.unwrap();
        // The same code is free in another tenant.
        let mut tx = database.write(&world.db.scope(&world.beta));
        let row = tx
            .repo::<Note>()
            .upsert(Note::CODE, note("one", None))
            .await
            .unwrap();
        assert_eq!(row.version, 1);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn rows_are_changed_and_deleted_by_condition() {
    for world in World::all().await {
        planted(&world).await;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let patch = ProjectPatch {
            owner: Some(Some("new".to_owned())),
            ..ProjectPatch::default()
        };
        let changed = tx
            .repo::<Project>()
            .update_where(Project::RANK.gt(3), patch)
            .await
            .unwrap();
        assert_eq!(changed, 2);
        let all = tx
            .repo::<Project>()
            .list(PageQuery::new())
            .await
            .unwrap()
            .items;
        let versions: Vec<_> = all.iter().map(|project| project.version).collect();
        assert_eq!(versions, [1, 1, 1, 2, 2]);
        assert_eq!(
            tx.repo::<Project>()
                .delete_where(Project::RANK.gt(3))
                .await
                .unwrap(),
            2
        );
        assert_eq!(ranks(&mut tx, Filter::all([])).await, [1, 2, 3]);
        tx.commit().await.unwrap();
        assert_eq!(world.names(&world.beta).await.len(), 5);
    }
}

#[tokio::test]
async fn iso_53_what_was_deleted_softly_is_hidden_restored_and_never_anothers() {
    for world in World::all().await {
        let (acme, beta) = (world.db.scope(&world.acme), world.db.scope(&world.beta));
        let mut tx = world.db.database().write(&acme);
        let kept = tx.repo::<Note>().insert(note("kept", None)).await.unwrap();
        let gone = tx.repo::<Note>().insert(note("gone", None)).await.unwrap();
        tx.repo::<Note>().delete(gone.id, Some(1)).await.unwrap();

        let mut notes = tx.repo::<Note>();
        assert_eq!(notes.find(gone.id).await.unwrap(), None);
        assert_eq!(notes.count(Filter::all([])).await.unwrap(), 1);
        assert_eq!(notes.list(PageQuery::new()).await.unwrap().items, [kept]);
        assert!(matches!(
            notes.delete(gone.id, None).await,
            Err(Error::NotFound)
        ));
        let patch = NotePatch::default();
        assert!(matches!(
            notes.update(gone.id, None, patch.clone()).await,
            Err(Error::NotFound)
        ));
        assert_eq!(
            notes
                .update_where(Note::CODE.eq("gone"), patch)
                .await
                .unwrap(),
            0
        );
        let deleted = tx.repo::<Note>().with_deleted().get(gone.id).await.unwrap();
        assert_eq!(
            (deleted.version, deleted.deleted_at),
            (2, Some(world.db.now()))
        );
        tx.commit().await.unwrap();

        let mut tx = world.db.database().write(&beta);
        let found = tx
            .repo::<Note>()
            .with_deleted()
            .find(gone.id)
            .await
            .unwrap();
        assert_eq!(found, None);
        assert!(matches!(
            tx.repo::<Note>().restore(gone.id).await,
            Err(Error::NotFound)
        ));
        assert!(matches!(
            tx.repo::<Note>().purge(gone.id, None).await,
            Err(Error::NotFound)
        ));
        drop(tx);

        // Its code is free again, until it comes back.
        let mut tx = world.db.database().write(&acme);
        let other = tx.repo::<Note>().insert(note("gone", None)).await.unwrap();
        let again = tx
            .savepoint(async |tx| tx.repo::<Note>().restore(gone.id).await)
            .await;
        assert!(matches!(again, Err(Error::Unique(_))), "{again:?}");
        tx.repo::<Note>().purge(other.id, None).await.unwrap();
        let restored = tx.repo::<Note>().restore(gone.id).await.unwrap();
        assert_eq!((restored.version, restored.deleted_at), (3, None));
        assert!(matches!(
            tx.repo::<Note>().restore(gone.id).await,
            Err(Error::NotFound)
        ));
        tx.repo::<Note>().purge(gone.id, Some(3)).await.unwrap();
        let all = tx
            .repo::<Note>()
            .with_deleted()
            .count(Filter::all([]))
            .await
            .unwrap();
        assert_eq!(all, 1);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn iso_30_a_part_that_fails_is_undone_and_the_rest_is_kept() {
    for world in World::all().await {
        let scope = world.db.scope(&world.acme);
        world.project(&world.acme, "taken").await;
        let mut tx = world.db.database().write(&scope);
        tx.repo::<Project>()
            .insert(new_project("before"))
            .await
            .unwrap();
        let failed = tx
            .savepoint(async |tx| {
                tx.repo::<Project>().insert(new_project("inside")).await?;
                tx.savepoint(async |tx| {
                    tx.repo::<Project>().insert(new_project("innermost")).await
                })
                .await?;
                tx.repo::<Project>().insert(new_project("taken")).await
            })
            .await;
        assert!(matches!(failed, Err(Error::Unique(_))), "{failed:?}");
        let nested = tx
            .savepoint(async |tx| {
                tx.repo::<Project>().insert(new_project("outer")).await?;
                let inner = tx
                    .savepoint(async |tx| tx.repo::<Project>().insert(new_project("taken")).await)
                    .await;
                assert!(inner.is_err());
                tx.repo::<Project>()
                    .insert(new_project("after inner"))
                    .await
            })
            .await;
        assert!(nested.is_ok());
        // A part that hides its failure is undone too.
        let hidden = tx
            .savepoint(async |tx| {
                tx.repo::<Project>().insert(new_project("hidden")).await?;
                let _ = tx.repo::<Project>().insert(new_project("taken")).await;
                Ok::<_, Error>(())
            })
            .await;
        assert!(matches!(hidden, Err(Error::Aborted)), "{hidden:?}");
        tx.commit().await.unwrap();
        assert_eq!(
            world.names(&world.acme).await,
            ["after inner", "before", "outer", "taken"]
        );
    }
}

#[tokio::test]
async fn a_part_whose_caller_went_away_cannot_be_committed() {
    for world in World::all().await {
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let part = tx.savepoint(async |tx| {
            tx.repo::<Project>().insert(new_project("half")).await?;
            std::future::pending::<Result<(), Error>>().await
        });
        let timeout = std::time::Duration::from_millis(100);
        assert!(tokio::time::timeout(timeout, part).await.is_err());
        assert!(matches!(tx.commit().await, Err(Error::Aborted)));
        assert!(world.names(&world.acme).await.is_empty());
    }
}

#[tokio::test]
async fn one_unit_of_work_spans_several_repositories() {
    for world in World::all().await {
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let project = tx.repo::<Project>().insert(new_project("p")).await.unwrap();
        let task = NewTask {
            project_id: project.id,
            title: "t".to_owned(),
        };
        tx.repo::<Task>().insert(task).await.unwrap();
        drop(tx);
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        assert!(!tx.repo::<Project>().exists(Filter::all([])).await.unwrap());
        assert!(!tx.repo::<Task>().exists(Filter::all([])).await.unwrap());
    }
}
