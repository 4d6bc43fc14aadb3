//! How often something may be tried.
//!
//! Whoever guards a password, a code or an address takes a try *before* the work is done and gives it
//! back when it turns out not to count. Counting failures afterwards would let a hundred parallel
//! guesses be judged before the first is counted.
//!
//! A [`Quota`] is enforced by the generic cell rate algorithm (ITU-T I.371): one instant for each key,
//! no windows whose edges let twice as much through. [`ProcessLimiter`] counts in this process; a
//! service of several implements [`RateLimiter`] over what they share.
//!
//! ```
//! use std::time::Duration;
//! use saas_core::{SystemClock, limit::{LimitKey, ProcessLimiter, Quota, RateLimiter}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let limiter = ProcessLimiter::new(SystemClock::shared());
//! let quota = Quota::new(5, Duration::from_secs(180));
//! let key = LimitKey::new("sign-in/account", &[b"acme", b"ann@acme.test"]);
//! assert!(limiter.take(&key, quota).await.is_ok());
//! let password_is_right = true;
//! if password_is_right {
//!     limiter.give_back(&key, quota).await;
//! }
//! # }
//! ```

mod process;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use process::ProcessLimiter;

use crate::{
    Code, Problem,
    config::{Period, positive},
};

/// Bounds how often something is tried under each key.
///
/// # Contract
///
/// - [`take`](RateLimiter::take) decides and counts in one step: of any number of parallel calls, on
///   whichever instance, no more pass than the quota has room for.
/// - A refused try counts for nothing, so that whoever goes on trying does not keep others out for
///   longer.
/// - [`give_back`](RateLimiter::give_back) never leaves more room than the burst.
/// - A key is used with one quota. When a quota is changed in the configuration, what is stored under
///   an old one may refuse for no longer than the new one could.
/// - Both answer quickly: an implementation that cannot reach its store decides by itself, after a short
///   while and by the same quota. It never lets everything through, because guards of credentials rely on it.
/// - A call that is dropped has counted or has not; it leaves nothing half done.
#[async_trait]
pub trait RateLimiter: fmt::Debug + Send + Sync + 'static {
    /// Takes one try, if there is one, and tells what is left.
    ///
    /// # Errors
    ///
    /// [`Limited`] when there is none, and then nothing is counted.
    async fn take(&self, key: &LimitKey, quota: Quota) -> Result<Left, Limited>;

    /// Gives back a try that turned out not to count, such as a right password.
    async fn give_back(&self, key: &LimitKey, quota: Quota);

    /// Gives the limiter of this process that this one is, so that it can be asked without a future.
    ///
    /// Not one that it only begins with or falls back to, or that it decorates: whoever gets it asks it *in place of*
    /// [`take`](RateLimiter::take) and [`give_back`](RateLimiter::give_back). When in doubt, leave it as it is.
    fn in_process(&self) -> Option<&ProcessLimiter> {
        None
    }
}

/// Says what is counted: a name and what it is counted for, such as a tenant and an address.
///
/// The parts are hashed (SHA-256), so a key has one size, whatever a client sends, and a store of
/// keys holds no addresses that somebody could read. The hash has no secret: who has a key can still
/// confirm a guess of all its parts.
///
/// # Examples
///
/// ```
/// use saas_core::limit::LimitKey;
///
/// let key = LimitKey::new("sign-in/address", &[b"192.0.2.1"]);
/// assert_eq!(key.name(), "sign-in/address");
/// // Where one part ends and the next begins counts.
/// assert_ne!(LimitKey::new("x", &[b"ab", b"c"]), LimitKey::new("x", &[b"a", b"bc"]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LimitKey {
    name: &'static str,
    hash: [u8; 32],
}

impl LimitKey {
    /// Names what is counted; the name also tells the quotas of one service apart.
    #[must_use]
    pub fn new(name: &'static str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in [name.as_bytes()].iter().chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self {
            name,
            hash: hash.finalize().into(),
        }
    }

    /// Gives the name, which may be logged.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Gives the hash of name and parts, under which a try is counted.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.hash
    }
}

impl fmt::Debug for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LimitKey({})", self.name)
    }
}

/// How often something may be tried: so many times at once, and one more after every period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(from = "Written", into = "Written")]
pub struct Quota {
    burst: u32,
    period: Duration,
}

