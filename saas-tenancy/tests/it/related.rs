//! Filters that go by other rows: those are of the same tenant, too.

use saas_core::{Id, TenantId};
use saas_tenancy::{Dialect, Error, Filter, PageQuery, Tenant, TenantEntity};
use uuid::Uuid;

use crate::world::{NewTask, Project, ProjectPatch, Task, TaskPatch, World};

/// A task that can be found by its title.
#[derive(Debug, TenantEntity)]
#[entity(table = "tasks")]
struct Titled {
    #[entity(id)]
    id: Id<Titled>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(filter, references = "projects")]
    project_id: Id<Project>,
    #[entity(filter)]
    title: String,
}

/// A task whose project has the id of another task.
#[derive(Debug, TenantEntity)]
#[entity(table = "tasks")]
struct Chained {
    #[entity(id)]
    id: Id<Chained>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(filter, references = "tasks")]
    project_id: Id<Titled>,
    #[entity(filter)]
    title: String,
}

/// Writes a row with the id that it is to have.
async fn plant(world: &World, table: &str, tenant: &Tenant, id: Uuid, rest: &str) {
    let literal = |id: Uuid| match world.db.dialect() {
        Dialect::Sqlite => format!("x'{}'", id.simple()),
        _ => format!("'{id}'"),
    };
    let (id, tenant) = (literal(id), literal(tenant.id().as_uuid()));
    let statement = format!("INSERT INTO {table} SELECT {id}, {tenant}, {rest}");
    match world.db.dialect() {
        Dialect::Sqlite => world.db.as_owner(&statement).await,
        _ => world.db.as_superuser(&statement).await,
    }
}

async fn plant_project(world: &World, tenant: &Tenant, id: Uuid, name: &str) {
    let now = match world.db.dialect() {
        Dialect::Sqlite => "0",
        _ => "now()",
    };
    let rest = format!("'{name}', NULL, 0, 1, {now}, {now}");
    plant(world, "projects", tenant, id, &rest).await;
}

async fn plant_task(world: &World, tenant: &Tenant, id: Uuid, project: Uuid, title: &str) {
    let project = match world.db.dialect() {
        Dialect::Sqlite => format!("x'{}'", project.simple()),
        _ => format!("'{project}'"),
    };
    plant(world, "tasks", tenant, id, &format!("{project}, '{title}'")).await;
}

fn titled(title: &str) -> Filter<Project> {
    Filter::related(Titled::PROJECT_ID, Titled::TITLE.eq(title))
}

#[tokio::test]
async fn iso_rows_are_found_by_others_of_their_tenant_and_by_nobody_elses() {
    for world in World::all().await {
        let [first, second, other] = [(); 3].map(|()| Id::<Project>::generate().as_uuid());
        // Both tenants have projects of these ids.
        for tenant in [&world.acme, &world.beta] {
            plant_project(&world, tenant, first, "first").await;
            plant_project(&world, tenant, second, "second").await;
        }
        // The first task has the id of the first project, and so the second belongs to it as well.
        plant_task(&world, &world.acme, first, second, "of second").await;
        plant_task(&world, &world.acme, other, first, "of first").await;
        plant_task(&world, &world.beta, other, first, "of beta").await;
        let chained = Filter::related(Chained::PROJECT_ID, Chained::TITLE.eq("of first"));
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        for (filter, expected) in [
            (titled("of first"), &["first"][..]),
            (titled("of second"), &["second"]),
            (titled("of nobody"), &[]),
            // It is there, with that project, and is another tenant's.
            (titled("of beta"), &[]),
            (!titled("of beta"), &["first", "second"]),
            (!titled("of first"), &["second"]),
            (titled("of first") & titled("of second"), &[]),
            (Filter::related(Titled::PROJECT_ID, chained), &["second"]),
        ] {
            let query = PageQuery::new()
                .filter(filter.clone())
                .sort(Project::NAME.ascending());
            let page = tx.repo::<Project>().list(query).await.unwrap();
            let names: Vec<_> = page.items.iter().map(|project| &project.name).collect();
            assert_eq!(names, expected, "{:?}: {filter:?}", world.db);
        }
    }
}

#[test]
fn filters_by_others_are_equal_when_all_of_them_is() {
    assert_eq!(titled("a"), titled("a"));
    assert_ne!(titled("a"), titled("b"));
    let by_id: Filter<Titled> = Filter::related(Chained::PROJECT_ID, Chained::TITLE.eq("a"));
    let negated = Filter::related(Chained::PROJECT_ID, !Chained::TITLE.eq("a"));
    assert_ne!(by_id, negated);
}

#[tokio::test]
async fn a_filter_may_nest_sixteen_deep() {
    let world = World::on(Dialect::Sqlite).await;
    world.project(&world.acme, "found").await;
    let mut tx = world.db.database().read(&world.db.scope(&world.acme));
    let nested = |depth: usize| (0..depth).fold(Project::NAME.eq("found"), |filter, _| !filter);
    for depth in [15, 16] {
        let found = tx.repo::<Project>().count(nested(depth)).await.unwrap();
        assert_eq!(found, u64::from(depth % 2 == 0), "{depth}");
    }
    for depth in [17, 18, 1000] {
        let refused = tx.repo::<Project>().count(nested(depth)).await;
        assert!(matches!(refused, Err(Error::Misuse(_))), "{depth}");
    }
}

#[tokio::test]
async fn an_update_of_nothing_counts_a_version_where_there_is_one() {
    for world in World::all().await {
        let project = world.project(&world.acme, "first").await;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        // Without a version.
        let new = NewTask {
            project_id: project.id,
            title: "before".to_owned(),
        };
        let task = tx.repo::<Task>().insert(new).await.unwrap();
        let patch = TaskPatch {
            title: Some("after".to_owned()),
        };
        let task = tx
            .repo::<Task>()
            .update(task.id, None, patch)
            .await
            .unwrap();
        assert_eq!(task.title, "after");
        let mut tasks = tx.repo::<Task>();
        let nothing = tasks.update(task.id, None, TaskPatch::default()).await;
        assert_eq!(nothing.unwrap(), task);
        // With one.
        let mut projects = tx.repo::<Project>();
        let nothing = ProjectPatch::default();
        let updated = projects.update(project.id, Some(1), nothing).await.unwrap();
        assert_eq!(updated.version, 2);
        tx.commit().await.unwrap();
    }
}
