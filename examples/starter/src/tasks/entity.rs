//! A task as it is kept, shown and asked for.

use garde::Validate;
use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::TenantEntity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    projects::Project,
    validate::{plain, plain_if_given},
};

/// A task as it is kept.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "tasks", new = "NewTask", patch = "TaskPatch")]
pub(crate) struct Task {
    #[entity(id)]
    pub(crate) id: Id<Task>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    #[entity(fixed, filter, references = "projects")]
    pub(crate) project_id: Id<Project>,
    #[entity(filter, sort)]
    pub(crate) title: String,
    #[entity(filter)]
    pub(crate) done: bool,
    #[entity(version)]
    pub(crate) version: i64,
    #[entity(created, sort)]
    pub(crate) created_at: Timestamp,
    #[entity(updated, sort)]
    pub(crate) updated_at: Timestamp,
}

/// A task as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskView {
    #[schema(value_type = String, format = "uuid")]
    id: Id<Task>,
    #[schema(value_type = String, format = "uuid")]
    project_id: Id<Project>,
    title: String,
    done: bool,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskPage {
    items: Vec<TaskView>,
    next: Option<String>,
    prev: Option<String>,
}

/// A task to create.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateTask {
    /// 1 to 200 characters.
    #[garde(length(chars, min = 1, max = 200), custom(plain))]
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) title: String,
    #[garde(skip)]
    #[serde(default)]
    pub(crate) done: bool,
}

/// What to change of a task. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateTask {
    /// 1 to 200 characters.
    #[garde(length(chars, min = 1, max = 200), custom(plain_if_given))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) title: Option<String>,
    #[garde(skip)]
    #[serde(default)]
    pub(crate) done: Option<bool>,
}

impl From<Task> for TaskView {
    fn from(task: Task) -> Self {
        let Task {
            id,
            project_id,
            title,
            done,
            version,
            created_at,
            updated_at,
            ..
        } = task;
        Self {
            id,
            project_id,
            title,
            done,
            version,
            created_at,
            updated_at,
        }
    }
}
