//! A scoped read and a scoped write in each placement, beside the same SQL by hand, without a tenant and
//! without row-level security.

use criterion::Criterion;
use saas_core::Id;
use saas_tenancy::{Dialect, Scope};
use saas_testkit::TestDatabase;
use sqlx::{PgPool, Row as _, SqlitePool};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{NewNote, Note};

const READ: &str =
    "SELECT id, tenant_id, text, created_at FROM notes WHERE tenant_id = $1 AND id = $2";
const WRITE: &str = "INSERT INTO notes (tenant_id, id, text, created_at) VALUES ($1, $2, $3, $4)";

/// Reads and writes in one placement.
pub(crate) fn placement(
    criterion: &mut Criterion,
    runtime: &Runtime,
    name: &str,
    db: &TestDatabase,
    scope: &Scope,
    id: Id<Note>,
) {
    let database = db.database();
    criterion.bench_function(&format!("read/{name}"), |bench| {
        bench
            .to_async(runtime)
            .iter(|| async { database.read(scope).repo::<Note>().get(id).await.unwrap() });
    });
    criterion.bench_function(&format!("read-10-in-one/{name}"), |bench| {
        bench.to_async(runtime).iter(|| async {
            let mut tx = database.read(scope);
            for _ in 0..10 {
                tx.repo::<Note>().get(id).await.unwrap();
            }
        });
    });
    criterion.bench_function(&format!("write/{name}"), |bench| {
        bench.to_async(runtime).iter(|| async {
            let mut tx = database.write(scope);
            let new = NewNote {
                text: "x".to_owned(),
            };
            tx.repo::<Note>().insert(new).await.unwrap();
            tx.commit().await.unwrap();
        });
    });
}

/// The same by hand, as the superuser on PostgreSQL, for whom there is no row-level security.
pub(crate) fn by_hand(
    criterion: &mut Criterion,
    runtime: &Runtime,
    name: &str,
    db: &TestDatabase,
    scope: &Scope,
    id: Id<Note>,
) {
    let (tenant, id) = (scope.tenant().id().as_uuid(), id.as_uuid());
    match db.dialect() {
        Dialect::Sqlite => {
            let pool = runtime
                .block_on(SqlitePool::connect(&db.service_url()))
                .unwrap();
            criterion.bench_function(&format!("by-hand/read/{name}"), |bench| {
                bench.to_async(runtime).iter(|| async {
                    let row = sqlx::query(READ).bind(tenant).bind(id);
                    let row = row.fetch_one(&pool).await.unwrap();
                    (
                        row.get::<Uuid, _>(0),
                        row.get::<String, _>(2),
                        row.get::<i64, _>(3),
                    )
                });
            });
            criterion.bench_function(&format!("by-hand/write/{name}"), |bench| {
                bench.to_async(runtime).iter(|| async {
                    let id = Id::<Note>::generate().as_uuid();
                    let insert = sqlx::query(WRITE)
                        .bind(tenant)
                        .bind(id)
                        .bind("x")
                        .bind(0_i64);
                    insert.execute(&pool).await.unwrap();
                });
            });
        }
        _ => {
            let pool = runtime
                .block_on(PgPool::connect(&db.superuser_url()))
                .unwrap();
            criterion.bench_function(&format!("by-hand/read/{name}"), |bench| {
                bench.to_async(runtime).iter(|| async {
                    let row = sqlx::query(READ).bind(tenant).bind(id);
                    let row = row.fetch_one(&pool).await.unwrap();
                    (row.get::<Uuid, _>(0), row.get::<String, _>(2))
                });
            });
            let write =
                "INSERT INTO notes (tenant_id, id, text, created_at) VALUES ($1, $2, $3, now())";
            criterion.bench_function(&format!("by-hand/write/{name}"), |bench| {
                bench.to_async(runtime).iter(|| async {
                    let id = Id::<Note>::generate().as_uuid();
                    let insert = sqlx::query(write).bind(tenant).bind(id).bind("x");
                    insert.execute(&pool).await.unwrap();
                });
            });
        }
    }
}
