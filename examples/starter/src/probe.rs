//! The leak probe over the whole service, and over a copy of it with leaks.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Request, StatusCode, header},
};
use saas_core::{
    Code, Id, Problem,
    edge::{IfMatch, Json, Path},
};
use saas_tenancy::{SystemScope, TenantTx};
use saas_testkit::{LeakProbe, LeakReport, ProbeTenant, TestDatabase};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::{
    app::{self, App},
    boot::{self, Booted},
    config::StarterConfig,
    openapi,
    projects::Project,
    seed::{self, Seed},
    state::AppState,
};

/// The ways to keep the rows of tenants.
#[derive(Debug, Clone, Copy)]
enum Placement {
    Sqlite,
    Postgres,
    /// PostgreSQL behind a transaction pooler.
    Pooled,
}

/// A service with two tenants, and what it stands on.
struct World {
    _watch: JoinSet<()>,
    booted: Booted,
    planted: Value,
    document: Value,
    _database: Option<TestDatabase>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn on(placement: Placement, leaks: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().display();
        let mut variables = vec![
            ("SAAS__DATA_DIR", data.to_string()),
            ("STORAGE_URL", format!("fs://{data}/files")),
            (
                "SAAS__TENANCY__RESOLVE__BASE_DOMAINS",
                "localhost".to_owned(),
            ),
            // It asks more often than anybody may.
            ("SAAS__LIMITS__PRINCIPAL__BURST", "1000000".to_owned()),
            ("SAAS__LIMITS__PRINCIPAL__PERIOD", "1ms".to_owned()),
            ("SAAS__LIMITS__TENANT__BURST", "1000000".to_owned()),
            ("SAAS__LIMITS__TENANT__PERIOD", "1ms".to_owned()),
        ];
        let database = match placement {
            Placement::Sqlite => None,
            Placement::Postgres => Some(TestDatabase::postgres(&[]).await),
            Placement::Pooled => Some(TestDatabase::pooled(&[]).await),
        };
        variables.push((
            "SAAS__DATABASE__POOLER",
            matches!(placement, Placement::Pooled).to_string(),
        ));
        match &database {
            Some(database) => {
                variables.push(("DATABASE_URL", database.service_url()));
                variables.push(("MIGRATE_DATABASE_URL", database.owner_url()));
            }
            None => variables.push(("DATABASE_URL", format!("sqlite://{data}/app.db"))),
        }
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        let config = StarterConfig::load_with(variables, &[]).unwrap();
        let planted = seed::plant(&config, 2).await.unwrap();
        let (mut routes, mut document) = (app::routes(), openapi::document());
        if leaks {
            routes = routes
                .get("/planted/reads/{id}", reads)
                .get("/planted/tells/{id}", tells)
                .patch("/planted/checks/{id}", checks)
                .patch("/planted/wants/{id}", wants)
                .delete("/planted/deletes/{id}", deletes);
            let parameter = |name: &str, place: &str| json!({ "name": name, "in": place, "required": true, "schema": { "type": "string" } });
            let (version, word) = (
                parameter("If-Match", "header"),
                parameter("x-word", "header"),
            );
            for (path, method, more) in [
                ("reads", "get", None),
                ("tells", "get", None),
                ("checks", "patch", Some(version)),
                ("wants", "patch", Some(word)),
                ("deletes", "delete", None),
            ] {
                let parameters: Vec<_> = [Some(parameter("id", "path")), more]
                    .into_iter()
                    .flatten()
                    .collect();
                document["paths"][format!("/planted/{path}/{{id}}")] = json!({
                    method: { "parameters": parameters, "responses": {}, "security": [{ "bearer": [] }] }
                });
            }
        }
        let booted = boot::boot_with(&config, routes).await.unwrap();
        // Without it the service says after a while that it is not healthy, as it should.
        let mut watch = JoinSet::new();
        watch.spawn(booted.state.identity.clone().watch());
        Self {
            _watch: watch,
            booted,
            planted: serde_json::to_value(planted).unwrap(),
            document,
            _database: database,
            _folder: folder,
        }
    }

