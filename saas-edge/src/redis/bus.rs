//! Signals by way of Redis (PUBLISH and SUBSCRIBE).

use std::{fmt, time::Duration};

use ::redis::{Client, RedisResult, aio::PubSub};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use saas_core::bus::{EventBus, NotSent, Signal, Subscription};

use super::RedisConnection;

/// How long to wait before a lost connection is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// After how long without a message the connection is asked whether it still lives. Its other end can be gone without
/// a word.
const SILENCE: Duration = Duration::from_secs(10);

/// The bus of services whose database cannot pass messages on: for
/// [`Database::with_bus`](saas_tenancy::Database::with_bus).
///
/// Redis keeps nothing for who is not connected. A connection that was lost, or does not answer for twelve seconds, is
/// a gap to its followers.
#[derive(Debug, Clone)]
pub struct RedisBus(RedisConnection);

impl RedisBus {
    /// Makes the bus. Each topic that somebody follows is a connection of its own.
    #[must_use]
    pub const fn new(connection: RedisConnection) -> Self {
        Self(connection)
    }

    fn channel(&self, topic: &str) -> String {
        format!("{}bus:{topic}", self.0.prefix())
    }
}

#[async_trait]
impl EventBus for RedisBus {
    async fn publish(&self, topic: &str, message: &str) -> Result<(), NotSent> {
        let mut publish = ::redis::cmd("PUBLISH");
        publish.arg(self.channel(topic)).arg(message);
        let sent: Option<u64> = self
            .0
            .ask(async |mut connection| publish.query_async(&mut connection).await)
            .await;
        sent.map(drop).ok_or(NotSent::new())
    }

    fn follow(&self, topic: &str) -> Box<dyn Subscription> {
        Box::new(Followed {
            client: self.0.client(),
            patience: self.0.patience(),
            channel: self.channel(topic),
            connection: None,
        })
    }
}

struct Followed {
    client: Client,
    patience: Duration,
    channel: String,
    connection: Option<PubSub>,
}

#[async_trait]
impl Subscription for Followed {
    async fn next(&mut self) -> Signal {
        loop {
            let Some(connection) = &mut self.connection else {
                match tokio::time::timeout(self.patience, self.connect()).await {
                    Ok(Ok(connection)) => {
                        self.connection = Some(connection);
                        return Signal::Gap;
                    }
                    _ => self.pause().await,
                }
                continue;
            };
            let message = {
                let mut messages = connection.on_message();
                tokio::time::timeout(SILENCE, messages.next()).await
            };
            match message {
                Ok(Some(message)) => match message.get_payload() {
                    Ok(text) => return Signal::Message(text),
                    Err(_) => return Signal::Gap,
                },
                Ok(None) => self.lost().await,
                Err(_) => {
                    let answer = connection.ping::<::redis::Value>();
                    if !matches!(tokio::time::timeout(self.patience, answer).await, Ok(Ok(_))) {
                        self.lost().await;
                    }
                }
            }
        }
    }
}

impl Followed {
    async fn connect(&self) -> RedisResult<PubSub> {
        let mut connection = self.client.get_async_pubsub().await?;
        connection.subscribe(&self.channel).await?;
        Ok(connection)
    }

    async fn lost(&mut self) {
        self.connection = None;
        self.pause().await;
    }

    async fn pause(&self) {
        let channel = &self.channel;
        tracing::warn!(
            channel,
            "changes of other instances are not followed at the moment"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followed")
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}
