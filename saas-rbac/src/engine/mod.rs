//! The decision.

mod bits;
mod cache;
pub(crate) mod graph;
mod hash;
mod load;
mod snapshot;
mod watch;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use saas_core::{Granted, PrincipalKind, TenantId, Timestamp};
use saas_tenancy::{Database, Scope, Tenant};

pub(crate) use bits::Bits;
pub(crate) use load::graph;
pub(crate) use snapshot::Snapshot;

use crate::{
    Access, Caller, Error, Permission, Presets, RbacConfig, Subject,
    access::{Key, Needs},
};
use cache::Snapshots;

/// Whether something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// It is.
    Allow,
    /// It is not.
    Deny,
    /// It is, once the caller has signed in anew.
    StepUp,
}

/// Decides what a caller may do in a tenant; cheap to clone. The database has the tables of
/// [`MODULE`](crate::MODULE).
///
/// The rules of a tenant are read when they are first asked for, and compiled into a snapshot. From then on a
/// decision is one look-up of the tenant, one of the caller, and one bit: no lock, no allocation, no text is
/// compared, however many rules there are. Nothing is allowed by default, and a system scope, which has no
/// caller, is allowed nothing here.
///
/// # Examples
///
/// ```
/// use saas_rbac::{Authorizer, Permission, Presets, RbacConfig};
/// use saas_tenancy::Database;
///
/// #[derive(Debug, Clone, Copy, Permission)]
/// enum Can {
///     #[permission("projects:read")]
///     ReadProjects,
///     #[permission("projects:write")]
///     WriteProjects,
/// }
///
/// fn authorizer(database: Database) -> Authorizer {
///     let presets = Presets::new::<Can>()
///         .admin(&[Can::ReadProjects, Can::WriteProjects])
///         .user(&[Can::ReadProjects]);
///     Authorizer::new(database, presets, &RbacConfig::default())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Authorizer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    presets: Presets,
    snapshots: Snapshots,
    /// Lets one caller load the rules of a tenant while the others wait.
    loading: Mutex<HashMap<TenantId, Weak<Turn>>>,
    config: RbacConfig,
}

/// The rules of a tenant that are being loaded.
#[derive(Debug, Default)]
struct Turn {
    alone: tokio::sync::Mutex<()>,
    /// Counts the changes meanwhile. Rules that were read before a change and arrive after it are used once
    /// and not kept.
    changes: AtomicU64,
    /// When somebody could not load them last, in microseconds. Those who waited for him do not try one after
    /// the other, each until his patience ends.
    failed: AtomicI64,
}

/// For how long nobody tries again to load the rules of a tenant.
const PAUSE: Duration = Duration::from_secs(1);

impl Authorizer {
    /// Makes the authorizer.
    #[must_use]
    pub fn new(database: Database, presets: Presets, config: &RbacConfig) -> Self {
        Self {
            inner: Arc::new(Inner {
                database,
                presets,
                snapshots: Snapshots::new(config.cache_tenants, config.cache_lifetime.into()),
                loading: Mutex::default(),
                config: config.clone(),
            }),
        }
    }

    /// Decides, loading the tenant's rules if need be.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] when the rules cannot be loaded, [`Error::NotLoaded`] when somebody else had just
    /// failed to. That is never an allow.
    pub async fn decide(&self, scope: &Scope, access: &Access) -> Result<Decision, Error> {
        match self.decide_now(scope, access) {
            Some(decision) => Ok(decision),
            None => {
                let snapshot = self.snapshot(scope.tenant()).await?;
                Ok(self.inner.decide(&snapshot, scope, access))
            }
        }
    }

    /// Decides from what is in memory; `None` when the tenant's rules have to be loaded.
    #[must_use]
    pub fn decide_now(&self, scope: &Scope, access: &Access) -> Option<Decision> {
        let inner = &*self.inner;
        inner
            .snapshots
            .look(scope.tenant().id(), inner.recent(), |snapshot| {
                inner.decide(snapshot, scope, access)
            })
    }

    /// Tells whether the caller holds a permission, loading the tenant's rules if need be.
    ///
    /// # Errors
    ///
    /// As [`Authorizer::decide`].
    pub async fn may<P: Permission>(&self, scope: &Scope, permission: &P) -> Result<bool, Error> {
        let access = Access::permission(permission);
        Ok(self.decide(scope, &access).await? == Decision::Allow)
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
        let Some(held) = snapshot.of(principal.into()) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let mut permissions = self.presets().names(&held.permissions);
        permissions.retain(|name| principal.granted().covers(name));
        Ok((held.roles.clone(), permissions))
    }

    /// Gives the roles of somebody in a tenant, those of groups and inherited ones too, sorted.
    ///
    /// # Errors
    ///
    /// As [`Authorizer::decide`].
    pub async fn roles_of(
        &self,
        tenant: &Tenant,
        subject: impl Into<Subject>,
    ) -> Result<Vec<String>, Error> {
        let snapshot = self.snapshot(tenant).await?;
        let held = snapshot.of(subject.into());
        Ok(held.map(|held| held.roles.clone()).unwrap_or_default())
    }

