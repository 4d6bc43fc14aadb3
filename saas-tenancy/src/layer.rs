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
