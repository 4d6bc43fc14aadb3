//! A project as it is kept, shown and asked for.

use garde::Validate;
use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::TenantEntity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::validate::{plain, plain_if_given};

/// A project as it is kept.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "projects", new = "NewProject", patch = "ProjectPatch")]
pub(crate) struct Project {
    #[entity(id)]
    pub(crate) id: Id<Project>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    #[entity(filter, sort)]
    pub(crate) name: String,
    pub(crate) description: String,
    #[entity(filter)]
    pub(crate) archived: bool,
    #[entity(version)]
    pub(crate) version: i64,
    #[entity(created, sort)]
    pub(crate) created_at: Timestamp,
    #[entity(updated, sort)]
    pub(crate) updated_at: Timestamp,
}

/// A project as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectView {
    #[schema(value_type = String, format = "uuid")]
    id: Id<Project>,
    name: String,
    description: String,
    archived: bool,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A page of projects.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectPage {
    items: Vec<ProjectView>,
    next: Option<String>,
    prev: Option<String>,
}

/// A project to create.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateProject {
    /// 1 to 200 characters.
    #[garde(length(chars, min = 1, max = 200), custom(plain))]
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// Up to 10,000 characters.
    #[garde(length(chars, max = 10_000))]
    #[serde(default)]
    #[schema(max_length = 10_000)]
    pub(crate) description: String,
    #[garde(skip)]
    #[serde(default)]
    pub(crate) archived: bool,
}

/// What to change of a project. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateProject {
    /// 1 to 200 characters.
    #[garde(length(chars, min = 1, max = 200), custom(plain_if_given))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: Option<String>,
    /// Up to 10,000 characters.
    #[garde(length(chars, max = 10_000))]
    #[serde(default)]
    #[schema(max_length = 10_000)]
    pub(crate) description: Option<String>,
    #[garde(skip)]
    #[serde(default)]
    pub(crate) archived: Option<bool>,
}

impl From<Project> for ProjectView {
    fn from(project: Project) -> Self {
        let Project {
            id,
            name,
            description,
            archived,
            version,
            created_at,
            updated_at,
            ..
        } = project;
        Self {
            id,
            name,
            description,
            archived,
            version,
            created_at,
            updated_at,
        }
    }
}
