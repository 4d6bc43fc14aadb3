//! The rows.

use saas_core::{Id, TenantId, Timestamp};

use super::Event;
use crate::{TenantEntity, tenant_repository};

/// An event that waits.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_outbox", new = "NewEventRow")]
pub(crate) struct EventRow {
    #[entity(id)]
    pub(crate) id: Id<EventRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    #[entity(fixed)]
    pub(crate) kind: String,
    #[entity(fixed)]
    pub(crate) payload: String,
    #[entity(fixed)]
    pub(crate) actor: String,
    pub(crate) attempts: i64,
    /// None once nobody tries any more.
    pub(crate) due_at: Option<Timestamp>,
    #[entity(created)]
    pub(crate) created_at: Timestamp,
}

/// The statements over events.
#[tenant_repository(entity = EventRow)]
pub(crate) trait Events {
    #[sql(
        "SELECT * FROM saas_outbox WHERE {tenant} AND due_at <= :now ORDER BY due_at, id LIMIT 1"
    )]
    async fn next_event(&mut self, now: Timestamp) -> Result<Option<EventRow>>;

    // Who is second finds another number of attempts.
    #[sql(
        "UPDATE saas_outbox SET due_at = :until, attempts = attempts + 1 WHERE {tenant} AND id = :id AND attempts = :attempts"
    )]
    async fn take_event(
        &mut self,
        id: Id<EventRow>,
        attempts: i64,
        until: Option<Timestamp>,
    ) -> Result<u64>;

    #[sql(
        "UPDATE saas_outbox SET due_at = :due WHERE {tenant} AND id = :id AND attempts = :attempts"
    )]
    async fn put_event_back(
        &mut self,
        id: Id<EventRow>,
        attempts: i64,
        due: Option<Timestamp>,
    ) -> Result<u64>;

    #[sql("DELETE FROM saas_outbox WHERE {tenant} AND id = :id AND attempts = :attempts")]
    async fn remove_event(&mut self, id: Id<EventRow>, attempts: i64) -> Result<u64>;
}

impl EventRow {
    /// Gives the event as its handler sees it.
    pub(super) fn event(&self) -> Event {
        Event {
            id: Id::from_uuid(self.id.as_uuid()),
            kind: self.kind.clone(),
            payload: self.payload.clone(),
            actor: self.actor.clone(),
            published_at: self.created_at,
            attempt: u32::try_from(self.attempts).unwrap_or(u32::MAX),
        }
    }
}
