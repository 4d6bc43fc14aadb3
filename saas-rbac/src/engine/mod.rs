//! The decision.

mod load;
mod snapshot;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use moka::sync::Cache;
use saas_core::TenantId;
use saas_tenancy::{Database, Scope, Tenant};

pub(crate) use snapshot::Snapshot;

use crate::{Access, Error, Presets, RbacConfig};

/// Whether something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// It is.
    Allow,
    /// It is not.
    Deny,
}

/// Decides what a caller may do in a tenant; cheap to clone.
///
/// The rules of a tenant are loaded by casbin when they are first asked for, and compiled into a
/// snapshot. From then on a decision is one look-up of the caller and one of the permission, without
/// a lock and without evaluating a rule. Nothing is allowed by default, and a system scope, which
/// has no caller, is allowed nothing here.
#[derive(Debug, Clone)]
pub struct Authorizer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    presets: Presets,
    snapshots: Cache<TenantId, Arc<Snapshot>>,
    /// Count changes made here, each those of some tenants. Rules that were read before a change and
    /// arrive after it are used once and not kept.
    changes: [AtomicU64; 64],
    /// Lets one caller load the rules of a tenant while the others wait.
    loading: Mutex<HashMap<TenantId, Weak<tokio::sync::Mutex<()>>>>,
    max_roles: u32,
}

impl Authorizer {
    /// Makes the authorizer.
    #[must_use]
    pub fn new(database: Database, presets: Presets, config: &RbacConfig) -> Self {
        let snapshots = Cache::builder()
            .max_capacity(u64::from(config.cache_tenants))
            .time_to_live(config.cache_lifetime.into())
            .build();
        Self {
            inner: Arc::new(Inner {
                database,
                presets,
                snapshots,
                changes: [const { AtomicU64::new(0) }; 64],
                loading: Mutex::default(),
                max_roles: config.max_roles,
            }),
        }
    }

    /// Decides, loading the tenant's rules if need be.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] when the rules cannot be loaded. That is never an allow.
    pub async fn decide(&self, scope: &Scope, access: Access) -> Result<Decision, Error> {
        match self.decide_now(scope, access) {
            Some(decision) => Ok(decision),
            None => Ok(decide(
                &*self.snapshot(scope.tenant()).await?,
                scope,
                access,
            )),
        }
    }

    /// Decides from what is in memory; `None` when the tenant's rules have to be loaded.
    #[must_use]
    pub fn decide_now(&self, scope: &Scope, access: Access) -> Option<Decision> {
        let snapshot = self.inner.snapshots.get(&scope.tenant().id())?;
        Some(decide(&snapshot, scope, access))
    }

    /// Gives the roles and the permissions of the caller, each sorted.
    ///
    /// # Errors
    ///
    /// As [`Authorizer::decide`].
    pub async fn held_by(&self, scope: &Scope) -> Result<(Vec<String>, Vec<String>), Error> {
        let Some(principal) = scope.principal() else {
            return Ok((Vec::new(), Vec::new()));
        };
        let snapshot = self.snapshot(scope.tenant()).await?;
        Ok(snapshot.held_by(principal.subject()))
    }

    /// Drops the rules of a tenant, so that the next decision reads them anew. Call it after the
    /// commit of a change.
    pub fn forget(&self, tenant: TenantId) {
        self.inner.changes_of(tenant).fetch_add(1, Ordering::SeqCst);
        self.inner.snapshots.invalidate(&tenant);
    }

    pub(crate) fn max_roles(&self) -> u32 {
        self.inner.max_roles
    }

    /// Gives the built-in roles.
    #[must_use]
    pub fn presets(&self) -> &Presets {
        &self.inner.presets
    }

    async fn snapshot(&self, tenant: &Tenant) -> Result<Arc<Snapshot>, Error> {
        let inner = &*self.inner;
        // Many may find the rules of a tenant gone at once. One loads them, or a tenant with many
        // rules would keep every connection busy with the same work.
        let turn = inner.turn(tenant.id());
        let _turn = turn.lock().await;
        if let Some(snapshot) = inner.snapshots.get(&tenant.id()) {
            return Ok(snapshot);
        }
        let changes = inner.changes_of(tenant.id());
        let before = changes.load(Ordering::SeqCst);
        let enforcer = load::enforcer(&inner.database, tenant, &inner.presets).await?;
        let snapshot = Arc::new(Snapshot::compile(&enforcer));
        inner.snapshots.insert(tenant.id(), Arc::clone(&snapshot));
        if changes.load(Ordering::SeqCst) != before {
            inner.snapshots.invalidate(&tenant.id());
        }
        Ok(snapshot)
    }
}

impl Inner {
    fn changes_of(&self, tenant: TenantId) -> &AtomicU64 {
        // The last byte of an id is random.
        let [.., last] = *tenant.as_uuid().as_bytes();
        let [first, ..] = &self.changes;
        self.changes
            .get(usize::from(last) % self.changes.len())
            .unwrap_or(first)
    }

    fn turn(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<()>> {
        let mut loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = loading.get(&tenant).and_then(Weak::upgrade) {
            return turn;
        }
        loading.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        loading.insert(tenant, Arc::downgrade(&turn));
        turn
    }
}

fn decide(snapshot: &Snapshot, scope: &Scope, access: Access) -> Decision {
    let Some(principal) = scope.principal() else {
        return Decision::Deny;
    };
    let allowed = match access {
        // Without a role there is no membership any more, whatever the token says.
        Access::Member => snapshot.knows(principal.subject()),
        Access::Permission(permission) => snapshot.allows(principal.subject(), permission),
    };
    if allowed {
        Decision::Allow
    } else {
        Decision::Deny
    }
}
