//! What the registry remembers for a moment.

use std::{
    hash::Hash,
    sync::atomic::{AtomicU64, Ordering},
};

use moka::sync::Cache as Moka;
use saas_core::TenantId;

use super::{Change, RegistryConfig};
#[cfg(feature = "axum")]
use crate::resolve::Name;
use crate::{Domain, Error, Slug, Tenant};

#[derive(Debug)]
pub(super) struct Cache {
    slugs: Moka<Slug, Option<Tenant>>,
    ids: Moka<TenantId, Option<Tenant>>,
    domains: Moka<Domain, Option<Tenant>>,
    /// Counts the changes made here. An answer that was asked for before a change and arrives after
    /// it is used, but not kept.
    changes: AtomicU64,
}

impl Cache {
    pub(super) fn new(config: &RegistryConfig) -> Self {
        Self {
            slugs: bounded(config),
            ids: bounded(config),
            domains: bounded(config),
            changes: AtomicU64::new(0),
        }
    }

    /// Gives what is remembered, whether there is such a tenant or not.
    #[cfg(feature = "axum")]
    pub(super) fn known(&self, name: &Name) -> Option<Option<Tenant>> {
        match name {
            Name::Slug(slug) => self.slugs.get(slug),
            Name::Id(id) => self.ids.get(id),
            Name::Domain(domain) => self.domains.get(domain),
        }
    }

    pub(super) async fn by_slug(
        &self,
        slug: &Slug,
        load: impl Future<Output = Result<Option<Tenant>, Error>>,
    ) -> Result<Option<Tenant>, Error> {
        self.through(&self.slugs, slug, load).await
    }

    pub(super) async fn by_id(
        &self,
        id: TenantId,
        load: impl Future<Output = Result<Option<Tenant>, Error>>,
    ) -> Result<Option<Tenant>, Error> {
        self.through(&self.ids, &id, load).await
    }

    pub(super) async fn by_domain(
        &self,
        domain: &Domain,
        load: impl Future<Output = Result<Option<Tenant>, Error>>,
    ) -> Result<Option<Tenant>, Error> {
        self.through(&self.domains, domain, load).await
    }

    pub(super) fn forget(&self, change: &Change) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        match change {
            Change::Tenant { id, slug } => {
                self.slugs.invalidate(slug);
                self.ids.invalidate(id);
                // Which domains lead to it is not kept. Tenants rarely change.
                self.domains.invalidate_all();
            }
            Change::Domain(domain) => self.domains.invalidate(domain),
        }
    }

    pub(super) fn len(&self) -> u64 {
        // The counts follow with the next maintenance.
        self.slugs.run_pending_tasks();
        self.ids.run_pending_tasks();
        self.domains.run_pending_tasks();
        self.slugs.entry_count() + self.ids.entry_count() + self.domains.entry_count()
    }

    pub(super) fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.slugs.invalidate_all();
        self.ids.invalidate_all();
        self.domains.invalidate_all();
    }

    async fn through<K: Hash + Eq + Clone + Send + Sync + 'static>(
        &self,
        cache: &Moka<K, Option<Tenant>>,
        key: &K,
        load: impl Future<Output = Result<Option<Tenant>, Error>>,
    ) -> Result<Option<Tenant>, Error> {
        if let Some(known) = cache.get(key) {
            return Ok(known);
        }
        let before = self.changes.load(Ordering::SeqCst);
        let tenant = load.await?;
        cache.insert(key.clone(), tenant.clone());
        if self.changes.load(Ordering::SeqCst) != before {
            cache.invalidate(key);
        }
        Ok(tenant)
    }
}

fn bounded<K: Hash + Eq + Send + Sync + 'static>(
    config: &RegistryConfig,
) -> Moka<K, Option<Tenant>> {
    Moka::builder()
        .max_capacity(u64::from(config.cache_entries))
        .time_to_live(config.cache_lifetime.into())
        .build()
}
