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
    resolve::{self, Address, AddressRequired, Name, PathPrefix, ResolveConfig},
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
            Ok(address) => note(&mut parts, address, self.config.token),
            Err(problem) => return GateFuture::answer(problem),
        };
        let (mut tenants, mut all_known) = (Tenants::default(), true);
        for name in &names {
            match self.registry.known(name).map(|tenant| tenants.and(tenant)) {
                None => all_known = false,
                Some(Ok(())) => {}
                Some(Err(problem)) => return GateFuture::answer(problem),
            }
        }
        let prefix = parts.extensions.get::<PathPrefix>().cloned();
        if all_known && prefix.is_none() {
            return match tenants.settle(&mut parts) {
                Ok(()) => GateFuture::open(self.inner.call(Request::from_parts(parts, body))),
                Err(problem) => GateFuture::answer(problem),
            };
        }
        let registry = self.registry.clone();
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        GateFuture::ask(async move {
            let found = match all_known {
                true => Ok(tenants),
                false => Tenants::find(&registry, &names).await,
            };
            if let Err(problem) = found.and_then(|tenants| tenants.settle(&mut parts)) {
                return Ok(problem.into_response());
            }
            let mut response = inner.call(Request::from_parts(parts, body)).await?;
            if let Some(prefix) = prefix {
                prefix.put_before_location(&mut response);
            }
            Ok(response)
        })
    }
}

/// Leaves in a request what its address says beside the names.
fn note(parts: &mut Parts, address: Address, token: bool) -> Vec<Name> {
    if !token {
        parts.extensions.insert(AddressRequired);
    }
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

/// What the names that were looked up so far mean: one tenant, or none yet.
#[derive(Default)]
struct Tenants(Option<Tenant>);

impl Tenants {
    async fn find(registry: &Registry, names: &[Name]) -> Result<Self, Problem> {
        let mut found = Self::default();
        for name in names {
            found.and(match name {
                Name::Slug(slug) => registry.by_slug(slug).await?,
                Name::Id(id) => registry.by_id(*id).await?,
                Name::Domain(domain) => registry.by_domain(domain).await?,
            })?;
        }
        Ok(found)
    }

    /// Adds what a name means, which has to be the same.
    fn and(&mut self, tenant: Option<Tenant>) -> Result<(), Problem> {
        let tenant = tenant.ok_or_else(|| Problem::new(Code::TENANT_UNKNOWN))?;
        match &self.0 {
            Some(other) if other.id() != tenant.id() => Err(Problem::new(Code::TENANT_CONFLICT)),
            _ => {
                self.0 = Some(tenant);
                Ok(())
            }
        }
    }

    /// Leaves the tenant in the request, if one is named.
    fn settle(self, parts: &mut Parts) -> Result<(), Problem> {
        let Some(tenant) = self.0 else {
            return Ok(());
        };
        if tenant.status() != Status::Active {
            return Err(Problem::new(Code::TENANT_SUSPENDED));
        }
        parts.extensions.insert(tenant);
        Ok(())
    }
}
