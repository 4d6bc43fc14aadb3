//! Which tenants there are.

mod cache;
mod domains;
mod store;
mod watch;

pub use domains::{DomainClaim, DomainProof, ManageDomains};

use std::sync::Arc;

use saas_core::{Id, TenantId, config::Period};
use serde::{Deserialize, Serialize};

#[cfg(feature = "axum")]
use crate::resolve::Name;
use crate::{
    AuditRecord, Database, Domain, EntityTable, Error, Migration, Module, Reason, SharedTable,
    Slug, Status, SystemScope, SystemTx, Tenant, outbox::EventRow,
};

/// The tables of this crate.
pub const MODULE: Module = Module::new("saas_tenancy")
    .migrations(&[
        Migration::new(
            1,
            "tenants",
            include_str!("../../migrations/sqlite/0001_tenants.sql"),
            include_str!("../../migrations/postgres/0001_tenants.sql"),
        ),
        Migration::new(
            2,
            "domains",
            include_str!("../../migrations/sqlite/0002_domains.sql"),
            include_str!("../../migrations/postgres/0002_domains.sql"),
        ),
        Migration::postgres(
            3,
            "guards",
            include_str!("../../migrations/postgres/0003_guards.sql"),
        ),
        Migration::new(
            4,
            "outbox",
            include_str!("../../migrations/sqlite/0004_outbox.sql"),
            include_str!("../../migrations/postgres/0004_outbox.sql"),
        ),
        Migration::new(
            5,
            "audit",
            include_str!("../../migrations/sqlite/0005_audit.sql"),
            include_str!("../../migrations/postgres/0005_audit.sql"),
        ),
        Migration::postgres(
            6,
            "guards of outbox and audit",
            include_str!("../../migrations/postgres/0006_guards.sql"),
        ),
    ])
    .entities(&[
        EntityTable::new::<EventRow>().system_reads(),
        EntityTable::new::<AuditRecord>().append_only(),
    ])
    .shared(&[
        SharedTable::new("saas_tenants")
            .visible("id = nullif(current_setting('app.tenant_id', true), '')::uuid"),
        SharedTable::new("saas_domains"),
    ]);

/// Finds the tenant that a request names.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResolveTenant;

impl Reason for ResolveTenant {
    const NAME: &'static str = "resolve-tenant";
    const WHY: &'static str = "a request names its tenant before anybody is signed in";
}

/// The registry of tenants, cheap to clone.
///
/// Answers are kept for a short time, "there is no such tenant" as well, in a cache of bounded size.
///
/// # Examples
///
/// ```
/// use saas_tenancy::{Database, Error, NewTenant, Reason, Registry, Slug, SystemScope, Tenant};
///
/// struct SignUp;
///
/// impl Reason for SignUp {
///     const NAME: &'static str = "sign-up";
///     const WHY: &'static str = "a sign-up creates the tenant";
/// }
///
/// async fn found(database: &Database, registry: &Registry, slug: Slug) -> Result<Tenant, Error> {
///     if let Some(tenant) = registry.by_slug(&slug).await? {
///         return Ok(tenant);
///     }
///     let mut tx = database.system_write(&SystemScope::<SignUp>::enter());
///     let tenant = registry.create(&mut tx, NewTenant::new(slug, "Acme")).await?;
///     tx.commit().await?;
///     Ok(tenant)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Registry {
    database: Database,
    cache: Arc<cache::Cache>,
}

/// What is no longer as it may be remembered. It travels between instances as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    Tenant { id: TenantId, slug: Slug },
    Domain(Domain),
}

impl Change {
    fn of(tenant: &Tenant) -> Self {
        Self::Tenant {
            id: tenant.id(),
            slug: tenant.slug().clone(),
        }
    }
}

/// Bounds of the registry's cache.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RegistryConfig {
    /// How long an answer may be used. A tenant that is suspended or renamed by another instance is
    /// seen so after this time.
    pub cache_lifetime: Period,
    /// How many answers are kept.
    pub cache_entries: u32,
}

impl Default for RegistryConfig {
    fn default() -> Self {
        Self {
            cache_lifetime: Period::from(std::time::Duration::from_secs(1)),
            cache_entries: 10_000,
        }
    }
}

