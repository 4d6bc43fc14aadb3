//! Whether Redis answers.

use async_trait::async_trait;
use saas_core::health::Check;

use super::RedisConnection;

/// A service goes on without Redis, so it is not essential.
#[async_trait]
impl Check for RedisConnection {
    fn name(&self) -> &'static str {
        "redis"
    }

    async fn check(&self) -> Result<(), String> {
        let ping = ::redis::cmd("PING");
        let answer: Option<String> = self
            .ask(async |mut connection| ping.query_async(&mut connection).await)
            .await;
        answer.map(drop).ok_or_else(|| "does not answer".to_owned())
    }

    fn is_essential(&self) -> bool {
        false
    }
}
