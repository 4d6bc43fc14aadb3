//! The table `projects` as somebody reads and writes it who has no framework.

use axum::Json;
use http::StatusCode;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Row as _, SqlitePool, postgres::PgRow, sqlite::SqliteRow};
use uuid::Uuid;

#[derive(Serialize)]
pub(crate) struct Project {
    id: Uuid,
    name: String,
    description: String,
    archived: bool,
    version: i64,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
pub(crate) struct Page {
    items: Vec<Project>,
}

#[derive(Deserialize)]
pub(crate) struct NewProject {
    pub(crate) name: String,
}

#[derive(Clone)]
pub(crate) enum Rows {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

const ONE: &str = "SELECT id, name, description, archived, version, created_at, updated_at FROM projects \
     WHERE tenant_id = $1 AND id = $2";
const LIST: &str = "SELECT id, name, description, archived, version, created_at, updated_at FROM projects \
     WHERE tenant_id = $1 ORDER BY id LIMIT 20";
const INSERT: &str = "INSERT INTO projects (tenant_id, id, name, description, archived, version, created_at, updated_at) \
     VALUES ($1, $2, $3, '', $4, 1, $5, $5)";

/// What a handler answers.
pub(crate) type Answer<T> = Result<T, StatusCode>;

impl Rows {
    pub(crate) async fn connect(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            let options: sqlx::sqlite::SqliteConnectOptions = url.parse().unwrap();
            let options = options
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                .synchronous(sqlx::sqlite::SqliteSynchronous::Full);
            Self::Sqlite(SqlitePool::connect_with(options).await.unwrap())
        } else {
            Self::Postgres(PgPool::connect(url).await.unwrap())
        }
    }

    /// One row.
    pub(crate) async fn one(&self, tenant: Uuid, id: Uuid) -> Answer<Json<Project>> {
        let found = match self {
            Self::Sqlite(pool) => {
                let row = sqlx::query(ONE).bind(tenant).bind(id).fetch_optional(pool);
                row.await.map_err(failed)?.as_ref().map(sqlite)
            }
            Self::Postgres(pool) => {
                let row = sqlx::query(ONE).bind(tenant).bind(id).fetch_optional(pool);
                row.await.map_err(failed)?.as_ref().map(postgres)
            }
        };
        found.map(Json).ok_or(StatusCode::NOT_FOUND)
    }

    /// The first twenty.
    pub(crate) async fn list(&self, tenant: Uuid) -> Answer<Json<Page>> {
        let items = match self {
            Self::Sqlite(pool) => {
                let rows = sqlx::query(LIST).bind(tenant).fetch_all(pool).await;
                rows.map_err(failed)?.iter().map(sqlite).collect()
            }
            Self::Postgres(pool) => {
                let rows = sqlx::query(LIST).bind(tenant).fetch_all(pool).await;
                rows.map_err(failed)?.iter().map(postgres).collect()
            }
        };
        Ok(Json(Page { items }))
    }

    pub(crate) async fn insert(
        &self,
        tenant: Uuid,
        new: NewProject,
    ) -> Answer<(StatusCode, Json<Project>)> {
        let (id, now) = (Uuid::now_v7(), Timestamp::now());
        match self {
            Self::Sqlite(pool) => {
                let insert = sqlx::query(INSERT).bind(tenant).bind(id).bind(&new.name);
                let insert = insert.bind(false).bind(now.as_microsecond());
                insert.execute(pool).await.map_err(failed)?;
            }
            Self::Postgres(pool) => {
                let insert = sqlx::query(INSERT).bind(tenant).bind(id).bind(&new.name);
                let insert = insert.bind(false).bind(now.to_sqlx());
                insert.execute(pool).await.map_err(failed)?;
            }
        }
        let project = Project {
            id,
            name: new.name,
            description: String::new(),
            archived: false,
            version: 1,
            created_at: now.to_string(),
            updated_at: now.to_string(),
        };
        Ok((StatusCode::CREATED, Json(project)))
    }
}

fn failed(_: sqlx::Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

fn sqlite(row: &SqliteRow) -> Project {
    let time = |at: usize| {
        Timestamp::from_microsecond(row.get(at))
            .unwrap()
            .to_string()
    };
    Project {
        id: row.get(0),
        name: row.get(1),
        description: row.get(2),
        archived: row.get(3),
        version: row.get(4),
        created_at: time(5),
        updated_at: time(6),
    }
}

fn postgres(row: &PgRow) -> Project {
    let time = |at: usize| row.get::<jiff_sqlx::Timestamp, _>(at).to_jiff().to_string();
    Project {
        id: row.get(0),
        name: row.get(1),
        description: row.get(2),
        archived: row.get(3),
        version: row.get(4),
        created_at: time(5),
        updated_at: time(6),
    }
}