/// A tenant to create.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewTenant {
    /// The name in addresses.
    pub slug: Slug,
    /// The name for people.
    pub name: String,
}

impl NewTenant {
    /// Takes the two names.
    #[must_use]
    pub fn new(slug: Slug, name: impl Into<String>) -> Self {
        Self {
            slug,
            name: name.into(),
        }
    }
}

impl Registry {
    /// Opens the registry of a database.
    #[must_use]
    pub fn new(database: Database, config: &RegistryConfig) -> Self {
        Self {
            database,
            cache: Arc::new(cache::Cache::new(config)),
        }
    }

    /// Finds a tenant without asking the database: whether there is one, if that is remembered.
    #[cfg(feature = "axum")]
    pub(crate) fn known(&self, name: &Name) -> Option<Option<Tenant>> {
        self.cache.known(name)
    }

    /// Finds a tenant by its name in addresses.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn by_slug(&self, slug: &Slug) -> Result<Option<Tenant>, Error> {
        self.cache
            .by_slug(slug, store::by_slug(&self.database, slug))
            .await
    }

    /// Finds a tenant by its id.
    ///
    /// # Errors
    ///
    /// As [`Registry::by_slug`].
    pub async fn by_id(&self, id: TenantId) -> Result<Option<Tenant>, Error> {
        self.cache.by_id(id, store::by_id(&self.database, id)).await
    }

    /// Finds the tenant that has proven to own a domain.
    ///
    /// # Errors
    ///
    /// As [`Registry::by_slug`].
    pub async fn by_domain(&self, domain: &Domain) -> Result<Option<Tenant>, Error> {
        self.cache
            .by_domain(domain, store::by_domain(&self.database, domain))
            .await
    }

    /// Lists tenants, whatever their status, by id: up to a thousand after the given one. For work over all of
    /// them, such as a report.
    ///
    /// # Errors
    ///
    /// As [`Registry::by_slug`].
    pub async fn list<R: Reason>(
        &self,
        scope: &SystemScope<R>,
        after: Option<TenantId>,
    ) -> Result<Vec<Tenant>, Error> {
        store::list(&mut self.database.system_read(scope), after).await
    }

    /// Gives the number of answers that are remembered, for metrics.
    #[must_use]
    pub fn remembered(&self) -> u64 {
        self.cache.len()
    }

    /// Creates a tenant, to be committed together with what belongs to it.
    ///
    /// # Errors
    ///
    /// [`Error::SlugTaken`] when another tenant has the slug. The transaction cannot be committed
    /// then.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn create(&self, tx: &mut SystemTx, new: NewTenant) -> Result<Tenant, Error> {
        let now = self.database.clock().now();
        let tenant = Tenant::new(Id::generate(), new.slug, new.name, Status::Active, now);
        store::insert(tx, &tenant).await?;
        store::announce(tx, &Change::of(&tenant)).await?;
        // Requests may have been told until now that there is no such tenant.
        let (cache, created) = (Arc::clone(&self.cache), tenant.clone());
        tx.after_commit(move || cache.forget(&Change::of(&created)))
            .await?;
        Ok(tenant)
    }

    /// Suspends a tenant: its requests are refused until it is resumed.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such tenant.
    pub async fn suspend<R: Reason>(
        &self,
        scope: &SystemScope<R>,
        tenant: &Tenant,
    ) -> Result<(), Error> {
        self.set_status(scope, tenant, Status::Suspended).await
    }

    /// Lets a suspended tenant be used again.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such tenant.
    pub async fn resume<R: Reason>(
        &self,
        scope: &SystemScope<R>,
        tenant: &Tenant,
    ) -> Result<(), Error> {
        self.set_status(scope, tenant, Status::Active).await
    }

    async fn set_status<R: Reason>(
        &self,
        scope: &SystemScope<R>,
        tenant: &Tenant,
        status: Status,
    ) -> Result<(), Error> {
        let mut tx = self.database.system_write(scope);
        store::set_status(&mut tx, tenant.id(), status).await?;
        store::announce(&mut tx, &Change::of(tenant)).await?;
        // With the commit, also when the caller does not wait for it.
        let (cache, change) = (Arc::clone(&self.cache), Change::of(tenant));
        tx.after_commit(move || cache.forget(&change)).await?;
        tx.commit().await
    }
}
