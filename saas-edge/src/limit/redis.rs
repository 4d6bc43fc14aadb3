//! Counting for all instances at once.
//!
//! For each key Redis keeps one number: when its quota is full again, in microseconds of the time of the server. So
//! the clocks of the instances do not matter. A script decides and counts, which Redis runs as one step. A key
//! expires when it is full again, so there are no more of them than have been used within their window.
//!
//! **This instance is asked first.** It counts everything that it lets through with a [`ProcessLimiter`] of the same
//! quota. Who is refused by what one instance has counted would be refused by the sum of all, so a flood at one
//! instance does not reach Redis. And when Redis is gone, nobody begins anew: the instance has counted all along.
//!
//! **Without Redis** each instance decides by itself, so that of a quota each lets through as much as all together
//! did before. That holds for guards of credentials too. To refuse everybody there would let whoever
//! can disturb Redis lock everybody out; to let everybody through would let him guess.

use std::{fmt, sync::Arc, time::Duration};

use ::redis::Script;
use async_trait::async_trait;
use saas_core::{
    Clock,
    limit::{Left, LimitKey, Limited, ProcessLimiter, Quota, RateLimiter},
};

use crate::redis::RedisConnection;

/// The longest time to a whole burst, in microseconds (some 35 years): with the time of day it is below 2^53, so that
/// the numbers of Lua hold it exactly.
const LONGEST: u64 = 1 << 50;

/// Gives how long to wait, 0 for not at all, and the time to a whole burst. Both in microseconds.
///
/// What is stored is written as an integer by hand: Lua would write it as `1.8e+15`.
const TAKE: &str = r"
local period, full = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at = tonumber(redis.call('GET', KEYS[1]) or now) or now
full_at = math.min(math.max(full_at, now), now + full) + period
local excess = full_at - now - full
if excess > 0 then return {excess, 0} end
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
return {0, full_at - now}
";

const GIVE_BACK: &str = r"
local period, full = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at = tonumber(redis.call('GET', KEYS[1]) or now) or now
full_at = math.min(math.max(full_at, now), now + full) - period
if full_at > now then
  redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
else
  redis.call('DEL', KEYS[1])
end
return 0
";

/// Counts tries in Redis, for all instances of a service, exactly, also under parallel use.
///
/// Without Redis, each instance counts by itself.
pub struct RedisLimiter {
    connection: RedisConnection,
    here: ProcessLimiter,
    take: Script,
    give_back: Script,
}

impl RedisLimiter {
    /// Makes a limiter. It remembers as many keys in this process as [`ProcessLimiter::new`] says; limits that must
    /// not crowd each other out of that, such as those of guesses and of traffic, need one each.
    #[must_use]
    pub fn new(connection: RedisConnection, clock: Arc<dyn Clock>) -> Self {
        Self {
            connection,
            here: ProcessLimiter::new(clock),
            take: Script::new(TAKE),
            give_back: Script::new(GIVE_BACK),
        }
    }

    fn key(&self, key: &LimitKey) -> String {
        use fmt::Write as _;

        let mut name = format!("{}limit:", self.connection.prefix());
        for byte in key.as_bytes() {
            // Writing to a text does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        name
    }

    async fn run<T: ::redis::FromRedisValue>(
        &self,
        script: &Script,
        key: &LimitKey,
        quota: Quota,
    ) -> Option<T> {
        let (period, full) = micros(quota);
        let mut call = script.key(self.key(key));
        call.arg(period).arg(full);
        let answer = self
            .connection
            .ask(async |mut connection| call.invoke_async(&mut connection).await);
        answer.await
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn take(&self, key: &LimitKey, quota: Quota) -> Result<Left, Limited> {
        let left = self.here.take(key, quota).await?;
        let answer: Option<(u64, u64)> = self.run(&self.take, key, quota).await;
        match answer {
            None => Ok(left),
            Some((0, used)) => {
                let (period, full) = micros(quota);
                let remaining = full.saturating_sub(used) / period;
                let remaining = u32::try_from(remaining).unwrap_or(u32::MAX);
                Ok(Left::new(remaining, Duration::from_micros(used)))
            }
            Some((wait, _)) => {
                self.here.give_back(key, quota).await;
                Err(Limited::new(Duration::from_micros(wait)))
            }
        }
    }

    async fn give_back(&self, key: &LimitKey, quota: Quota) {
        self.here.give_back(key, quota).await;
        let _: Option<u64> = self.run(&self.give_back, key, quota).await;
    }
}

/// The period and the time to a whole burst, in microseconds.
fn micros(quota: Quota) -> (u64, u64) {
    let period = u64::try_from(quota.period().as_micros()).unwrap_or(LONGEST);
    let full = period.saturating_mul(quota.burst().into()).min(LONGEST);
    (period.clamp(1, full), full)
}

impl fmt::Debug for RedisLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimiter")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
