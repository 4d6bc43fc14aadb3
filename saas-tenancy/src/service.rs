//! The service that finds the tenant of a request.

use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, extract::ConnectInfo, response::IntoResponse as _};
use http::{Request, Response};
use saas_core::{Code, Problem};
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
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(peer)| peer.ip());
        let address = resolve::read(&self.config, &parts, peer);
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let registry = self.registry.clone();
        Box::pin(async move {
            let tenant = match address {
                Ok(Address {
                    authority,
                    names,
                    uri,
                    client,
                }) => {
                    parts.extensions.insert(authority);
                    if let Some(client) = client {
                        parts.extensions.insert(client);
                    }
                    if let Some(uri) = uri {
                        parts.extensions.insert(PathPrefix::taken(&parts.uri, &uri));
                        parts.uri = uri;
                    }
                    find(&registry, &names).await
                }
                Err(problem) => Err(problem),
            };
            match tenant {
                Ok(tenant) => {
                    if let Some(tenant) = tenant {
                        parts.extensions.insert(tenant);
                    }
                    inner.call(Request::from_parts(parts, body)).await
                }
                Err(problem) => Ok(problem.into_response()),
            }
        })
    }
}

/// Finds the one tenant that all names mean.
async fn find(registry: &Registry, names: &[Name]) -> Result<Option<Tenant>, Problem> {
    let mut found: Option<Tenant> = None;
    for name in names {
        let tenant = match name {
            Name::Slug(slug) => registry.by_slug(slug).await?,
            Name::Id(id) => registry.by_id(*id).await?,
            Name::Domain(domain) => registry.by_domain(domain).await?,
        };
        let tenant = tenant.ok_or_else(|| Problem::new(Code::TENANT_UNKNOWN))?;
        if found
            .as_ref()
            .is_some_and(|other| other.id() != tenant.id())
        {
            return Err(Problem::new(Code::TENANT_CONFLICT));
        }
        found = Some(tenant);
    }
    if found
        .as_ref()
        .is_some_and(|tenant| tenant.status() != Status::Active)
    {
        return Err(Problem::new(Code::TENANT_SUSPENDED));
    }
    Ok(found)
}
