//! From the rows to whoever acts on them.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use saas_core::{
    TenantId, Timestamp,
    config::{Period, positive},
    failpoint::Failpoint,
};
use serde::{Deserialize, Serialize};

use super::{
    Event,
    counts::Counts,
    row::{EventRow, Events as _},
};
use crate::{Database, Error, Reason, Registry, Scope, SystemScope, Value};

/// Tenants with events that are due, the one that has waited longest first. A suspended tenant waits.
const DUE: &str = "SELECT o.tenant_id, min(o.due_at) FROM saas_outbox o JOIN saas_tenants t ON t.id = o.tenant_id \
                   WHERE o.due_at <= $1 AND t.status = 'active' \
                   GROUP BY o.tenant_id ORDER BY min(o.due_at) LIMIT 100";

/// How many events of one tenant are delivered before it is the turn of the next.
const TURN: u32 = 10;

/// The first pause after a failure; each further one is twice as long, up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

/// Hands the events of a tenant to their handler, when nobody waits for an answer any more.
#[derive(Debug)]
#[non_exhaustive]
pub struct DeliverEvents;

impl Reason for DeliverEvents {
    const NAME: &'static str = "deliver-events";
    const WHY: &'static str =
        "what follows from a request happens after it, when its caller is gone";
    const ROUTINE: bool = true;
}

/// Why a handler failed. Its text goes to the log.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Acts on events. Implemented by the application.
///
/// # Contract
///
/// - An event may come more than once, also to two instances; [`Event::id`] tells it.
/// - The order is roughly that of publication, and no more.
/// - A kind that the handler does not know is a failure: a newer version of the program may have published
///   it, and delivers it at one of the next tries.
/// - A handler that takes longer than [`OutboxConfig::lease`] is dropped at an await, and has failed. So has
///   one that panics.
#[async_trait]
pub trait EventHandler: Send + Sync {
    /// Acts on an event of the scope's tenant.
    ///
    /// # Errors
    ///
    /// Any; the event is then delivered again later.
    async fn handle(&self, scope: &Scope, event: &Event) -> Result<(), Failed>;
}

/// How events are delivered.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OutboxConfig {
    /// How long [`Outbox::run`] waits when nothing is due.
    #[serde(deserialize_with = "positive")]
    pub poll_interval: Period,
    /// How long an event belongs to the instance that delivers it, and so how long a handler may take; at
    /// least a second. When that instance dies, the event is delivered again after this time.
    pub lease: Period,
    /// How often delivery is tried, once at least. Then the row stays, and nobody tries any more.
    pub max_attempts: u32,
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_secs(1).into(),
            lease: Duration::from_secs(300).into(),
            max_attempts: 20,
        }
    }
}

/// What one round brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// Events whose handler succeeded.
    pub delivered: u64,
    /// Events that will be tried again.
    pub failed: u64,
    /// Events that were tried for the last time.
    pub given_up: u64,
}

/// Delivers events, of all tenants in turn; cheap to clone. What it counts is one of its [`Metrics`](saas_core::metrics::Metrics).
#[derive(Debug, Clone)]
pub struct Outbox {
    database: Database,
    registry: Registry,
    config: OutboxConfig,
    counts: Arc<Counts>,
}

impl Outbox {
    /// Makes the relay.
    #[must_use]
    pub fn new(database: Database, registry: Registry, config: OutboxConfig) -> Self {
        Self {
            database,
            registry,
            config,
            counts: Arc::default(),
        }
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Delivers events as they come, until the future is dropped.
    ///
    /// # Cancel safety
    ///
    /// An event whose handler is dropped is delivered again after [`OutboxConfig::lease`].
    pub async fn run(&self, handler: &dyn EventHandler) {
        loop {
            match self.deliver(handler).await {
                Ok(round) if round != Delivered::default() => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "events are not delivered at the moment"
                ),
            }
            tokio::time::sleep(self.config.poll_interval.into()).await;
        }
    }

