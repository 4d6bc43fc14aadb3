//! Whether Redis answers, for whoever asks and for who collects numbers.

use async_trait::async_trait;
use saas_core::{
    health::Check,
    metrics::{Kind, Metrics, MetricsText},
};

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

impl Metrics for RedisConnection {
    fn write(&self, text: &mut MetricsText) {
        let help = "Whether Redis answered the last time that it was asked.";
        let mut family = text.family("saas_redis_connected", help, Kind::Gauge);
        family.count(&[], u64::from(self.is_connected()));
    }
}
