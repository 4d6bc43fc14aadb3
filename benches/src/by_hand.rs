//! Servers that a team writes by hand: one with nothing but the rows, and one with tokens, roles and tenants.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, State},
    routing::get,
};
use casbin::{CoreApi as _, MgmtApi as _};
use http::{StatusCode, header, request::Parts};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, sync::RwLock};
use uuid::Uuid;

use crate::rows::{Answer, NewProject, Page, Project, Rows};

/// Bare axum and sqlx: one tenant that is always the same, no sign-in. It is the limit.
pub(crate) async fn bare(url: &str, tenant: Uuid) {
    let state = (Rows::connect(url).await, tenant);
    type Bare = State<(Rows, Uuid)>;
    let show = async |State((rows, tenant)): Bare, Path(id): Path<Uuid>| rows.one(tenant, id).await;
    let list = async |State((rows, tenant)): Bare| rows.list(tenant).await;
    let create = async |State((rows, tenant)): Bare, Json(new): Json<NewProject>| {
        rows.insert(tenant, new).await
    };
    let router = Router::new()
        .route("/projects/{id}", get(show))
        .route("/projects", get(list).post(create))
        .with_state(state);
    serve(router).await;
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: Uuid,
    tid: Uuid,
    exp: u64,
}

/// Makes a token for the servers that share a secret.
pub(crate) fn token(secret: &str, user: Uuid, tenant: Uuid) -> String {
    let claims = Claims {
        sub: user,
        tid: tenant,
        exp: 4_000_000_000,
    };
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
}

#[derive(Clone)]
struct Wired {
    rows: Rows,
    enforcer: Arc<RwLock<casbin::Enforcer>>,
    key: Arc<DecodingKey>,
}

/// Who has proven who he is.
struct Caller {
    user: Uuid,
    tenant: Uuid,
}

impl FromRequestParts<Wired> for Caller {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &Wired) -> Result<Self, StatusCode> {
        let header = parts.headers.get(header::AUTHORIZATION);
        let token = header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
        let validation = Validation::new(Algorithm::HS256);
        let claims = jsonwebtoken::decode::<Claims>(token, &state.key, &validation);
        let claims = claims.map_err(|_| StatusCode::UNAUTHORIZED)?.claims;
        Ok(Self {
            user: claims.sub,
            tenant: claims.tid,
        })
    }
}

impl Wired {
    async fn permit(&self, caller: &Caller, action: &str) -> Result<(), StatusCode> {
        let (user, tenant) = (caller.user.to_string(), caller.tenant.to_string());
        let asked = (user.as_str(), tenant.as_str(), "projects", action);
        match self.enforcer.read().await.enforce(asked) {
            Ok(true) => Ok(()),
            Ok(false) => Err(StatusCode::FORBIDDEN),
            Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

async fn show(
    State(state): State<Wired>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Answer<Json<Project>> {
    state.permit(&caller, "read").await?;
    state.rows.one(caller.tenant, id).await
}

async fn list(State(state): State<Wired>, caller: Caller) -> Answer<Json<Page>> {
    state.permit(&caller, "read").await?;
    state.rows.list(caller.tenant).await
}

async fn create(
    State(state): State<Wired>,
    caller: Caller,
    Json(new): Json<NewProject>,
) -> Answer<(StatusCode, Json<Project>)> {
    state.permit(&caller, "write").await?;
    state.rows.insert(caller.tenant, new).await
}

const MODEL: &str = "
[request_definition]
r = sub, dom, obj, act
[policy_definition]
p = sub, dom, obj, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act";

/// axum, jsonwebtoken, casbin and sqlx, wired as a good team does it. There are so many rules in all: two for the role of a
/// member of each tenant, and a role for each user, ten users to a tenant.
pub(crate) async fn wired(url: &str, secret: &str, user: Uuid, tenant: Uuid, rules: usize) {
    let model = casbin::DefaultModel::from_str(MODEL).await.unwrap();
    let adapter = casbin::MemoryAdapter::default();
    let mut enforcer = casbin::Enforcer::new(model, adapter).await.unwrap();
    let (mut policies, mut groups) = (Vec::new(), Vec::new());
    // The caller's rules stand in the middle: the first are found at once, and the last after all others.
    let tenants = rules.div_ceil(12);
    for number in 0..tenants {
        let own = number == tenants / 2;
        let of = if own { tenant } else { Uuid::now_v7() }.to_string();
        for action in ["read", "write"] {
            let rule = ["member", &of, "projects", action];
            policies.push(rule.map(str::to_owned).to_vec());
        }
        for number in 0..10 {
            let user = if own && number == 0 {
                user
            } else {
                Uuid::now_v7()
            };
            groups.push(vec![user.to_string(), "member".to_owned(), of.clone()]);
        }
    }
    enforcer.add_policies(policies).await.unwrap();
    enforcer.add_grouping_policies(groups).await.unwrap();
    let state = Wired {
        rows: Rows::connect(url).await,
        enforcer: Arc::new(RwLock::new(enforcer)),
        key: Arc::new(DecodingKey::from_secret(secret.as_bytes())),
    };
    let router = Router::new()
        .route("/projects/{id}", get(show))
        .route("/projects", get(list).post(create))
        .with_state(state);
    serve(router).await;
}

async fn serve(router: Router) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    axum::serve(listener, router).await.unwrap();
}
