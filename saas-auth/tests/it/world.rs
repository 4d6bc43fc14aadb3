//! A service with two tenants, and a client of it.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{Router, body::Body, extract::Extension, response::Response, routing::get};
use http::{HeaderMap, Request, StatusCode, header};
use saas_auth::{
    Accepted, AuthConfig, ClientConfig, Identity, MODULE, Membership, NewMembership, SignedIn,
    mfa::MfaLayer,
    oauth::{self, ScopeInfo},
    pages,
};
use saas_core::{
    Code, Principal, Problem, Secret, UserId,
    edge::{self, EdgeConfig},
};
use saas_tenancy::{
    AdmitLayer, Column as _, Dialect, Module, Scope, SystemScope, Tenant, TenantLayer, TenantTx,
    resolve::ResolveConfig,
};
use saas_testkit::{TestDatabase, TestSetup};
use serde_json::Value;
use tower::{Layer as _, ServiceExt as _, util::BoxCloneSyncService};

pub(crate) const MODULES: &[&Module] = &[&saas_tenancy::MODULE, &MODULE];
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const CLIENT: &str = "starter-web";

type App = BoxCloneSyncService<Request<Body>, Response, std::convert::Infallible>;

/// A second instance of the service.
pub(crate) struct Instance {
    app: App,
    pub identity: Identity,
}

impl Instance {
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        World::send_to(&self.app, request).await
    }
}

pub(crate) struct World {
    pub acme: Tenant,
    pub beta: Tenant,
    pub identity: Identity,
    app: App,
    // Dropped last, because the others are connected to it.
    pub db: TestDatabase,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn field(&self, name: &str) -> String {
        let json = self.json();
        json[name]
            .as_str()
            .unwrap_or_else(|| panic!("no `{name}`: {self:?}"))
            .to_owned()
    }

    /// Status and code in one word, for comparisons.
    pub(crate) fn outcome(&self) -> (u16, String) {
        (self.status.as_u16(), self.field("code"))
    }
}

impl World {
    pub(crate) async fn all() -> Vec<Self> {
        vec![
            Self::on(Dialect::Sqlite).await,
            Self::on(Dialect::Postgres).await,
        ]
    }

    pub(crate) async fn on(dialect: Dialect) -> Self {
        Self::with(dialect, |_| {}).await
    }

    pub(crate) async fn with(dialect: Dialect, change: impl FnOnce(&mut AuthConfig)) -> Self {
        let db = match dialect {
            Dialect::Sqlite => TestDatabase::sqlite(MODULES).await,
            _ => TestDatabase::postgres(MODULES).await,
        };
        let mut config = AuthConfig::default();
        config.clients = vec![
            ClientConfig::first_party(CLIENT).with_passwords(),
            serde_json::from_str(
                r#"{"id":"ours","first_party":true,"redirect_uris":["https://app.example/callback"]}"#,
            )
            .unwrap(),
            serde_json::from_str(r#"{"id":"partner"}"#).unwrap(),
        ];
        config.password_grant = true;
        change(&mut config);
        let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
        let identity = Identity::builder(db.database(), &db.registry(), &config)
            .scopes(scopes())
            .load()
            .await
            .unwrap();
        Self {
            acme,
            beta,
            app: app(&db, &identity),
            identity,
            db,
        }
    }

    /// Makes an account with [`PASSWORD`] and joins it to a tenant.
    pub(crate) async fn person(&self, tenant: &Tenant, email: &str) -> UserId {
        let password = self
            .identity
            .passwords()
            .check(&Secret::from(PASSWORD), &[])
            .await
            .unwrap();
        let hash = self.identity.passwords().hash(&password).await.unwrap();
        let scope = SystemScope::<TestSetup>::enter();
        let mut tx = self.db.database().system_write(&scope);
        let email_address = email.parse().unwrap();
        let user = self
            .identity
            .accounts()
            .create(&mut tx, &email_address, &hash)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.join(tenant, user, email).await;
        user
    }

    /// Notes that somebody has proven to read the mail of their address.
    pub(crate) async fn verified(&self, user: UserId) {
        let sql = "UPDATE saas_accounts SET verified_at = created_at WHERE id = $1";
        assert_eq!(self.system(sql, &[user.to_value()]).await, 1);
    }

    /// Makes somebody a member of a tenant.
    pub(crate) async fn join(&self, tenant: &Tenant, user: UserId, email: &str) {
        let mut tx = self.db.database().write(&self.db.scope(tenant));
        let new = NewMembership::new(email, format!("Name of {email}"));
        let id = Membership::id_of(user);
        tx.repo::<Membership>().insert_as(id, new).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Runs a statement of the service over tables without a tenant.
    pub(crate) async fn system(&self, sql: &'static str, values: &[saas_tenancy::Value]) -> u64 {
        let scope = SystemScope::<TestSetup>::enter();
        let mut tx = self.db.database().system_write(&scope);
        let changed = tx.execute(sql, values).await.unwrap();
        tx.commit().await.unwrap();
        changed
    }

    /// Starts a second instance over the same database, with connections of its own.
    pub(crate) async fn another_instance(&self) -> Instance {
        let database = self.db.another_instance(10).await;
        let (registry, config) = (self.db.registry(), self.identity.config());
        let identity = Identity::builder(&database, &registry, config)
            .scopes(scopes())
            .load()
            .await
            .unwrap();
        Instance {
            app: app(&self.db, &identity),
            identity,
        }
    }

    /// Sends a request through the whole stack.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Self::send_to(&self.app, request).await
    }

    async fn send_to(app: &App, request: Request<Body>) -> Answer {
        let response = app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Posts a form to the token endpoint at an address that names `tenant`.
    pub(crate) async fn token(&self, tenant: Option<&Tenant>, form: &[(&str, &str)]) -> Answer {
        self.send(token_request(tenant, form)).await
    }

    pub(crate) async fn sign_in(&self, tenant: &Tenant, email: &str, password: &str) -> Answer {
        let form = [
            ("grant_type", "password"),
            ("client_id", CLIENT),
            ("username", email),
            ("password", password),
        ];
        self.token(Some(tenant), &form).await
    }

    pub(crate) async fn exchange(&self, tenant: Option<&Tenant>, refresh_token: &str) -> Answer {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT),
            ("refresh_token", refresh_token),
        ];
        self.token(tenant, &form).await
    }