impl Quota {
    /// Allows `burst` tries at once and another for every `period` that passes. No burst counts as
    /// one, and no period as a microsecond.
    #[must_use]
    pub const fn new(burst: u32, period: Duration) -> Self {
        let burst = if burst == 0 { 1 } else { burst };
        // Part of a microsecond counts as a whole, so that no more passes than was said.
        let micros = period.as_nanos().div_ceil(1_000);
        let micros = match micros {
            0 => 1,
            micros if micros > Self::LONGEST as u128 => Self::LONGEST as u64,
            micros => micros as u64,
        };
        Self {
            burst,
            period: Duration::from_micros(micros),
        }
    }

    /// Gives the number of tries at once.
    #[must_use]
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// Gives the time after which there is one more.
    #[must_use]
    pub const fn period(self) -> Duration {
        self.period
    }

    /// Gives the quota of who may do so many times as much: a burst so many times as large, and a period as
    /// many times shorter. No times counts as once.
    ///
    /// ```
    /// use std::time::Duration;
    /// use saas_core::limit::Quota;
    ///
    /// let quota = Quota::new(10, Duration::from_secs(6));
    /// assert_eq!(quota.times(3), Quota::new(30, Duration::from_secs(2)));
    /// ```
    #[must_use]
    pub fn times(self, weight: u32) -> Self {
        let weight = weight.max(1);
        Self::new(self.burst.saturating_mul(weight), self.period / weight)
    }

    /// Gives the time from nothing left to the whole burst.
    #[must_use]
    pub fn window(self) -> Duration {
        self.period.saturating_mul(self.burst)
    }

    /// The longest period, and the longest time until a burst is there again: far beyond every clock,
    /// and so short that sums of a few do not overflow. In microseconds.
    const LONGEST: i64 = i64::MAX / 4;

    /// The period in microseconds.
    fn micros(self) -> i64 {
        i64::try_from(self.period.as_micros()).unwrap_or(Self::LONGEST)
    }

    /// The time from nothing left to everything, in microseconds.
    fn micros_to_full(self) -> i64 {
        self.micros()
            .saturating_mul(i64::from(self.burst))
            .min(Self::LONGEST)
    }
}

/// A quota as a configuration has it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// How many tries are let through at once.
    burst: u32,
    /// After which time there is one more.
    #[serde(deserialize_with = "positive")]
    period: Period,
}

impl From<Quota> for Written {
    fn from(quota: Quota) -> Self {
        Self {
            burst: quota.burst,
            period: quota.period.into(),
        }
    }
}

impl From<Written> for Quota {
    fn from(written: Written) -> Self {
        Self::new(written.burst, written.period.into())
    }
}

/// What is left of a quota after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    remaining: u32,
    reset: Duration,
}

impl Left {
    /// Says that so many tries are left, and after which time all of them are there again.
    #[must_use]
    pub const fn new(remaining: u32, reset: Duration) -> Self {
        Self { remaining, reset }
    }

    /// Gives the number of tries that are left now.
    #[must_use]
    pub const fn remaining(&self) -> u32 {
        self.remaining
    }

    /// Tells after which time the whole burst is there again, if nobody tries meanwhile.
    #[must_use]
    pub const fn reset(&self) -> Duration {
        self.reset
    }
}

/// Says that there is no try left for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tried too often; the next try is possible in {}", Period::from(*retry_after))]
#[non_exhaustive]
pub struct Limited {
    retry_after: Duration,
}

impl Limited {
    /// Refuses for this long.
    #[must_use]
    pub const fn new(retry_after: Duration) -> Self {
        Self { retry_after }
    }

    /// Tells after which time the next try passes, if nobody else tries meanwhile.
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        self.retry_after
    }
}

impl From<Limited> for Problem {
    fn from(limited: Limited) -> Self {
        let seconds = limited
            .retry_after
            .as_nanos()
            .div_ceil(1_000_000_000)
            .max(1);
        Self::new(Code::RATE_LIMITED).retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_come_again_too_early() {
        for (millis, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60)] {
            let problem = Problem::from(Limited::new(Duration::from_millis(millis)));
            assert_eq!(problem.retry_after_seconds(), Some(seconds), "{millis} ms");
        }
    }
}
