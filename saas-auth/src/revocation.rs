//! What has ended before its time, known to every instance.
//!
//! Access tokens are verified without asking anybody, so what ends early has to be in memory. There is a row
//! for each id that counts no more, of a session (`sid`), a token (`jti`) or a program (`sub`), for as long as a
//! token that names it could still be good. Each instance keeps the set of them: it follows the signals of
//! those who add to it, and reads what is new every second besides, since a signal can be lost.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use saas_core::{Id, TenantId, Timestamp, health::Check};
use saas_tenancy::{Database, Row, SystemScope, TenantEntity, TenantTx, Value, tenant_repository};
use uuid::Uuid;

use crate::{EndTokens, Error};

const TOPIC: &str = "saas_auth_revocations";
const ALL: &str = "SELECT tenant_id, subject FROM saas_revocations WHERE expires_at > $1";
const NEW: &str = "SELECT tenant_id, subject FROM saas_revocations WHERE created_at > $1";

/// How old what is known may be before an instance is not fit to be asked: some looks can fail.
const STALE: Duration = Duration::from_secs(10);
/// How often is looked for what is new.
const EVERY: Duration = Duration::from_secs(1);
/// For how much longer an id is kept: a token can be signed by an instance whose clock runs ahead, or that did not
/// know yet.
const MARGIN: Duration = Duration::from_secs(120);
/// How far back is looked: a transaction that takes this long to commit would be missed until the next whole
/// look.
const BACK: Duration = Duration::from_secs(60);
/// How often everything is read again, which also forgets what has run out.
const WHOLE: Duration = Duration::from_secs(300);

/// An id that counts no more.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_revocations", new = "NewRevocation")]
pub(crate) struct Revocation {
    #[entity(id)]
    id: Id<Revocation>,
    #[entity(tenant)]
    tenant_id: TenantId,
    subject: Id<()>,
    #[entity(created)]
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// The statements over revocations.
#[tenant_repository(entity = Revocation)]
trait Ended {
    #[sql("DELETE FROM saas_revocations WHERE {tenant} AND expires_at <= :now")]
    async fn forget_expired(&mut self, now: Timestamp) -> Result<u64>;

    #[sql("SELECT * FROM saas_revocations WHERE {tenant} AND subject = :subject LIMIT 1")]
    async fn ended(&mut self, subject: Id<()>) -> Result<Option<Revocation>>;
}

/// The ids that count no more; cheap to clone. Share one in the process, and keep
/// [`watch`](Revocations::watch) running.
///
/// Where nobody watches, what other instances end goes on being accepted here. So it is a
/// [`Check`](saas_core::health::Check) too, which an instance that is sent requests should pass:
///
/// ```
/// use saas_auth::Identity;
/// use saas_core::health::Health;
///
/// fn health(identity: &Identity) -> Health {
///     Health::default().with(identity.revocations().clone())
/// }
/// # let _ = health;
/// ```
#[derive(Debug, Clone)]
pub struct Revocations {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    /// How long a token can be good after it was issued.
    lifetime: Duration,
    known: ArcSwap<HashSet<(TenantId, Uuid)>>,
    /// What was added since everything began to be read, while it is. Held while the set is changed.
    added: Mutex<Option<Vec<(TenantId, Uuid)>>>,
    read_all_at: AtomicI64,
    read_at: AtomicI64,
}

impl Revocations {
    /// Reads what there is. `lifetime` is the longest that an access token is good, the leeway included; see
    /// [`TokenConfig::longest`](crate::TokenConfig::longest).
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn load(database: &Database, lifetime: Duration) -> Result<Self, Error> {
        let revocations = Self {
            inner: Arc::new(Inner {
                database: database.clone(),
                lifetime,
                known: ArcSwap::default(),
                added: Mutex::new(None),
                read_all_at: AtomicI64::new(i64::MIN),
                read_at: AtomicI64::new(i64::MIN),
            }),
        };
        revocations.refresh().await?;
        Ok(revocations)
    }

