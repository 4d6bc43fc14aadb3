//! Requests that are sent twice, and done once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Extension, Request},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::post,
};
use http::StatusCode;
use saas_core::{Id, Problem};
use saas_edge::idempotency::{Idempotency, IdempotencyConfig, IdempotencyLayer, MODULE};
use saas_tenancy::{
    Admission, AuditEvent, AuditRecord, Database, Scope, TenantTx, TransactionLayer,
};
use saas_testkit::TestDatabase;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

/// What the handlers of a test wait for, and how often they were called.
struct Gate {
    calls: AtomicUsize,
    open: Semaphore,
}

impl Gate {
    fn open() -> Arc<Self> {
        Self::with(Semaphore::MAX_PERMITS)
    }

    fn with(permits: usize) -> Arc<Self> {
        Arc::new(Self {
            calls: AtomicUsize::new(0),
            open: Semaphore::new(permits),
        })
    }

    async fn pass(&self) -> usize {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        self.open.acquire().await.unwrap().forget();
        call
    }
}

/// Records what it is told, and says how often it was called.
async fn note(
    Extension(gate): Extension<Arc<Gate>>,
    mut tx: TenantTx,
    body: Bytes,
) -> Result<Response, Problem> {
    let text = String::from_utf8_lossy(&body).into_owned();
    let event = AuditEvent::new("noted", format!("{} bytes", body.len()));
    tx.record(event).await?;
    let call = gate.pass().await;
    if text == "fail" {
        return Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response());
    }
    let headers = [("location", format!("/notes/{call}"))];
    Ok((
        StatusCode::CREATED,
        headers,
        format!("{call}: {}", body.len()),
    )
        .into_response())
}

/// Does it in a transaction of its own.
async fn apart(
    Extension(gate): Extension<Arc<Gate>>,
    Extension(database): Extension<Database>,
    scope: Scope,
) -> Result<String, Problem> {
    let mut tx = database.write(&scope);
    tx.record(AuditEvent::new("noted", "apart")).await?;
    tx.commit().await?;
    Ok(gate.pass().await.to_string())
}

fn app(database: &Database, scope: &Scope, gate: &Arc<Gate>, config: &IdempotencyConfig) -> Router {
    let admission = Admission::Admitted(scope.clone());
    Router::new()
        .route("/notes", post(note))
        .route("/apart", post(apart))
        .layer(Extension(Arc::clone(gate)))
        .layer(Extension(database.clone()))
        .layer(IdempotencyLayer::new(Idempotency::new(
            database.clone(),
            config.clone(),
        )))
        .layer(TransactionLayer::new(database.clone()))
        .layer(middleware::from_fn(
            move |mut request: Request, next: Next| {
                request.extensions_mut().insert(admission.clone());
                next.run(request)
            },
        ))
}

#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: u16,
    replayed: bool,
    location: Option<String>,
    text: String,
}

impl Answer {
    fn code(&self) -> Option<String> {
        let problem: serde_json::Value = serde_json::from_str(&self.text).ok()?;
        Some(problem.get("code")?.as_str()?.to_owned())
    }
}

