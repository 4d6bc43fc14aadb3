//! Projects: the row and its table, the permissions, the API.

use http::StatusCode;
use saas_core::{
    Id, Page, Problem, TenantId, Timestamp,
    edge::{Json, Path},
};
use saas_rbac::{Access, Permission, Presets, Routes};
use saas_tenancy::{EntityTable, Migration, Module, PageQuery, Scope, TenantEntity, TenantTx};
use serde::{Deserialize, Serialize};

use crate::app::App;

#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "projects", new = "NewProject", patch = "ProjectPatch")]
pub struct Project {
    #[entity(id)]
    pub id: Id<Project>,
    #[entity(tenant)]
    pub tenant_id: TenantId,
    #[entity(filter, sort)]
    pub name: String,
    #[entity(filter)]
    pub archived: bool,
    #[entity(version)]
    pub version: i64,
    #[entity(created, sort)]
    pub created_at: Timestamp,
}

pub const WORKSHOP: Module = Module::new("workshop")
    .migrations(&[Migration::new(
        1,
        "projects",
        "CREATE TABLE projects (
            tenant_id  BLOB    NOT NULL,
            id         BLOB    NOT NULL,
            name       TEXT    NOT NULL,
            archived   INTEGER NOT NULL CHECK (archived IN (0, 1)),
            version    INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (tenant_id, id)
        ) STRICT",
        "CREATE TABLE projects (
            tenant_id  UUID        NOT NULL,
            id         UUID        NOT NULL,
            name       TEXT        NOT NULL,
            archived   BOOLEAN     NOT NULL,
            version    BIGINT      NOT NULL,
            created_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (tenant_id, id)
        )",
    )])
    .entities(&[EntityTable::new::<Project>()]);

#[derive(Debug, Clone, Copy, Permission)]
pub enum Can {
    /// See projects.
    #[permission("projects:read")]
    ReadProjects,
    /// Create and change projects.
    #[permission("projects:write")]
    WriteProjects,
    /// Delete projects.
    #[permission("projects:delete")]
    DeleteProjects,
    /// Add members and give them roles.
    #[permission("members:write")]
    WriteMembers,
    /// See and fetch files.
    #[permission("files:read")]
    ReadFiles,
    /// Store and delete files.
    #[permission("files:write")]
    WriteFiles,
}

/// What the built-in roles may do; the owner may do everything.
pub fn presets() -> Presets {
    let user = [
        Can::ReadProjects,
        Can::WriteProjects,
        Can::ReadFiles,
        Can::WriteFiles,
    ];
    let admin = [user.as_slice(), &[Can::WriteMembers]].concat();
    Presets::new::<Can>().admin(&admin).user(&user)
}

#[derive(Debug, Serialize)]
pub struct ProjectView {
    id: Id<Project>,
    name: String,
    archived: bool,
    version: i64,
}

impl From<Project> for ProjectView {
    fn from(project: Project) -> Self {
        Self {
            id: project.id,
            name: project.name,
            archived: project.archived,
            version: project.version,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateProject {
    name: String,
}

async fn list(
    mut tx: TenantTx,
    query: PageQuery<Project>,
) -> Result<Json<Page<ProjectView>>, Problem> {
    let page = tx.repo::<Project>().list(query).await?;
    Ok(Json(page.map(ProjectView::from)))
}

async fn create(
    mut tx: TenantTx,
    Json(input): Json<CreateProject>,
) -> Result<(StatusCode, Json<ProjectView>), Problem> {
    let new = NewProject {
        name: input.name,
        archived: false,
    };
    let project = tx.repo::<Project>().insert(new).await?;
    Ok((StatusCode::CREATED, Json(project.into())))
}

async fn show(mut tx: TenantTx, Path(id): Path<Id<Project>>) -> Result<Json<ProjectView>, Problem> {
    Ok(Json(tx.repo::<Project>().get(id).await?.into()))
}

async fn delete(mut tx: TenantTx, Path(id): Path<Id<Project>>) -> Result<StatusCode, Problem> {
    tx.repo::<Project>().delete(id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn whose(scope: Scope) -> String {
    scope.tenant().name().to_owned()
}

pub fn routes() -> Routes<App> {
    Routes::new()
        .get("/api/tenant", Access::member(), whose)
        .get("/api/projects", Can::ReadProjects, list)
        .post("/api/projects", Can::WriteProjects, create)
        .get("/api/projects/{id}", Can::ReadProjects, show)
        .delete("/api/projects/{id}", Can::DeleteProjects, delete)
}
