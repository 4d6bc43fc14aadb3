//! What the instances of a service tell each other.
//!
//! A signal is a hint to look again and no more. It carries ids and never data, anybody who may reach the bus can send
//! one, and one can be lost. Whoever remembers something forgets it when he is told so, and forgets everything at a
//! [gap](Signal::Gap): a lost message costs a look and never means a stale answer.
//!
//! The database is a bus by itself (`saas_tenancy::Database`): PostgreSQL passes a message on with the commit of what
//! it tells of, and SQLite has one process. Where the database cannot, because a pooler stands in front of it, another
//! bus takes its place; `saas-edge` has one over Redis.

use std::fmt;

use async_trait::async_trait;

/// What has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// A message, as it was sent. It is not to be trusted.
    Message(String),
    /// Messages may have been lost, so anything may have changed. The first signal of all is one.
    Gap,
}

/// Passes messages between the instances of a service.
///
/// # Contract
///
/// What was published reaches everybody who follows the topic, the publisher included, in the order in which one
/// instance published it, or they are told of a [gap](Signal::Gap). A message may come twice.
#[async_trait]
pub trait EventBus: fmt::Debug + Send + Sync + 'static {
    /// Sends a message of up to 7,999 bytes.
    ///
    /// # Errors
    ///
    /// [`NotSent`] when it is not known to be on its way; it is tried again then.
    async fn publish(&self, topic: &str, message: &str) -> Result<(), NotSent>;

    /// Follows a topic.
    fn follow(&self, topic: &str) -> Box<dyn Subscription>;
}

/// What somebody follows.
#[async_trait]
pub trait Subscription: fmt::Debug + Send {
    /// Waits for the next signal; the first is a [gap](Signal::Gap). A connection that was lost is made again, which
    /// is another.
    ///
    /// # Cancel safety
    ///
    /// No signal is lost when the future is dropped, but that of a gap may come again.
    async fn next(&mut self) -> Signal;
}

/// Says that a message did not get onto the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bus does not answer")]
#[non_exhaustive]
pub struct NotSent;

impl NotSent {
    /// Says so.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Default for NotSent {
    fn default() -> Self {
        Self::new()
    }
}
