//! Projects.

mod entity;
mod routes;

pub(crate) use entity::{
    CreateProject, NewProject, Project, ProjectPage, ProjectView, UpdateProject,
};
pub(crate) use routes::*;
