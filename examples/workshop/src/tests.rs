//! What has to hold.

use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header, request::Builder};
use saas_core::Id;
use saas_tenancy::{Error, PageQuery};
use saas_testkit::{LeakProbe, ProbeTenant, TestDatabase};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    app::{self, App, MODULES, Service},
    projects::{NewProject, Project},
};

#[tokio::test]
async fn a_foreign_id_is_as_unknown_as_a_random_one() {
    let world = TestDatabase::sqlite(MODULES).await;
    let (acme, beta) = (world.tenant("acme").await, world.tenant("beta").await);
    let mut tx = world.database().write(&world.scope(&beta));
    let new = NewProject {
        name: "secret".to_owned(),
        archived: false,
    };
    let secret = tx.repo::<Project>().insert(new).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = world.database().read(&world.scope(&acme));
    for id in [secret.id, Id::generate()] {
        let found = tx.repo::<Project>().get(id).await;
        assert!(matches!(found, Err(Error::NotFound)));
    }
    let all = tx.repo::<Project>().list(PageQuery::new()).await.unwrap();
    assert!(all.items.is_empty());
}

/// The service over a database of its own, called without a socket.
struct World {
    service: Service,
    _database: TestDatabase,
}

impl World {
    async fn new() -> Self {
        let database = TestDatabase::sqlite(MODULES).await;
        let app = App::open(database.database(), "memory://").await.unwrap();
        Self {
            service: app::build(app).unwrap(),
            _database: database,
        }
    }

    async fn send(&self, request: Builder, body: impl Into<Body>) -> (StatusCode, Value) {
        let request = request.header(header::HOST, "localhost");
        let request = request.body(body.into()).unwrap();
        let response = self.service.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        let request = signed(Request::get(path), token);
        self.send(request, Body::empty()).await
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
        let request = signed(Request::post(path), token);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.send(request, body.to_string()).await
    }

    /// Signs somebody in at a tenant.
    async fn token(&self, slug: &str, email: &str) -> String {
        let request = Request::post("/oauth/token")
            .header("x-tenant", slug)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let form =
            format!("grant_type=password&client_id=web&username={email}&password={PASSWORD}");
        let (status, answer) = self.send(request, form).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Signs a tenant up, and its owner in.
    async fn sign_up(&self, slug: &str) -> String {
        let email = format!("owner@{slug}.test");
        let request = json!({
            "slug": slug, "company": slug, "email": email, "name": "Owner", "password": PASSWORD,
        });
        let (status, answer) = self.post("/api/signup", "", request).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        self.token(slug, &email).await
    }

    async fn project(&self, token: &str, name: &str) -> String {
        let new = json!({ "name": name });
        let (status, project) = self.post("/api/projects", token, new).await;
        assert_eq!(status, StatusCode::CREATED, "{project}");
        project["id"].as_str().unwrap().to_owned()
    }
}

/// Nobody sends no header: an empty token is refused, and not passed over.
fn signed(request: Builder, token: &str) -> Builder {
    match token {
        "" => request,
        token => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
    }
}

const PASSWORD: &str = "walnut-ferry-41-granite";

#[tokio::test]
async fn bob_does_not_see_the_project_of_ann() {
    let world = World::new().await;
    let (ann, bob) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let path = format!("/api/projects/{}", world.project(&ann, "Bridge").await);
    assert_eq!(world.get(&path, &ann).await.0, StatusCode::OK);
    assert_eq!(world.get(&path, &bob).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.get(&path, "").await.0, StatusCode::UNAUTHORIZED);
    let (status, problem) = world.get(&format!("/t/acme{path}"), &bob).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::FORBIDDEN, &json!("tenant-foreign"))
    );
}

#[tokio::test]
async fn whoever_may_write_may_not_delete() {
    let world = World::new().await;
    let ann = world.sign_up("acme").await;
    let role = json!({
        "name": "drafter", "permissions": ["projects:write"], "denies": ["projects:delete"], "inherits": ["user"],
    });
    assert_eq!(
        world.post("/api/roles", &ann, role).await.0,
        StatusCode::CREATED
    );
    let cai = json!({
        "email": "cai@acme.test", "name": "Cai", "password": PASSWORD, "roles": ["drafter"],
    });
    let (status, id) = world.post("/api/members", &ann, cai).await;
    assert_eq!(status, StatusCode::OK, "{id}");
    let cai = world.token("acme", "cai@acme.test").await;
    let path = format!("/api/projects/{}", world.project(&cai, "Pier").await);
    for (token, status) in [
        (&cai, StatusCode::FORBIDDEN),
        (&ann, StatusCode::NO_CONTENT),
    ] {
        let request = Request::builder().method(Method::DELETE).uri(&path);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        assert_eq!(world.send(request, Body::empty()).await.0, status);
    }
    let path = format!(
        "/api/members/{}/permissions/projects:delete",
        id.as_str().unwrap()
    );
    let (status, explanation) = world.get(&path, &ann).await;
    assert_eq!(status, StatusCode::OK);
    assert!(explanation.to_string().contains("drafter"), "{explanation}");
}

#[tokio::test]
async fn a_file_is_its_tenants() {
    let world = World::new().await;
    let (ann, bob) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let path = "/api/files/plans/2026/plan.txt";
    let request = Request::put(path).header(header::AUTHORIZATION, format!("Bearer {ann}"));
    let (status, file) = world.send(request, "a plan").await;
    assert_eq!(
        (status, &file["size"]),
        (StatusCode::CREATED, &json!(6)),
        "{file}"
    );
    assert_eq!(world.get(path, &ann).await.0, StatusCode::OK);
    assert_eq!(world.get(path, &bob).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_factor_that_was_not_confirmed_is_asked_from_nobody() {
    let world = World::new().await;
    let ann = world.sign_up("acme").await;
    let (status, told) = world
        .post("/api/me/totp", &ann, json!({ "name": "phone" }))
        .await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let confirm = format!("/api/me/totp/{}", told["id"].as_str().unwrap());
    let (status, _) = world
        .post(&confirm, &ann, json!({ "code": "000000" }))
        .await;
    assert!(status.is_client_error(), "{status}");
    world.token("acme", "owner@acme.test").await;
    let (status, rules) = world.get("/api/mfa-rules", &ann).await;
    assert_eq!((status, rules), (StatusCode::OK, json!([])));
}

/// What there is to ask, for the probe. A service that has a document for people uses that.
fn document() -> Value {
    let id = json!({
        "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" },
    });
    let create = json!({ "required": true, "content": { "application/json": { "schema": {
        "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } },
    } } } });
    let bearer = json!([{ "bearer": [] }]);
    json!({ "openapi": "3.1.0", "info": { "title": "Workshop", "version": "1" }, "paths": {
        "/api/projects": {
            "get": { "responses": {}, "security": bearer },
            "post": { "requestBody": create, "responses": {}, "security": bearer },
        },
        "/api/projects/{id}": {
            "get": { "parameters": [id], "responses": {}, "security": bearer },
            "delete": { "parameters": [id], "responses": {}, "security": bearer },
        },
    } })
}

#[tokio::test]
async fn nothing_of_beta_reaches_acme() {
    let world = World::new().await;
    let (ann, bob) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let canary = "a text that only Beta has";
    world.project(&bob, canary).await;
    let victim = ProbeTenant::new(bob).marker("x-tenant", "beta");
    LeakProbe::new(world.service.clone(), &document())
        .caller(ProbeTenant::new(ann))
        .victim(victim.canary(canary))
        .run()
        .await
        .assert_clean();
}
