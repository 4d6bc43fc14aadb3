//! From the rows to whoever acts on them.

use std::time::Duration;

use async_trait::async_trait;
use saas_core::{TenantId, config::Period};
use serde::Deserialize;

use super::{
    Event,
    row::{EventRow, Events as _},
};
use crate::{Database, Error, Reason, Registry, Scope, SystemScope, Tenant, Value};

/// Tenants with events that are due, the one that has waited longest first. A suspended tenant waits.
const DUE: &str = "SELECT o.tenant_id FROM saas_outbox o JOIN saas_tenants t ON t.id = o.tenant_id \
                   WHERE o.due_at <= $1 AND t.status = 'active' \
                   GROUP BY o.tenant_id ORDER BY min(o.due_at) LIMIT 100";

/// How many events of one tenant are delivered before it is the turn of the next.
const TURN: i64 = 10;

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
/// - Events come in the order of their publication only as long as no delivery fails.
/// - A kind that the handler does not know is a success: another version of the program may have
///   published it.
/// - A handler takes less time than [`OutboxConfig::lease`], or the event is delivered again meanwhile.
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
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OutboxConfig {
    /// How long [`Outbox::run`] waits when nothing is due.
    pub poll_interval: Period,
    /// How long an event belongs to the instance that delivers it. When that instance dies, the event is
    /// delivered again after this time.
    pub lease: Period,
    /// How often delivery is tried. Then the row stays, and nobody tries any more.
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

/// Delivers events, of all tenants in turn; cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbox {
    database: Database,
    registry: Registry,
    config: OutboxConfig,
}

impl Outbox {
    /// Makes the relay.
    #[must_use]
    pub const fn new(database: Database, registry: Registry, config: OutboxConfig) -> Self {
        Self {
            database,
            registry,
            config,
        }
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
        let now = Value::Timestamp(self.database.clock().now());
        let mut tx = self.database.system_read(&system);
        let rows = tx.fetch_all(DUE, &[now]).await?;
        drop(tx);
        let mut round = Delivered::default();
        for row in &rows {
            let tenant = self.registry.by_id(row.get::<TenantId>(0)?).await?;
            if let Some(tenant) = tenant {
                self.turn(&system, &tenant, handler, &mut round).await?;
            }
        }
        Ok(round)
    }

    async fn turn(
        &self,
        system: &SystemScope<DeliverEvents>,
        tenant: &Tenant,
        handler: &dyn EventHandler,
        round: &mut Delivered,
    ) -> Result<(), Error> {
        let scope = system.within(tenant);
        for row in self.take(&scope).await? {
            let event = row.event();
            match handler.handle(&scope, &event).await {
                Ok(()) => {
                    let mut tx = self.database.write(&scope);
                    tx.remove_event(row.id, row.attempts).await?;
                    tx.commit().await?;
                    round.delivered += 1;
                }
                Err(error) => {
                    let last = event.attempt() >= self.config.max_attempts;
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

    /// Takes events so that no other instance does.
    async fn take(&self, scope: &Scope) -> Result<Vec<EventRow>, Error> {
        let now = self.database.clock().now();
        let until = now.saturating_add(self.config.lease.into());
        let mut tx = self.database.write(scope);
        let mut taken = Vec::new();
        for mut row in tx.due_events(now, TURN).await? {
            if tx.take_event(row.id, row.attempts, until).await? == 1 {
                row.attempts += 1;
                taken.push(row);
            }
        }
        tx.commit().await?;
        Ok(taken)
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
