//! The handlers of tasks. A task is found only through the project that it belongs to.

use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use saas_core::{
    Id, Problem,
    edge::{ETag, Fields, IfMatch, Json, Path},
};
use saas_tenancy::{Error, PageQuery, TenantTx};

use super::{CreateTask, NewTask, Task, TaskPage, TaskView, UpdateTask, entity::TaskPatch};
use crate::{projects::Project, validate::Valid};

type TaskPath = Path<(Id<Project>, Id<Task>)>;

#[utoipa::path(
    get, path = "/api/v1/projects/{id}/tasks", tag = "tasks",
    params(
        ("id" = String, Path),
        ("filter[title]" = Option<String>, Query, description = "Only those of exactly this title."),
        ("filter[done]" = Option<bool>, Query, description = "Only those that are, or are not, done."),
        ("sort" = Option<String>, Query, description = "`title`, `created_at` or `updated_at`; with `-` in front descending."),
        ("limit" = Option<u16>, Query, description = "Up to 100; 20 when left out."),
        ("after" = Option<String>, Query, description = "A cursor of another page."),
        ("fields" = Option<String>, Query, description = "Only these members of each, such as `id,title`."),
    ),
    responses((status = 200, description = "A page of tasks.", body = TaskPage))
)]
pub(crate) async fn list(
    mut tx: TenantTx,
    Path(project): Path<Id<Project>>,
    fields: Fields<PageQuery<Task>>,
) -> Result<Response, Problem> {
    tx.repo::<Project>().get(project).await?;
    let query = fields.rest.clone().filter(Task::PROJECT_ID.eq(project));
    let page = tx.repo::<Task>().list(query).await?;
    fields.of_each(page.map(TaskView::from))
}

#[utoipa::path(
    post, path = "/api/v1/projects/{id}/tasks", tag = "tasks",
    params(("id" = String, Path)),
    request_body = CreateTask,
    responses((
        status = 201, description = "The task.", body = TaskView,
        headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version."))
    ))
)]
pub(crate) async fn create(
    mut tx: TenantTx,
    Path(project): Path<Id<Project>>,
    Valid(input): Valid<CreateTask>,
) -> Result<Response, Problem> {
    tx.repo::<Project>().get(project).await?;
    let CreateTask { title, done } = input;
    let task = tx
        .repo::<Task>()
        .insert(NewTask {
            project_id: project,
            title,
            done,
        })
        .await?;
    let location = format!("/api/v1/projects/{project}/tasks/{}", task.id);
    let headers = ([(header::LOCATION, location)], ETag(task.version));
    Ok((StatusCode::CREATED, headers, Json(TaskView::from(task))).into_response())
}

#[utoipa::path(
    get, path = "/api/v1/projects/{id}/tasks/{task_id}", tag = "tasks",
    params(
        ("id" = String, Path), ("task_id" = String, Path),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the version that the caller has."),
    ),
    responses(
        (status = 200, description = "The task.", body = TaskView, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "The caller has this version."),
    )
)]
pub(crate) async fn show(mut tx: TenantTx, Path(path): TaskPath) -> Result<Response, Problem> {
    let task = find(&mut tx, path).await?;
    Ok((ETag(task.version), Json(TaskView::from(task))).into_response())
}

#[utoipa::path(
    patch, path = "/api/v1/projects/{id}/tasks/{task_id}", tag = "tasks",
    params(
        ("id" = String, Path), ("task_id" = String, Path),
        ("If-Match" = String, Header, description = "The version that the change is based on."),
    ),
    request_body = UpdateTask,
    responses((status = 200, description = "The task as it is now.", body = TaskView, headers(("ETag" = String, description = "Its version."))))
)]
pub(crate) async fn update(
    mut tx: TenantTx,
    Path(path): TaskPath,
    version: IfMatch,
    Valid(input): Valid<UpdateTask>,
) -> Result<Response, Problem> {
    let task = find(&mut tx, path).await?;
    let UpdateTask { title, done } = input;
    let task = tx
        .repo::<Task>()
        .update(task.id, version.version(), TaskPatch { title, done })
        .await?;
    Ok((ETag(task.version), Json(TaskView::from(task))).into_response())
}

#[utoipa::path(
    delete, path = "/api/v1/projects/{id}/tasks/{task_id}", tag = "tasks",
    params(("id" = String, Path), ("task_id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete(
    mut tx: TenantTx,
    Path(path): TaskPath,
    version: Option<IfMatch>,
) -> Result<StatusCode, Problem> {
    let version = version.and_then(IfMatch::version);
    let task = find(&mut tx, path).await?;
    tx.repo::<Task>().delete(task.id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(
    tx: &mut TenantTx,
    (project, task): (Id<Project>, Id<Task>),
) -> Result<Task, Problem> {
    let task = tx.repo::<Task>().get(task).await?;
    if task.project_id == project {
        Ok(task)
    } else {
        Err(Error::NotFound.into())
    }
}