    /// Follows what other instances add, for ever: at once by their signals, and within a second without.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing in the database.
    pub async fn watch(self) {
        let mut signals = self.inner.database.signals(TOPIC);
        loop {
            // What arrived is only a hint to look.
            let _ = tokio::time::timeout(EVERY, signals.next()).await;
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "the revocations could not be read");
                tokio::time::sleep(EVERY).await;
            }
        }
    }

    /// Gives how long ago it was last read from the database what counts no more.
    #[must_use]
    pub fn age(&self) -> Duration {
        let read = Timestamp::from_micros(self.inner.read_at.load(Ordering::Relaxed));
        let now = self.inner.database.clock().now();
        read.map_or(Duration::MAX, |read| now.since(read))
    }

    /// Ends an id, inside the caller's transaction. This instance knows with the commit.
    pub(crate) async fn revoke(&self, tx: &mut TenantTx, subject: Uuid) -> Result<(), Error> {
        let now = self.inner.database.clock().now();
        tx.forget_expired(now).await?;
        let row = NewRevocation {
            subject: Id::from_uuid(subject),
            expires_at: now
                .saturating_add(self.inner.lifetime)
                .saturating_add(MARGIN),
        };
        tx.repo::<Revocation>().insert(row).await?;
        tx.signal(TOPIC, String::new()).await?;
        let (here, tenant) = (self.clone(), tx.scope().tenant().id());
        tx.after_commit(move || here.add([(tenant, subject)]))
            .await?;
        Ok(())
    }

    /// Tells whether one of several ids of a tenant has ended.
    pub(crate) fn cover(&self, tenant: TenantId, subjects: [Option<Uuid>; 4]) -> bool {
        let known = self.inner.known.load();
        if known.is_empty() {
            return false;
        }
        let mut subjects = subjects.into_iter().flatten();
        subjects.any(|subject| known.contains(&(tenant, subject)))
    }

    /// Tells whether none of several ids has ended, as the database knows it now: what another instance has
    /// ended a moment ago is not in memory yet.
    pub(crate) async fn stand(
        tx: &mut TenantTx,
        subjects: impl IntoIterator<Item = Uuid>,
    ) -> Result<bool, Error> {
        for subject in subjects {
            if tx.ended(Id::from_uuid(subject)).await?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads what is new, and before that everything when that was long ago.
    async fn refresh(&self) -> Result<(), Error> {
        let (inner, now) = (&*self.inner, self.inner.database.clock().now());
        let long_ago = |at: &AtomicI64, limit| {
            let at = Timestamp::from_micros(at.load(Ordering::Relaxed));
            at.map_or(true, |at| now.since(at) >= limit)
        };
        if long_ago(&inner.read_all_at, WHOLE) || long_ago(&inner.read_at, BACK / 2) {
            *self.added() = Some(Vec::new());
            let all = self.read(ALL, now).await;
            {
                let mut added = self.added();
                // Also when it could not be read, so that the list does not grow.
                let added = added.take().unwrap_or_default();
                inner
                    .known
                    .store(Arc::new(all?.into_iter().chain(added).collect()));
            }
            inner.read_all_at.store(now.as_micros(), Ordering::Relaxed);
        }
        let new = self.read(NEW, now.saturating_sub(BACK)).await?;
        self.add(new);
        inner.read_at.store(now.as_micros(), Ordering::Relaxed);
        Ok(())
    }

    async fn read(
        &self,
        sql: &'static str,
        from: Timestamp,
    ) -> Result<Vec<(TenantId, Uuid)>, Error> {
        let scope = SystemScope::<EndTokens>::enter();
        let mut tx = self.inner.database.system_read(&scope);
        let rows = tx.fetch_all(sql, &[Value::Timestamp(from)]).await?;
        rows.iter().map(read).collect()
    }

    fn added(&self) -> MutexGuard<'_, Option<Vec<(TenantId, Uuid)>>> {
        self.inner
            .added
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, ids: impl IntoIterator<Item = (TenantId, Uuid)>) {
        let mut added = self.added();
        let ids: Vec<_> = ids.into_iter().collect();
        if let Some(added) = &mut *added {
            added.extend(&ids);
        }
        let known = self.inner.known.load();
        let new: Vec<_> = ids.into_iter().filter(|id| !known.contains(id)).collect();
        if !new.is_empty() {
            let mut known = HashSet::clone(&known);
            known.extend(new);
            self.inner.known.store(Arc::new(known));
        }
    }
}

fn read(row: &Row) -> Result<(TenantId, Uuid), Error> {
    let subject: Id<()> = row.get(1)?;
    Ok((row.get(0)?, subject.as_uuid()))
}

/// Fails where nobody watches, or the database has not answered for ten seconds.
#[async_trait]
impl Check for Revocations {
    fn name(&self) -> &'static str {
        "revocations"
    }

    async fn check(&self) -> Result<(), String> {
        match self.age() <= STALE {
            true => Ok(()),
            false => Err("were not read for a while".to_owned()),
        }
    }
}