    /// Gives what rules over rows ask about the caller; none without a caller, or when he has no role.
    ///
    /// # Errors
    ///
    /// As [`Authorizer::decide`].
    pub async fn caller(&self, scope: &Scope) -> Result<Option<Caller>, Error> {
        let Some(principal) = scope.principal() else {
            return Ok(None);
        };
        let snapshot = self.snapshot(scope.tenant()).await?;
        let held = snapshot.of(principal.into());
        Ok(held.map(|held| Caller::new(principal, held, self.presets())))
    }

    /// Drops the rules of a tenant, so that the next decision reads them anew. Changes made through
    /// [`Roles`](crate::Roles) and [`Groups`](crate::Groups) do so by themselves.
    pub fn forget(&self, tenant: TenantId) {
        self.inner.changed(|loading| *loading == tenant);
        self.inner.snapshots.forget(tenant);
    }

    fn forget_all(&self) {
        self.inner.changed(|_| true);
        self.inner.snapshots.forget_all();
    }

    /// Gives the permissions and roles of the program.
    #[must_use]
    pub fn presets(&self) -> &Presets {
        &self.inner.presets
    }

    pub(crate) fn config(&self) -> &RbacConfig {
        &self.inner.config
    }

    async fn snapshot(&self, tenant: &Tenant) -> Result<Arc<Snapshot>, Error> {
        let (inner, id) = (&*self.inner, tenant.id());
        if let Some(snapshot) = inner.snapshots.get(id, inner.recent()) {
            return Ok(snapshot);
        }
        // Many may find the rules of a tenant gone at once. One loads them, or a tenant with many
        // rules would keep every connection busy with the same work.
        let turn = inner.turn(id);
        let _alone = turn.alone.lock().await;
        if let Some(snapshot) = inner.snapshots.get(id, inner.now()) {
            return Ok(snapshot);
        }
        let failed = Timestamp::from_micros(turn.failed.load(Ordering::SeqCst));
        if failed.is_ok_and(|failed| inner.now() < failed.saturating_add(PAUSE)) {
            return Err(Error::NotLoaded);
        }
        let (changes, read_at) = (turn.changes.load(Ordering::SeqCst), inner.now());
        let loaded = load::snapshot(&inner.database, tenant, &inner.presets).await;
        if loaded.is_err() {
            let now = inner.now().as_micros();
            turn.failed.store(now, Ordering::SeqCst);
        }
        let snapshot = Arc::new(loaded?);
        let kept = Arc::clone(&snapshot);
        inner.snapshots.keep(id, read_at, kept, || {
            turn.changes.load(Ordering::SeqCst) == changes
        });
        Ok(snapshot)
    }
}

impl Inner {
    /// Decisions are many, and to read the clock exactly costs as much as the rest of one.
    fn recent(&self) -> Timestamp {
        self.database.clock().recent()
    }

    fn now(&self) -> Timestamp {
        self.database.clock().now()
    }

    /// Notes a change for the tenants whose rules are being loaded.
    fn changed(&self, which: impl Fn(&TenantId) -> bool) {
        let loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, turn) in loading.iter().filter(|(tenant, _)| which(tenant)) {
            if let Some(turn) = turn.upgrade() {
                turn.changes.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    fn turn(&self, tenant: TenantId) -> Arc<Turn> {
        let mut loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = loading.get(&tenant).and_then(Weak::upgrade) {
            return turn;
        }
        loading.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        loading.insert(tenant, Arc::downgrade(&turn));
        turn
    }

    fn decide(&self, snapshot: &Snapshot, scope: &Scope, access: &Access) -> Decision {
        let Some(principal) = scope.principal() else {
            return Decision::Deny;
        };
        // Without a role there is no membership any more, whatever the token says.
        let Some(held) = snapshot.permissions_of(Subject::from(principal)) else {
            return Decision::Deny;
        };
        // A permission that the program does not know is held by nobody.
        let granted = principal.granted();
        let holds = |key: Key| {
            let held = self.presets.bit(key).is_some_and(|bit| held.contains(bit));
            held && granted.covers(key.name)
        };
        let allowed = match &access.needs {
            Needs::Member => true,
            Needs::Person => principal.kind() == PrincipalKind::User && *granted == Granted::All,
            Needs::One(key) => holds(*key),
            Needs::All(keys) => keys.iter().copied().all(holds),
            Needs::Any(keys) => keys.iter().copied().any(holds),
        };
        match access.fresh {
            _ if !allowed => Decision::Deny,
            _ if principal.level() < access.level => Decision::StepUp,
            Some(age) if self.now().since(principal.authenticated_at()) > age => Decision::StepUp,
            _ => Decision::Allow,
        }
    }
}
