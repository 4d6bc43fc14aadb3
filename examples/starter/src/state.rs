//! What handlers share.

use std::{ops::Deref, sync::Arc};

use axum::Router;
use saas_auth::Identity;
use saas_core::{
    Secret,
    health::{Health, Outage},
    limit::RateLimiter,
    task::Supervisor,
};
use saas_edge::{
    FairShareLayer, RedisConnection, idempotency::Idempotency, network::TenantNetworkLayer,
    requests::RequestMetrics, settings::Settings,
};
use saas_rbac::{Authorizer, Groups, Roles};
use saas_storage::{Files, Grants, StorageMetrics, Uploads, UrlSigner};
use saas_tenancy::{Database, Registry, outbox::Outbox};

use crate::operations::{health::Accepting, metrics::LastAudit};

/// The services of the process. Every request clones it more than once, so it is one pointer.
#[derive(Debug, Clone)]
pub(crate) struct AppState(Arc<Services>);

impl AppState {
    pub(crate) fn new(services: Services) -> Self {
        Self(Arc::new(services))
    }
}

impl Deref for AppState {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}

#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) database: Database,
    pub(crate) registry: Registry,
    pub(crate) identity: Identity,
    pub(crate) oauth: Router,
    pub(crate) pages: Router,
    pub(crate) authorizer: Authorizer,
    pub(crate) roles: Roles,
    pub(crate) groups: Groups,
    pub(crate) files: Files,
    pub(crate) uploads: Uploads,
    pub(crate) signer: UrlSigner,
    pub(crate) grants: Grants,
    pub(crate) storage_metrics: StorageMetrics,
    pub(crate) settings: Settings,
    /// From which networks each tenant is used.
    pub(crate) networks: TenantNetworkLayer,
    /// What runs beside the requests.
    pub(crate) background: Supervisor,
    /// What follows from requests.
    pub(crate) outbox: Outbox,
    pub(crate) idempotency: Idempotency,
    pub(crate) requests: RequestMetrics,
    pub(crate) health: Health,
    pub(crate) accepting: Accepting,
    /// Whether the database is known to be away.
    pub(crate) outage: Outage,
    pub(crate) audit: LastAudit,
    /// Who may see the names of tenants in the metrics.
    pub(crate) metrics_token: Option<Secret<String>>,
    /// Counts traffic, apart from what guards passwords.
    pub(crate) traffic: Arc<dyn RateLimiter>,
    pub(crate) fair_share: FairShareLayer,
    /// What the instances share, if they do.
    pub(crate) redis: Option<RedisConnection>,
}