async fn ask(app: &Router, path: &str, key: &str, body: impl Into<Body>) -> Answer {
    let mut request = http::Request::post(path);
    if !key.is_empty() {
        request = request.header("idempotency-key", key);
    }
    let request = request.body(body.into()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let headers = response.headers().clone();
    let header = |name: &str| {
        let value = headers.get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let (replayed, location) = (header("idempotent-replayed"), header("location"));
    Answer {
        status: response.status().as_u16(),
        replayed: replayed.is_some(),
        location,
        text: String::from_utf8(
            to_bytes(response.into_body(), 1 << 22)
                .await
                .unwrap()
                .to_vec(),
        )
        .unwrap(),
    }
}

async fn noted(database: &Database, scope: &Scope) -> u64 {
    let mut tx = database.read(scope);
    let noted = AuditRecord::ACTION.eq("noted".to_owned());
    tx.repo::<AuditRecord>().count(noted).await.unwrap()
}

/// A database with a tenant, and a person in it.
struct World {
    db: TestDatabase,
    acme: Scope,
}

impl World {
    async fn all() -> Vec<Self> {
        let mut worlds = Vec::new();
        for db in TestDatabase::all(&[&saas_tenancy::MODULE, &MODULE]).await {
            let acme = db.tenant("acme").await;
            let acme = person(&db, acme.id()).await;
            worlds.push(Self { db, acme });
        }
        worlds
    }

    fn app(&self, gate: &Arc<Gate>) -> Router {
        let config = IdempotencyConfig::default();
        app(self.db.database(), &self.acme, gate, &config)
    }

    async fn noted(&self) -> u64 {
        noted(self.db.database(), &self.acme).await
    }
}

async fn person(db: &TestDatabase, tenant: saas_core::TenantId) -> Scope {
    let principal = db.principal(tenant, Id::generate());
    db.registry().admit(principal).await.unwrap()
}

#[tokio::test]
async fn what_is_sent_again_is_done_once_and_answered_alike() {
    for world in World::all().await {
        let gate = Gate::open();
        let app = world.app(&gate);
        let first = ask(&app, "/notes", "one", "text").await;
        assert_eq!((first.status, first.replayed), (201, false), "{first:?}");
        assert_eq!(first.location.as_deref(), Some("/notes/1"));
        // In quotes it is the same key.
        for key in ["one", "\"one\""] {
            let again = ask(&app, "/notes", key, "text").await;
            let replayed = true;
            assert_eq!(
                again,
                Answer {
                    replayed,
                    ..first.clone()
                }
            );
        }
        assert_eq!(world.noted().await, 1);
        let (first, again) = (
            ask(&app, "/apart", "two", "").await,
            ask(&app, "/apart", "two", "").await,
        );
        assert_eq!((first.status, &first.text), (again.status, &again.text));
        assert!(!first.replayed && again.replayed);
        assert_eq!(world.noted().await, 2);
        // Without a key each one counts.
        for _ in 0..2 {
            assert_eq!(ask(&app, "/notes", "", "text").await.status, 201);
        }
        assert_eq!(world.noted().await, 4);
    }
}

#[tokio::test]
async fn iso_a_key_is_of_one_caller_in_one_tenant() {
    for world in World::all().await {
        let gate = Gate::open();
        let first = ask(&world.app(&gate), "/notes", "one", "text").await;
        assert_eq!(first.status, 201);
        let beta = world.db.tenant("beta").await;
        let others = [
            person(&world.db, world.acme.tenant().id()).await,
            person(&world.db, beta.id()).await,
        ];
        for other in others {
            let database = world.db.database();
            let app = app(database, &other, &gate, &IdempotencyConfig::default());
            let before = noted(database, &other).await;
            let theirs = ask(&app, "/notes", "one", "text").await;
            assert!(theirs.status == 201 && !theirs.replayed, "{theirs:?}");
            assert_eq!(noted(database, &other).await, before + 1);
        }
    }
}

#[tokio::test]
async fn another_request_with_the_key_is_refused() {
    for world in World::all().await {
        let gate = Gate::open();
        let app = world.app(&gate);
        assert_eq!(ask(&app, "/notes", "one", "text").await.status, 201);
        for (path, body) in [
            ("/notes", "other"),
            ("/notes", "text "),
            ("/notes?a=b", "text"),
            ("/apart", "text"),
        ] {
            let refused = ask(&app, path, "one", body).await;
            assert_eq!(refused.status, 422, "{path} {body}");
            assert_eq!(refused.code().as_deref(), Some("idempotency-key-reused"));
        }
        for key in ["a b", "\"", "a,b", &"k".repeat(256), "\u{7f}"] {
            let refused = match http::HeaderValue::from_str(key) {
                Ok(_) => ask(&app, "/notes", key, "text").await,
                Err(_) => continue,
            };
            assert_eq!(refused.status, 400, "{key}");
            assert_eq!(refused.code().as_deref(), Some("idempotency-key-invalid"));
        }
        assert_eq!(world.noted().await, 1);
    }
}

#[tokio::test]
async fn what_failed_may_be_tried_again() {
    for world in World::all().await {
        let gate = Gate::open();
        let app = world.app(&gate);
        for _ in 0..2 {
            let mut failed = ask(&app, "/notes", "one", "fail").await;
            // Whoever is faster than the key is freed asks once more.
            while failed.status == 409 {
                tokio::task::yield_now().await;
                failed = ask(&app, "/notes", "one", "fail").await;
            }
            assert_eq!((failed.status, failed.replayed), (422, false));
        }
        assert_eq!(world.noted().await, 0);
        assert_eq!(gate.calls.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn g10_of_fifty_at_once_on_two_instances_one_is_done() {
    for world in World::all().await {
        let gate = Gate::open();
        let instances = [
            world.db.another_instance(8).await,
            world.db.another_instance(8).await,
        ];
        let config = IdempotencyConfig::default();
        for round in 0..5 {
            let before = world.noted().await;
            let mut asked = tokio::task::JoinSet::new();
            for number in 0..50_usize {
                let app = app(&instances[number % 2], &world.acme, &gate, &config);
                asked.spawn(async move { ask(&app, "/notes", &format!("k{round}"), "x").await });
            }
            let mut done = 0;
            while let Some(answer) = asked.join_next().await {
                let answer = answer.unwrap();
                match answer.status {
                    201 => done += usize::from(!answer.replayed),
                    409 => assert_eq!(answer.code().as_deref(), Some("idempotency-in-flight")),
                    _ => panic!("{answer:?}"),
                }
            }
            assert_eq!(done, 1);
            assert_eq!(world.noted().await, before + 1);
        }
        for instance in instances {
            instance.close().await;
        }
    }
}

#[tokio::test]
async fn whoever_breaks_off_can_try_again_at_once() {
    for world in World::all().await {
        let gate = Gate::with(0);
        let app = world.app(&gate);
        let asked = tokio::spawn({
            let app = app.clone();
            async move { ask(&app, "/notes", "one", "text").await }
        });
        while gate.calls.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        gate.open.add_permits(10);
        let mut again = ask(&app, "/notes", "one", "text").await;
        while again.status == 409 {
            tokio::task::yield_now().await;
            again = ask(&app, "/notes", "one", "text").await;
        }
        assert_eq!((again.status, again.replayed), (201, false), "{again:?}");
        assert_eq!(world.noted().await, 1);
    }
}

/// As after the end of a process that was making the request.
#[tokio::test]
async fn a_lease_that_is_over_is_taken_and_whoever_had_it_undoes_its_work() {
    for world in World::all().await {
        // SQLite has one writer: who comes second waits for the first there.
        if world.db.dialect() == saas_tenancy::Dialect::Sqlite {
            continue;
        }
        let (slow, fast) = (Gate::with(0), Gate::open());
        let first = tokio::spawn({
            let app = world.app(&slow);
            async move { ask(&app, "/notes", "one", "text").await }
        });
        while slow.calls.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let app = world.app(&fast);
        let early = ask(&app, "/notes", "one", "text").await;
        assert_eq!(early.code().as_deref(), Some("idempotency-in-flight"));
        world.db.clock().advance(Duration::from_secs(60));
        let second = ask(&app, "/notes", "one", "text").await;
        assert_eq!((second.status, second.replayed), (201, false), "{second:?}");
        slow.open.add_permits(1);
        let first = first.await.unwrap();
        assert_eq!(first.code().as_deref(), Some("idempotency-in-flight"));
        assert_eq!(world.noted().await, 1);
        let again = ask(&app, "/notes", "one", "text").await;
        assert_eq!((again.text, again.replayed), (second.text, true));
    }
}

#[tokio::test]
async fn large_bodies_pass_whole_and_large_answers_are_not_kept() {
    for world in World::all().await {
        let mut config = IdempotencyConfig::default();
        (config.compared, config.answer) = (100, 4);
        let gate = Gate::open();
        let app = app(world.db.database(), &world.acme, &gate, &config);
        let body = "x".repeat(100_000);
        let first = ask(&app, "/notes", "one", body.clone()).await;
        assert_eq!((first.status, first.text.as_str()), (201, "1: 100000"));
        let again = ask(&app, "/notes", "one", body).await;
        assert_eq!(again.code().as_deref(), Some("idempotency-answer-lost"));
        assert_eq!(world.noted().await, 1);
    }
}

#[tokio::test]
async fn a_key_is_kept_for_a_day() {
    for world in World::all().await {
        let gate = Gate::open();
        let (app, config) = (world.app(&gate), IdempotencyConfig::default());
        let store = Idempotency::new(world.db.database().clone(), config);
        assert_eq!(ask(&app, "/notes", "one", "text").await.status, 201);
        world.db.clock().advance(Duration::from_secs(86_399));
        assert!(ask(&app, "/notes", "one", "text").await.replayed);
        assert_eq!(store.sweep(&world.acme).await.unwrap(), 0);
        world.db.clock().advance(Duration::from_secs(1));
        let anew = ask(&app, "/notes", "one", "other").await;
        assert_eq!((anew.status, anew.replayed), (201, false));
        world.db.clock().advance(Duration::from_secs(86_400));
        assert_eq!(store.sweep(&world.acme).await.unwrap(), 1);
        assert_eq!(world.noted().await, 2);
    }
}

/// Whatever the configuration says.
#[tokio::test]
async fn a_key_is_not_free_before_its_lease_is_over() {
    for world in World::all().await {
        let (gate, mut config) = (Gate::with(0), IdempotencyConfig::default());
        config.keep = Duration::from_secs(1).into();
        let app = app(world.db.database(), &world.acme, &gate, &config);
        let first = tokio::spawn({
            let app = app.clone();
            async move { ask(&app, "/apart", "one", "text").await }
        });
        while gate.calls.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        world.db.clock().advance(Duration::from_secs(30));
        let early = ask(&app, "/apart", "one", "text").await;
        assert_eq!(early.code().as_deref(), Some("idempotency-in-flight"));
        let store = Idempotency::new(world.db.database().clone(), config);
        assert_eq!(store.sweep(&world.acme).await.unwrap(), 0);
        gate.open.add_permits(1);
        assert_eq!(first.await.unwrap().status, 200);
        assert_eq!(world.noted().await, 1);
    }
}

/// More than are forgotten at once.
#[tokio::test]
async fn all_keys_whose_time_is_over_are_forgotten() {
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE, &MODULE]).await;
    let acme = db.tenant("acme").await;
    let acme = person(&db, acme.id()).await;
    let (gate, config) = (Gate::open(), IdempotencyConfig::default());
    let app = app(db.database(), &acme, &gate, &config);
    for number in 0..1001 {
        let key = number.to_string();
        assert_eq!(ask(&app, "/notes", &key, "text").await.status, 201);
    }
    let store = Idempotency::new(db.database().clone(), config);
    db.clock().advance(Duration::from_secs(86_400));
    assert_eq!(store.sweep(&acme).await.unwrap(), 1001);
    assert_eq!(store.sweep(&acme).await.unwrap(), 0);
}

#[test]
fn the_guards_are_those_of_the_entities() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/migrations/postgres/0002_guards.sql"
    );
    saas_testkit::assert_reference(file, &MODULE.guards());
}