    /// Asks who is calling, with these values of `Authorization`.
    pub(crate) async fn who(&self, path: &str, authorization: &[&str]) -> Answer {
        let mut request = Request::get(path).header(header::HOST, "localhost");
        for value in authorization {
            request = request.header(header::AUTHORIZATION, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

/// A form for the token endpoint, at an address that names `tenant`.
pub(crate) fn token_request(tenant: Option<&Tenant>, form: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::post("/oauth/token")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(tenant) = tenant {
        request = request.header("x-tenant", tenant.slug().as_str());
    }
    request.body(Body::from(encode(form))).unwrap()
}

/// The permissions that programs may ask for.
pub(crate) fn scopes() -> [ScopeInfo; 2] {
    [
        ScopeInfo::new("projects:read", "See projects"),
        ScopeInfo::new("projects:write", "Change projects"),
    ]
}

fn app(db: &TestDatabase, identity: &Identity) -> App {
    let router: Router = oauth::router(identity)
        .merge(pages::router(identity))
        .merge(pages::invitations(identity, Arc::new(Nobody)))
        .route("/whoami", get(whoami))
        .route("/anybody", get(anybody))
        .route("/scoped", get(scoped));
    let service = AdmitLayer::new(db.registry()).layer(router);
    let service = MfaLayer::new(identity.second_factors().clone()).layer(service);
    let service = identity.layer().layer(service);
    let service = TenantLayer::new(db.registry(), ResolveConfig::default()).layer(service);
    let service = pages::RefusalLayer::new().layer(service);
    edge::stack(&EdgeConfig::default(), service).unwrap()
}

/// An application whose members have no roles, and which does not want one of its guests.
struct Nobody;

#[async_trait]
impl pages::Welcome for Nobody {
    async fn welcome(&self, _: &mut TenantTx, accepted: &Accepted) -> Result<(), Problem> {
        match accepted.invitation.email.as_str() {
            "unwelcome@new.test" => Err(Code::GRANT_FORBIDDEN.into()),
            _ => Ok(()),
        }
    }
}

async fn whoami(SignedIn(principal): SignedIn) -> String {
    format!("{:?}", principal.subject().to_string())
}

async fn anybody(principal: Option<Extension<Principal>>) -> String {
    format!("{:?}", principal.is_some().to_string())
}

async fn scoped(scope: Scope) -> String {
    format!("{:?}", scope.tenant().slug().as_str())
}

/// Encodes a form; everything but letters and digits is escaped.
pub(crate) fn encode(form: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect::<String>()
    };
    let pairs: Vec<_> = form
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&")
}

/// Runs the same thing many times at once.
pub(crate) async fn at_once<T: Send + 'static>(
    times: usize,
    what: impl Fn(usize) -> std::pin::Pin<Box<dyn Future<Output = T> + Send>>,
) -> Vec<T> {
    let tasks: Vec<_> = (0..times).map(|n| tokio::spawn(what(n))).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
