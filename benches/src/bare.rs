//! The read that a team would write by hand, without tenants, without sign-in.

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use http::StatusCode;
use serde::Serialize;
use sqlx::{PgPool, Row as _, SqlitePool};
use uuid::Uuid;

#[derive(Serialize)]
struct Project {
    id: Uuid,
    name: String,
    description: String,
    archived: bool,
    version: i64,
}

const SQL: &str = "SELECT id, name, description, archived, version FROM projects WHERE id = $1";

pub(crate) async fn serve(database: &str) {
    let router = if database.starts_with("sqlite:") {
        let pool = SqlitePool::connect(database).await.unwrap();
        Router::new()
            .route("/projects/{id}", get(sqlite))
            .with_state(pool)
    } else {
        let pool = PgPool::connect(database).await.unwrap();
        Router::new()
            .route("/projects/{id}", get(postgres))
            .with_state(pool)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    axum::serve(listener, router).await.unwrap();
}

macro_rules! handler {
    ($name:ident, $pool:ty) => {
        async fn $name(
            State(pool): State<$pool>,
            Path(id): Path<Uuid>,
        ) -> Result<Json<Project>, StatusCode> {
            let row = sqlx::query(SQL).bind(id).fetch_optional(&pool).await;
            let row = row
                .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?
                .ok_or(StatusCode::NOT_FOUND)?;
            Ok(Json(Project {
                id: row.get(0),
                name: row.get(1),
                description: row.get(2),
                archived: row.get(3),
                version: row.get(4),
            }))
        }
    };
}

handler!(sqlite, SqlitePool);
handler!(postgres, PgPool);
