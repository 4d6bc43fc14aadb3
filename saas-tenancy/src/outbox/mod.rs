//! What happened in a tenant, on its way to whoever has to act on it.
//!
//! An event is a row that is written in the transaction of what happened, so there is neither an event
//! without its cause nor a cause whose event is lost in a crash. [`Outbox`] hands each to an
//! [`EventHandler`] after the commit: mail, webhooks, indexes and jobs begin there. The handler gets the
//! scope of the tenant in which the event was published, and no way to another:
//!
//! ```
//! use async_trait::async_trait;
//! use saas_core::UserId;
//! use saas_tenancy::{Error, Scope, TenantTx, outbox::{Event, EventHandler, Failed}};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct MemberJoined {
//!     user: UserId,
//! }
//!
//! async fn join(tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
//!     // … the membership …
//!     tx.publish("member.joined", &MemberJoined { user }).await
//! }
//!
//! struct Welcome;
//!
//! #[async_trait]
//! impl EventHandler for Welcome {
//!     async fn handle(&self, scope: &Scope, event: &Event) -> Result<(), Failed> {
//!         match event.kind() {
//!             "member.joined" => {
//!                 let joined: MemberJoined = event.payload()?;
//!                 println!("{} joined {}", joined.user, scope.tenant().name());
//!                 Ok(())
//!             }
//!             // Perhaps of a newer version of the program, which will deliver it.
//!             other => Err(format!("events of kind `{other}` are unknown").into()),
//!         }
//!     }
//! }
//! ```
//!
//! An event is delivered at least once: again when the handler fails, and when the process dies between
//! the handler's success and the note of it. There is one handler for all events of a database; where several
//! parts of a program want to hear of one, it calls them.

mod counts;
mod relay;
mod row;

use saas_core::{Id, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

pub use relay::{DeliverEvents, Delivered, EventHandler, Failed, Outbox, OutboxConfig};
pub(crate) use row::EventRow;

use crate::{Error, TenantTx, error::Cause};

/// How long a payload may be, in bytes of JSON.
const MAX_PAYLOAD: usize = 64 * 1024;

/// What happened in a tenant.
#[derive(Debug, Clone)]
pub struct Event {
    id: Id<Event>,
    kind: String,
    payload: String,
    actor: String,
    published_at: Timestamp,
    attempt: u32,
}

impl Event {
    /// Gives the id, which is the same at each delivery. A handler that must not act twice remembers it.
    #[must_use]
    pub const fn id(&self) -> Id<Self> {
        self.id
    }

    /// Tells what kind of thing happened.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Reads the payload.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] when it is not a `T`.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.payload).map_err(|error| Error::InvalidValue(Cause::new(error)))
    }

    /// Tells in whose request it happened: `user:` or `service:` and an id, or `system:` and a reason.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Tells when it happened.
    #[must_use]
    pub const fn published_at(&self) -> Timestamp {
        self.published_at
    }

    /// Tells how often its delivery was tried, this time included.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }
}

impl TenantTx {
    /// Publishes an event of the transaction's tenant. It is delivered once the transaction is
    /// committed, and never when it is not; see [`outbox`](crate::outbox).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] when the payload cannot be written as JSON or is longer than 64 KiB,
    /// otherwise as the database answers.
    pub async fn publish<T: Serialize + ?Sized>(
        &mut self,
        kind: &'static str,
        payload: &T,
    ) -> Result<(), Error> {
        let payload = serde_json::to_string(payload)
            .map_err(|error| Error::InvalidValue(Cause::new(error)))?;
        if payload.len() > MAX_PAYLOAD {
            let cause = format!("the payload of an event `{kind}` over 64 KiB");
            return Err(Error::InvalidValue(Cause::new(cause)));
        }
        let actor = self.scope().actor().to_string();
        let due = self.database().clock().now();
        let row = row::NewEventRow {
            kind: kind.to_owned(),
            payload,
            actor,
            attempts: 0,
            due_at: Some(due),
        };
        self.repo::<EventRow>().insert(row).await?;
        Ok(())
    }
}