    /// Delivers what is due now: up to ten events of each tenant.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database does not answer. What the handler says is no error here.
    ///
    /// # Cancel safety
    ///
    /// As [`Outbox::run`].
    pub async fn deliver(&self, handler: &dyn EventHandler) -> Result<Delivered, Error> {
        let system = SystemScope::<DeliverEvents>::enter();
        let now = self.database.clock().now();
        let mut tx = self.database.system_read(&system);
        let rows = tx.fetch_all(DUE, &[Value::Timestamp(now)]).await?;
        drop(tx);
        let oldest = rows.first().map(|row| row.get::<Timestamp>(1));
        let late = oldest.transpose()?.map(|due| now.since(due));
        self.counts.set_late(late.unwrap_or_default());
        let mut round = Delivered::default();
        for row in &rows {
            let tenant: TenantId = row.get(0)?;
            // What is wrong with one tenant must not keep the others waiting.
            if let Err(error) = self.turn(&system, tenant, handler, &mut round).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error, %tenant,
                    "events of a tenant are not delivered at the moment"
                );
            }
        }
        self.counts.add(&round);
        Ok(round)
    }

    async fn turn(
        &self,
        system: &SystemScope<DeliverEvents>,
        tenant: TenantId,
        handler: &dyn EventHandler,
        round: &mut Delivered,
    ) -> Result<(), Error> {
        let Some(tenant) = self.registry.by_id(tenant).await? else {
            return Ok(());
        };
        let scope = system.within(&tenant);
        for _ in 0..TURN {
            let Some(row) = self.take(&scope, round).await? else {
                break;
            };
            let event = row.event();
            match self.handle(&scope, &event, handler).await {
                Ok(()) => {
                    let mut tx = self.database.write(&scope);
                    let noted = tx.remove_event(row.id, row.attempts).await?;
                    tx.commit().await?;
                    if noted == 0 {
                        tracing::warn!(event = %event.id(), "an event was delivered after its lease");
                    }
                    round.delivered += 1;
                }
                Err(error) => {
                    let last = event.attempt() >= self.config.max_attempts.max(1);
                    tracing::warn!(
                        error = &*error as &dyn std::error::Error,
                        event = %event.id(), kind = event.kind(), attempt = event.attempt(), last,
                        tenant = %tenant.id(), "an event was not delivered"
                    );
                    self.put_back(&scope, &row, last).await?;
                    round.failed += u64::from(!last);
                    round.given_up += u64::from(last);
                }
            }
        }
        Ok(())
    }

    /// Calls the handler, which may take as long as the event is ours.
    async fn handle(
        &self,
        scope: &Scope,
        event: &Event,
        handler: &dyn EventHandler,
    ) -> Result<(), Failed> {
        let handled = AssertUnwindSafe(handler.handle(scope, event)).catch_unwind();
        match tokio::time::timeout(self.lease(), handled).await {
            Ok(Ok(result)) => {
                Failpoint::EventHandled.reach().await;
                result
            }
            Ok(Err(_)) => Err("the handler panicked".into()),
            Err(_) => Err("the handler took longer than the lease".into()),
        }
    }

    fn lease(&self) -> Duration {
        Duration::from(self.config.lease).max(Duration::from_secs(1))
    }

    /// Takes the next event so that no other instance does.
    async fn take(&self, scope: &Scope, round: &mut Delivered) -> Result<Option<EventRow>, Error> {
        loop {
            let now = self.database.clock().now();
            let mut tx = self.database.write(scope);
            let Some(mut row) = tx.next_event(now).await? else {
                return Ok(None);
            };
            // One that was taken so often and never put back has ended every process that took it.
            let last = row.attempts >= i64::from(self.config.max_attempts.max(1));
            let until = (!last).then(|| now.saturating_add(self.lease()));
            let taken = tx.take_event(row.id, row.attempts, until).await?;
            tx.commit().await?;
            if taken == 1 && !last {
                row.attempts += 1;
                return Ok(Some(row));
            }
            round.given_up += taken;
        }
    }

    async fn put_back(&self, scope: &Scope, row: &EventRow, last: bool) -> Result<(), Error> {
        let (first, longest) = PAUSES;
        let doubled = u32::try_from(row.attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let pause = first
            .saturating_mul(2_u32.saturating_pow(doubled))
            .min(longest);
        let due = self.database.clock().now().saturating_add(pause);
        let mut tx = self.database.write(scope);
        tx.put_event_back(row.id, row.attempts, (!last).then_some(due))
            .await?;
        tx.commit().await
    }
}
