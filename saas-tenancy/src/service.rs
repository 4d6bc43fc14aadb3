//! The service that finds the tenant of a request.

use std::{
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, extract::ConnectInfo, response::IntoResponse as _};
use http::{Request, Response, request::Parts};
use saas_core::{Code, Problem, edge::GateFuture};
use tower_service::Service;

use crate::{
    Registry, Status, Tenant,
    resolve::{self, Address, Name, PathPrefix, ResolveConfig},
};

/// Made by [`TenantLayer`](crate::TenantLayer).
#[derive(Debug, Clone)]
pub struct TenantService<S> {
    inner: S,
    registry: Registry,
    config: Arc<ResolveConfig>,
}

impl<S> TenantService<S> {
    pub(crate) const fn new(inner: S, registry: Registry, config: Arc<ResolveConfig>) -> Self {
        Self {
            inner,
            registry,
            config,
        }
    }
}

impl<S> Service<Request<Body>> for TenantService<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = GateFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(peer)| peer.ip());
        let names = match resolve::read(&self.config, &parts, peer) {
            Ok(address) => note(&mut parts, address),
            Err(problem) => return GateFuture::refuse(problem),
        };
        if let Some(tenants) = names.iter().map(|name| self.registry.known(name)).collect() {
            return match settle(&mut parts, tenants) {
                Ok(()) => GateFuture::open(self.inner.call(Request::from_parts(parts, body))),
                Err(problem) => GateFuture::refuse(problem),
            };
        }
        let registry = self.registry.clone();
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        GateFuture::ask(async move {
            let found = find(&registry, &names).await;
            match found.and_then(|tenants| settle(&mut parts, tenants)) {
                Ok(()) => inner.call(Request::from_parts(parts, body)).await,
                Err(problem) => Ok(problem.into_response()),
            }
        })
    }
}

/// Leaves in a request what its address says beside the names.
fn note(parts: &mut Parts, address: Address) -> Vec<Name> {
    parts.extensions.insert(address.authority);
    if let Some(client) = address.client {
        parts.extensions.insert(client);
    }
    if let Some(uri) = address.uri {
        parts.extensions.insert(PathPrefix::taken(&parts.uri, &uri));
        parts.uri = uri;
    }
    address.names
}

async fn find(registry: &Registry, names: &[Name]) -> Result<Vec<Option<Tenant>>, Problem> {
    let mut tenants = Vec::with_capacity(names.len());
    for name in names {
        tenants.push(match name {
            Name::Slug(slug) => registry.by_slug(slug).await?,
            Name::Id(id) => registry.by_id(*id).await?,
            Name::Domain(domain) => registry.by_domain(domain).await?,
        });
    }
    Ok(tenants)
}

/// Leaves the one tenant that all names mean in the request.
fn settle(parts: &mut Parts, tenants: Vec<Option<Tenant>>) -> Result<(), Problem> {
    let mut found: Option<Tenant> = None;
    for tenant in tenants {
        let tenant = tenant.ok_or_else(|| Problem::new(Code::TENANT_UNKNOWN))?;
        if found
            .as_ref()
            .is_some_and(|other| other.id() != tenant.id())
        {
            return Err(Problem::new(Code::TENANT_CONFLICT));
        }
        found = Some(tenant);
    }
    let Some(tenant) = found else {
        return Ok(());
    };
    if tenant.status() != Status::Active {
        return Err(Problem::new(Code::TENANT_SUSPENDED));
    }
    parts.extensions.insert(tenant);
    Ok(())
}