    /// Probes as one of the users of a tenant, against the owner of the other.
    async fn probe(&self, tenant: usize, user: usize) -> LeakReport {
        let app = self.booted.app.clone();
        let (caller, victim) = (&self.planted[tenant], &self.planted[1 - tenant]);
        LeakProbe::new(app.clone(), &self.document)
            .caller(ProbeTenant::new(token(&app, caller, user).await))
            .victim(
                ProbeTenant::new(token(&app, victim, 0).await)
                    .marker("x-tenant", text(victim, "/slug"))
                    .marker("x-tenant", text(victim, "/id"))
                    .marker("host", format!("{}.localhost", text(victim, "/slug")))
                    .canary(text(victim, "/canary")),
            )
            .run()
            .await
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap()
}

/// Signs a user of a planted tenant in; the owner is the first.
async fn token(app: &App, tenant: &Value, user: usize) -> String {
    let form = format!(
        "grant_type=password&client_id=starter-web&username={}&password={}",
        text(tenant, &format!("/users/{user}/email")).replace('@', "%40"),
        text(tenant, &format!("/users/{user}/password")),
    );
    let request = Request::post("/oauth/token")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("x-tenant", text(tenant, "/slug"))
        .body(Body::from(form))
        .unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    let body = axum::body::to_bytes(answer.into_body(), 1 << 16)
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    text(&body, "/access_token").to_owned()
}

/// Looks for a project in every tenant, which no handler may.
async fn anywhere(state: &AppState, id: Id<Project>) -> Option<(TenantTx, Project)> {
    for slug in ["tenant-1", "tenant-2"] {
        let tenant = state.registry.by_slug(&slug.parse().ok()?).await.ok()??;
        let scope = SystemScope::<Seed>::enter().within(&tenant);
        let mut tx = state.database.write(&scope);
        if let Ok(Some(project)) = tx.repo::<Project>().find(id).await {
            return Some((tx, project));
        }
    }
    None
}

async fn reads(
    State(state): State<AppState>,
    Path(id): Path<Id<Project>>,
) -> Result<Json<Value>, Problem> {
    let (_, project) = anywhere(&state, id).await.ok_or(Code::NOT_FOUND)?;
    Ok(Json(json!({ "name": project.name })))
}

async fn tells(
    State(state): State<AppState>,
    Path(id): Path<Id<Project>>,
) -> Result<StatusCode, Problem> {
    match anywhere(&state, id).await {
        Some(_) => Err(Code::FORBIDDEN.into()),
        None => Err(Code::NOT_FOUND.into()),
    }
}

/// Knows a project by its version.
async fn checks(
    State(state): State<AppState>,
    Path(id): Path<Id<Project>>,
    version: IfMatch,
) -> Result<StatusCode, Problem> {
    let (_, project) = anywhere(&state, id).await.ok_or(Code::NOT_FOUND)?;
    match version.version() == Some(project.version) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Code::NOT_FOUND.into()),
    }
}

/// Wants what the document does not say, and looks for nothing before.
async fn wants(headers: HeaderMap) -> Result<StatusCode, Problem> {
    match headers.get("x-word").is_some_and(|word| word == "please") {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Code::HEADER_INVALID.into()),
    }
}

async fn deletes(
    State(state): State<AppState>,
    Path(id): Path<Id<Project>>,
) -> Result<StatusCode, Problem> {
    if let Some((mut tx, project)) = anywhere(&state, id).await {
        let _ = tx.repo::<Project>().delete(project.id, None).await;
        let _ = tx.commit().await;
    }
    Err(Code::NOT_FOUND.into())
}

/// Probes as each user of each tenant.
async fn probe_all(placement: Placement) {
    let (mut requests, mut users) = (0, 1);
    // More often under `cargo xtask soak`, each time in worlds of their own.
    let rounds = if std::env::var_os("SAAS_SOAK").is_some() {
        10
    } else {
        1
    };
    for tenant in [0, 1].repeat(rounds) {
        let mut user = 0;
        while user < users {
            // A world of its own: the last caller has written names of the victim's into its own space.
            let world = World::on(placement, false).await;
            users = world.planted[tenant]["users"].as_array().unwrap().len();
            let report = world.probe(tenant, user).await;
            report.assert_clean();
            requests += report.requests;
            user += 1;
        }
    }
    println!("{requests} requests as {users} users of two tenants on {placement:?}: no leak");
    assert!(requests > 6_000, "{requests}");
}

#[tokio::test]
async fn iso_02_20_g1_the_service_gives_no_tenant_away_on_sqlite() {
    probe_all(Placement::Sqlite).await;
}

#[tokio::test]
async fn iso_02_20_g1_the_service_gives_no_tenant_away_on_postgres() {
    probe_all(Placement::Postgres).await;
}

#[tokio::test]
async fn iso_02_20_g1_the_service_gives_no_tenant_away_behind_a_pooler() {
    probe_all(Placement::Pooled).await;
}

#[tokio::test]
async fn planted_leaks_are_found() {
    let report = World::on(Placement::Sqlite, true).await.probe(0, 0).await;
    let found = |operation: &str| {
        report
            .leaks
            .iter()
            .any(|leak| leak.operation.contains(operation))
    };
    assert!(found("/planted/reads/{id}"), "{report}");
    assert!(found("/planted/tells/{id}"), "{report}");
    assert!(found("/planted/checks/{id}"), "{report}");
    let wants = report.unexercised.get("PATCH /planted/wants/{id}");
    assert!(wants.is_some_and(|why| why.contains("400")), "{report}");
    // The answer is the same for all; that the project is gone is not.
    assert!(found("GET /api/v1/projects"), "{report}");
}
