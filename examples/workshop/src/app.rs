//! The services, the routes and the layers around them.

use std::{convert::Infallible, error::Error};

use axum::{Router, extract::Request, response::Response};
use saas_auth::{AuthConfig, ClientConfig, Identity, mfa::MfaLayer, oauth};
use saas_core::edge::{self, EdgeConfig};
use saas_rbac::{Authorizer, Public, RbacConfig, Roles, Routes};
use saas_storage::Files;
use saas_tenancy::{
    AdmitLayer, Database, Module, Registry, RegistryConfig, TenantLayer, TransactionLayer,
    resolve::ResolveConfig,
};
use tower::{Layer as _, util::BoxCloneSyncService};

use crate::{accounts, files, members, mfa, projects};

/// Everything with tables, in the order of the references between them.
pub const MODULES: &[&Module] = &[
    &saas_tenancy::MODULE,
    &saas_auth::MODULE,
    &saas_rbac::MODULE,
    &saas_storage::MODULE,
    &projects::WORKSHOP,
];

/// What handlers share; cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    pub database: Database,
    pub registry: Registry,
    pub identity: Identity,
    pub authorizer: Authorizer,
    pub roles: Roles,
    pub oauth: Router,
    pub files: Files,
}

impl App {
    pub async fn open(database: &Database, place: &str) -> Result<Self, Box<dyn Error>> {
        let registry = Registry::new(database.clone(), &RegistryConfig::default());
        let config = RbacConfig::default();
        let authorizer = Authorizer::new(database.clone(), projects::presets(), &config);
        let mut auth = AuthConfig::default();
        auth.token.issuer = "http://localhost:8080".to_owned();
        auth.token.audience = "workshop".to_owned();
        // So that curl can sign in. A program with a page of its own sends people to ours.
        auth.password_grant = true;
        let client = ClientConfig::first_party("web");
        auth.clients.push(client.with_passwords());
        let identity = mfa::identity(database, &registry, &authorizer, &auth).await?;
        Ok(Self {
            roles: Roles::new(authorizer.clone()),
            oauth: oauth::router(&identity),
            files: files::open(database, place)?,
            database: database.clone(),
            registry,
            identity,
            authorizer,
        })
    }
}

/// Every route, with who may ask for it.
pub fn routes() -> Routes<App, Public> {
    let routes = members::routes(projects::routes());
    let routes = mfa::routes(files::routes(routes));
    routes.public().post("/api/signup", accounts::sign_up)
}

pub type Service = BoxCloneSyncService<Request, Response, Infallible>;

/// Puts the layers around the routes. The last is the outermost, so a request reads them from below.
pub fn build(app: App) -> Result<Service, Box<dyn Error>> {
    let (database, registry) = (app.database.clone(), app.registry.clone());
    let identity = app.identity.clone();
    let router: Router = routes()
        // The token endpoint and its companions.
        .mount(oauth::ROUTES, |app: &App| app.oauth.clone())
        .into_router(&app.authorizer)?
        .with_state(app);
    // The transaction ends before the answer begins.
    let service = TransactionLayer::new(database).layer(router);
    // Tenant and caller become a scope, or the request goes on without one.
    let service = AdmitLayer::new(registry.clone()).layer(service);
    // Whether what was proven is enough for the tenant.
    let service = MfaLayer::new(identity.second_factors().clone()).layer(service);
    // Who is calling.
    let service = identity.layer().layer(service);
    // Which tenant the address names.
    let service = TenantLayer::new(registry, ResolveConfig::default()).layer(service);
    // An id, a span, bounds on size and time, headers.
    Ok(edge::stack(&EdgeConfig::default(), service)?)
}
