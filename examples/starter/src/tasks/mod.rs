//! The tasks of a project.

mod entity;
mod routes;

pub(crate) use entity::{CreateTask, NewTask, Task, TaskPage, TaskView, UpdateTask};
pub(crate) use routes::*;
