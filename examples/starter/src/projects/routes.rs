//! The handlers of projects.

use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use saas_core::{
    Id, Problem,
    edge::{ETag, Fields, IfMatch, Json, Path},
};
use saas_tenancy::{PageQuery, TenantTx};

use super::{
    CreateProject, NewProject, Project, ProjectPage, ProjectView, UpdateProject,
    entity::ProjectPatch,
};
use crate::validate::Valid;

#[utoipa::path(
    get, path = "/api/v1/projects", tag = "projects",
    params(
        ("filter[name]" = Option<String>, Query, description = "Only those of exactly this name."),
        ("filter[archived]" = Option<bool>, Query, description = "Only those that are, or are not, archived."),
        ("sort" = Option<String>, Query, description = "`name`, `created_at` or `updated_at`; with `-` in front descending."),
        ("limit" = Option<u16>, Query, description = "Up to 100; 20 when left out."),
        ("after" = Option<String>, Query, description = "A cursor of another page."),
        ("fields" = Option<String>, Query, description = "Only these members of each, such as `id,name`."),
    ),
    responses((status = 200, description = "A page of projects.", body = ProjectPage))
)]
pub(crate) async fn list(
    mut tx: TenantTx,
    fields: Fields<PageQuery<Project>>,
) -> Result<Response, Problem> {
    let page = tx.repo::<Project>().list(fields.rest.clone()).await?;
    fields.of_each(page.map(ProjectView::from))
}

#[utoipa::path(
    post, path = "/api/v1/projects", tag = "projects",
    request_body = CreateProject,
    responses((
        status = 201, description = "The project.", body = ProjectView,
        headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version."))
    ))
)]
pub(crate) async fn create(
    mut tx: TenantTx,
    Valid(input): Valid<CreateProject>,
) -> Result<Response, Problem> {
    let CreateProject {
        name,
        description,
        archived,
    } = input;
    let project = tx
        .repo::<Project>()
        .insert(NewProject {
            name,
            description,
            archived,
        })
        .await?;
    let location = format!("/api/v1/projects/{}", project.id);
    let headers = ([(header::LOCATION, location)], ETag(project.version));
    Ok((
        StatusCode::CREATED,
        headers,
        Json(ProjectView::from(project)),
    )
        .into_response())
}

#[utoipa::path(
    get, path = "/api/v1/projects/{id}", tag = "projects",
    params(
        ("id" = String, Path),
        ("fields" = Option<String>, Query, description = "Only these members, such as `id,name`."),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the version that the caller has."),
    ),
    responses(
        (status = 200, description = "The project.", body = ProjectView, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "The caller has this version."),
    )
)]
pub(crate) async fn show(
    mut tx: TenantTx,
    Path(id): Path<Id<Project>>,
    fields: Fields<()>,
) -> Result<Response, Problem> {
    let project = tx.repo::<Project>().get(id).await?;
    let tag = ETag(project.version);
    let project = fields.of(ProjectView::from(project))?;
    Ok((tag, project).into_response())
}

#[utoipa::path(
    patch, path = "/api/v1/projects/{id}", tag = "projects",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The version that the change is based on.")),
    request_body = UpdateProject,
    responses((status = 200, description = "The project as it is now.", body = ProjectView, headers(("ETag" = String, description = "Its version."))))
)]
pub(crate) async fn update(
    mut tx: TenantTx,
    Path(id): Path<Id<Project>>,
    version: IfMatch,
    Valid(input): Valid<UpdateProject>,
) -> Result<Response, Problem> {
    let UpdateProject {
        name,
        description,
        archived,
    } = input;
    let project = tx
        .repo::<Project>()
        .update(
            id,
            version.version(),
            ProjectPatch {
                name,
                description,
                archived,
            },
        )
        .await?;
    Ok((ETag(project.version), Json(ProjectView::from(project))).into_response())
}

#[utoipa::path(
    delete, path = "/api/v1/projects/{id}", tag = "projects",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "It is gone, with its tasks."))
)]
pub(crate) async fn delete(
    mut tx: TenantTx,
    Path(id): Path<Id<Project>>,
    version: Option<IfMatch>,
) -> Result<StatusCode, Problem> {
    tx.repo::<Project>()
        .delete(id, version.and_then(IfMatch::version))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
