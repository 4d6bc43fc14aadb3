//! The parts of a request, one by one.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark that cannot run has failed"
)]

#[path = "identity.rs"]
mod identity;
#[path = "placement.rs"]
mod placement;

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use saas_core::{Id, KeyRing, TenantId, Timestamp, UserId, page::Cursor};
use saas_rbac::{Access, Authorizer, Permission, Presets, RbacConfig, Roles};
use saas_tenancy::{
    Dialect, EntityTable, Migration, Module, Registry, RegistryConfig, Scope, TenantEntity,
};
use saas_testkit::TestDatabase;
use tower_layer::Layer as _;
use tower_service::Service as _;

#[derive(Debug, Clone, Copy, Permission)]
enum Can {
    #[permission("notes:read")]
    Read,
}

#[derive(TenantEntity)]
#[entity(table = "notes", new = "NewNote")]
struct Note {
    #[entity(id)]
    id: Id<Note>,
    #[entity(tenant)]
    tenant_id: TenantId,
    text: String,
    #[entity(created)]
    created_at: Timestamp,
}

/// The tables as the entities say, so nothing has to be written twice.
fn notes() -> Module {
    const NOTES: Module = Module::new("notes").entities(&[EntityTable::new::<Note>()]);
    let sql = |dialect| -> &'static str { NOTES.ddl(dialect).leak() };
    let (sqlite, postgres) = (sql(Dialect::Sqlite), sql(Dialect::Postgres));
    let migrations = vec![Migration::new(1, "notes", sqlite, postgres)];
    NOTES.migrations(migrations.leak())
}

fn micro(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let notes = notes();
    let modules = &[
        &saas_tenancy::MODULE,
        &saas_auth::MODULE,
        &saas_rbac::MODULE,
        &notes,
    ];
    let mut databases = vec![("sqlite", runtime.block_on(TestDatabase::sqlite(modules)))];
    if std::env::var_os("TEST_DATABASE_URL").is_some() {
        databases.push((
            "postgres",
            runtime.block_on(TestDatabase::postgres(modules)),
        ));
    }
    if std::env::var_os("TEST_POOLER_URL").is_some() {
        databases.push((
            "postgres-pooled",
            runtime.block_on(TestDatabase::pooled(modules)),
        ));
    }
    for (name, db) in &databases {
        data(criterion, &runtime, name, db);
    }
    let db = &databases.first().unwrap().1;
    identity::identity(criterion, &runtime, db);
    decisions(criterion, &runtime, db);
    let keys = KeyRing::generate().unwrap();
    let cursor = Cursor::of(&keys, TenantId::generate(), "notes", b"");
    let sealed = cursor.seal(&[7; 32]);
    criterion.bench_function("cursor/seal", |bench| {
        bench.iter(|| cursor.seal(black_box(&[7; 32])))
    });
    criterion.bench_function("cursor/open", |bench| {
        bench.iter(|| cursor.open(black_box(&sealed)).unwrap())
    });
}

fn data(
    criterion: &mut Criterion,
    runtime: &tokio::runtime::Runtime,
    name: &str,
    db: &TestDatabase,
) {
    let (scope, id) = runtime.block_on(async {
        let tenant = db.tenant("acme").await;
        let scope = db.scope(&tenant);
        let mut tx = db.database().write(&scope);
        let note = tx
            .repo::<Note>()
            .insert(NewNote {
                text: "x".to_owned(),
            })
            .await
            .unwrap();
        tx.commit().await.unwrap();
        (scope, note.id)
    });
    placement::placement(criterion, runtime, name, db, &scope, id);
    placement::by_hand(criterion, runtime, name, db, &scope, id);
    let mut config = RegistryConfig::default();
    config.cache_lifetime = Duration::from_secs(3600).into();
    let registry = Registry::new(db.database().clone(), &config);
    let slug = scope.tenant().slug().clone();
    criterion.bench_function(&format!("tenant/cached/{name}"), |bench| {
        bench
            .to_async(runtime)
            .iter(|| async { registry.by_slug(&slug).await.unwrap() });
    });
    let uncached = db.registry();
    criterion.bench_function(&format!("tenant/cold/{name}"), |bench| {
        bench
            .to_async(runtime)
            .iter(|| async { uncached.by_slug(&slug).await.unwrap() });
    });
}

fn decisions(criterion: &mut Criterion, runtime: &tokio::runtime::Runtime, db: &TestDatabase) {
    for users in [1_usize, 1_000] {
        let mut config = RbacConfig::default();
        config.cache_lifetime = Duration::from_secs(3600).into();
        let authorizer = Authorizer::new(
            db.database().clone(),
            Presets::new::<Can>().user(&[Can::Read]),
            &config,
        );
        let scope: Scope = runtime.block_on(async {
            let tenant = db.tenant(&format!("users-{users}")).await;
            let roles = Roles::new(authorizer.clone());
            let mut tx = db.database().write(&db.scope(&tenant));
            let mut last = UserId::generate();
            for _ in 0..users {
                last = UserId::generate();
                roles
                    .set(&mut tx, last, &["user".to_owned()])
                    .await
                    .unwrap();
            }
            tx.commit().await.unwrap();
            admitted(db, db.principal(tenant.id(), last)).await
        });
        let access = Access::permission(&Can::Read);
        runtime
            .block_on(authorizer.decide(&scope, &access))
            .unwrap();
        criterion.bench_function(&format!("decision/{users}-users"), |bench| {
            bench.iter(|| authorizer.decide_now(black_box(&scope), &access).unwrap());
        });
    }
}

/// Sends a request through the layer that admits callers, and takes the scope out.
async fn admitted(db: &TestDatabase, principal: saas_core::Principal) -> Scope {
    let found = std::sync::Arc::new(std::sync::Mutex::new(None));
    let kept = found.clone();
    let router = axum::Router::new().fallback(move |scope: Scope| {
        *kept.lock().unwrap() = Some(scope);
        async {}
    });
    let mut service = saas_tenancy::AdmitLayer::new(db.registry()).layer(router);
    let mut request = http::Request::new(axum::body::Body::empty());
    request.extensions_mut().insert(principal);
    let _ = service.call(request).await.unwrap();
    found.lock().unwrap().take().unwrap()
}

criterion_group!(benches, micro);
criterion_main!(benches);
