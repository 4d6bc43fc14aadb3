//! Two tenants with projects and tasks.

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{
    Dialect, EntityTable, Migration, Module, Tenant, TenantEntity, tenant_repository,
};
use saas_testkit::TestDatabase;

#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "projects", new = "NewProject", patch = "ProjectPatch")]
pub(crate) struct Project {
    #[entity(id)]
    pub id: Id<Project>,
    #[entity(tenant)]
    pub tenant_id: TenantId,
    #[entity(filter, sort, unique)]
    pub name: String,
    #[entity(filter)]
    pub owner: Option<String>,
    #[entity(filter, sort)]
    pub rank: i64,
    #[entity(version)]
    pub version: i64,
    #[entity(created, sort)]
    pub created_at: Timestamp,
    #[entity(updated)]
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "tasks", new = "NewTask", patch = "TaskPatch")]
pub(crate) struct Task {
    #[entity(id)]
    pub id: Id<Task>,
    #[entity(tenant)]
    pub tenant_id: TenantId,
    #[entity(filter, fixed, references = "projects")]
    pub project_id: Id<Project>,
    pub title: String,
}

#[tenant_repository(entity = Project)]
pub(crate) trait Projects {
    #[sql("SELECT * FROM projects WHERE {tenant} AND (rank = :rank OR name = :name) ORDER BY name")]
    async fn ranked_or_named(&mut self, rank: i64, name: &str) -> Result<Vec<Project>>;

    #[sql(
        "SELECT count(*) FROM projects p JOIN tasks t ON t.project_id = p.id AND {tenant t} WHERE {tenant p}"
    )]
    async fn tasks_of_projects(&mut self) -> Result<(i64,)>;

    #[sql("UPDATE projects SET rank = :rank WHERE {tenant}")]
    async fn rank_all(&mut self, rank: i64) -> Result<u64>;

    #[sql("DELETE FROM projects WHERE {tenant} AND name = :name")]
    async fn delete_named(&mut self, name: &str) -> Result<()>;
}

/// Kept when it is deleted.
#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "notes", new = "NewNote", patch = "NotePatch")]
pub(crate) struct Note {
    #[entity(id)]
    pub id: Id<Note>,
    #[entity(tenant)]
    pub tenant_id: TenantId,
    #[entity(filter, sort, unique)]
    pub code: String,
    #[entity(filter)]
    pub text: Option<String>,
    #[entity(fixed)]
    pub author: String,
    #[entity(version)]
    pub version: i64,
    #[entity(updated)]
    pub updated_at: Timestamp,
    #[entity(deleted)]
    pub deleted_at: Option<Timestamp>,
}

pub(crate) const MODULE: Module = Module::new("world")
    .migrations(&[Migration::new(
        1,
        "world",
        include_str!("schema/sqlite.sql"),
        include_str!("schema/postgres.sql"),
    )])
    .entities(&[
        EntityTable::new::<Project>(),
        EntityTable::new::<Task>(),
        EntityTable::new::<Note>(),
    ]);

#[test]
fn the_schema_is_what_the_entities_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/schema");
    for (dialect, name) in [(Dialect::Sqlite, "sqlite"), (Dialect::Postgres, "postgres")] {
        saas_testkit::assert_reference(format!("{folder}/{name}.sql"), &MODULE.ddl(dialect));
    }
}

#[test]
fn the_guards_are_those_of_the_registry() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/migrations/postgres/0006_guards.sql"
    );
    saas_testkit::assert_reference(file, &saas_tenancy::MODULE.guards());
}

const MODULES: &[&Module] = &[&saas_tenancy::MODULE, &MODULE];

/// A database with two tenants.
pub(crate) struct World {
    pub db: TestDatabase,
    pub acme: Tenant,
    pub beta: Tenant,
}

impl World {
    /// One for each way to keep the rows of tenants: SQLite, PostgreSQL, and PostgreSQL behind a
    /// transaction pooler. A further placement is a further line.
    pub(crate) async fn all() -> Vec<Self> {
        vec![
            Self::on(Dialect::Sqlite).await,
            Self::on(Dialect::Postgres).await,
            Self::pooled().await,
        ]
    }

    pub(crate) async fn pooled() -> Self {
        Self::with(TestDatabase::pooled(MODULES).await).await
    }

    pub(crate) async fn on(dialect: Dialect) -> Self {
        Self::with(match dialect {
            Dialect::Sqlite => TestDatabase::sqlite(MODULES).await,
            _ => TestDatabase::postgres(MODULES).await,
        })
        .await
    }

    async fn with(db: TestDatabase) -> Self {
        let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
        Self { db, acme, beta }
    }

    pub(crate) async fn project(&self, tenant: &Tenant, name: &str) -> Project {
        let mut tx = self.db.database().write(&self.db.scope(tenant));
        let project = tx
            .repo::<Project>()
            .insert(new_project(name))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        project
    }

    pub(crate) async fn names(&self, tenant: &Tenant) -> Vec<String> {
        let mut tx = self.db.database().read(&self.db.scope(tenant));
        let query = saas_tenancy::PageQuery::new()
            .sort(Project::NAME.ascending())
            .limit(100);
        tx.repo::<Project>()
            .list(query)
            .await
            .unwrap()
            .items
            .into_iter()
            .map(|project| project.name)
            .collect()
    }
}

pub(crate) fn new_project(name: &str) -> NewProject {
    NewProject {
        name: name.to_owned(),
        owner: None,
        rank: 0,
    }
}

/// How often to do something: the first number in CI, the second under `cargo xtask soak`.
pub(crate) fn tier(ci: u64, soak: u64) -> u64 {
    if std::env::var_os("SAAS_SOAK").is_some() {
        soak
    } else {
        ci
    }
}
