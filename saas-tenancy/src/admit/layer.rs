//! The layer.

use tower_layer::Layer;

use super::{AdmitService, verdict::Source};
use crate::Registry;

/// Admits callers: joins the [`Tenant`](crate::Tenant) that the address names with the verified
/// [`Principal`](saas_core::Principal), both from the request's extensions, into the
/// [`Scope`](crate::Scope).
///
/// It stands inside the layers that resolve the tenant and verify the caller. A request without a
/// caller goes on without a scope, and thereby without any way to tenant data.
#[derive(Debug, Clone)]
pub struct AdmitLayer {
    registry: Registry,
    source: Source,
}

impl AdmitLayer {
    /// Makes the layer.
    #[must_use]
    pub const fn new(registry: Registry) -> Self {
        Self {
            registry,
            source: Source::Token,
        }
    }

    /// Takes the token out of the sources that name a tenant: the address has to name it, and a signed-in
    /// caller's request to an address that does not is refused with `tenant-required`. Without this the
    /// claim of a verified token is enough, unless the configuration of the [`TenantLayer`](crate::TenantLayer) says otherwise
    /// ([`ResolveConfig::token`](crate::resolve::ResolveConfig::token)).
    #[must_use]
    pub const fn address_required(mut self) -> Self {
        self.source = Source::Address;
        self
    }
}

impl<S> Layer<S> for AdmitLayer {
    type Service = AdmitService<S>;

    fn layer(&self, inner: S) -> AdmitService<S> {
        AdmitService::new(inner, self.registry.clone(), self.source)
    }
}
