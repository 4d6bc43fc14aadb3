//! The layer that finds the tenant of a request.

use std::sync::Arc;

use tower_layer::Layer;

use crate::{Registry, TenantService, resolve::ResolveConfig};

/// Finds the tenant that a request names, by host, header or path, and puts the
/// [`Tenant`](crate::Tenant) into the request's extensions. A request that names none goes on
/// without.
///
/// The extensions of every request have besides the host that it was sent to, as
/// [`Authority`](crate::resolve::Authority), and, where its peer is known, who has sent it, as
/// [`ClientAddress`](saas_core::ClientAddress).
///
/// It has to stand outside the router, because it takes the path prefix off before routing.
///
/// # Examples
///
/// ```
/// use std::convert::Infallible;
///
/// use axum::{Router, body::Body, response::Response};
/// use http::Request;
/// use saas_tenancy::{AdmitLayer, Database, Registry, TenantLayer, TransactionLayer, resolve::ResolveConfig};
/// use tower::{Layer as _, Service};
///
/// fn around(
///     router: Router,
///     database: Database,
///     registry: Registry,
/// ) -> impl Service<Request<Body>, Response = Response, Error = Infallible> {
///     // The transaction ends before the answer begins.
///     let service = TransactionLayer::new(database).layer(router);
///     // Tenant and caller become a scope, or the request goes on without one.
///     let service = AdmitLayer::new(registry.clone()).layer(service);
///     // Here stands who finds out who is calling, such as `saas_auth::AuthLayer`.
///     // Which tenant the address names.
///     TenantLayer::new(registry, ResolveConfig::default()).layer(service)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct TenantLayer {
    registry: Registry,
    config: Arc<ResolveConfig>,
}

impl TenantLayer {
    /// Makes the layer.
    #[must_use]
    pub fn new(registry: Registry, config: ResolveConfig) -> Self {
        Self {
            registry,
            config: Arc::new(config),
        }
    }
}

impl<S> Layer<S> for TenantLayer {
    type Service = TenantService<S>;

    fn layer(&self, inner: S) -> TenantService<S> {
        TenantService::new(inner, self.registry.clone(), Arc::clone(&self.config))
    }
}
