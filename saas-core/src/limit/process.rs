//! Counting in this process.
//!
//! For each key two instants are kept: when its quota is full again, and when the next try passes.
//! Keys are spread over shards, each behind a lock that is held for a look-up and never at an await.
//!
//! **Memory** is bounded. A key that is full again is as good as forgotten, so when a shard has no
//! room those are dropped first. If that does not help, the keys that are the soonest to be full go:
//! they remember the least. A key that is being refused never goes, and a new key that finds a shard
//! full of those is refused itself. The alternatives would be worse. To refuse every new key at the
//! bound would let anybody with that many addresses shut out all others; to drop any key would let
//! him wash away the one he is guessing at. As it is, to get a few tries back under one key,
//! he has to fill its shard with keys that are longer from being full, and each of those costs tries as well.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use super::{Left, LimitKey, Limited, Quota, RateLimiter};
use crate::Clock;

const SHARDS: usize = 64;
const DEFAULT_KEYS: usize = 131_072;

/// Counts tries in this process, exactly, also under parallel use.
///
/// It keeps 131,072 keys, in some 13 MB; see [`ProcessLimiter::with_keys`].
pub struct ProcessLimiter {
    clock: Arc<dyn Clock>,
    keys_of_shard: usize,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    states: HashMap<[u8; 32], State>,
    time: Steady,
}

/// What is remembered of a key, in microseconds of the time of its shard.
#[derive(Clone, Copy)]
struct State {
    full_at: i64,
    free_at: i64,
}

/// The time of a shard, which goes on when the clock is set back. Otherwise everybody would be
/// refused until the clock has come to where it was.
#[derive(Default)]
struct Steady {
    shown: i64,
    set_back: i64,
}

impl ProcessLimiter {
    /// Makes a limiter under which nothing has been tried.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_keys(clock, DEFAULT_KEYS)
    }

    /// Makes a limiter that keeps about so many keys at most, at least 64.
    ///
    /// At the bound, keys whose quota is full again are forgotten, then those that are the soonest to
    /// be full. A key that is being refused is not forgotten; while there is no room beside such keys,
    /// new ones are refused.
    #[must_use]
    pub fn with_keys(clock: Arc<dyn Clock>, keys: usize) -> Self {
        Self {
            clock,
            keys_of_shard: keys.div_ceil(SHARDS).max(1),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// Counts the keys that are remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        let lock = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.states.len()
        };
        self.shards.iter().map(lock).sum()
    }

    /// Takes one try, as [`RateLimiter::take`] does.
    ///
    /// # Errors
    ///
    /// [`Limited`] when there is none, and then nothing is counted.
    pub fn take_now(&self, key: &LimitKey, quota: Quota) -> Result<Left, Limited> {
        let mut shard = self.shard(key);
        // Read under the lock, so that the time of a shard has one order.
        let now = shard.time.at(self.clock.now().as_micros());
        let known = shard.states.get_mut(key.as_bytes());
        let full_at = match &known {
            Some(state) => state.full_at_under(quota, now),
            None => now,
        };
        let next = State::new(full_at + quota.micros(), quota);
        let too_much = next.full_at - (now + quota.micros_to_full());
        if too_much > 0 {
            return Err(limited(too_much));
        }
        if let Some(state) = known {
            *state = next;
        } else {
            shard.make_room(self.keys_of_shard, now)?;
            shard.states.insert(*key.as_bytes(), next);
        }
        let remaining = u32::try_from(-too_much / quota.micros()).unwrap_or(u32::MAX);
        Ok(Left::new(remaining, span(next.full_at - now)))
    }

    /// Gives back a try, as [`RateLimiter::give_back`] does.
    pub fn give_back_now(&self, key: &LimitKey, quota: Quota) {
        let mut shard = self.shard(key);
        let now = shard.time.at(self.clock.now().as_micros());
        let Some(state) = shard.states.get_mut(key.as_bytes()) else {
            return;
        };
        let full_at = state.full_at_under(quota, now) - quota.micros();
        if full_at > now {
            *state = State::new(full_at, quota);
        } else {
            shard.states.remove(key.as_bytes());
        }
    }

    // The hash spreads evenly, and nobody can choose it for more than a few keys.
    fn shard(&self, key: &LimitKey) -> MutexGuard<'_, Shard> {
        let [first, ..] = &self.shards;
        let [byte, ..] = *key.as_bytes();
        let shard = self.shards.get(usize::from(byte) % SHARDS);
        let shard = shard.unwrap_or(first).lock();
        shard.unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RateLimiter for ProcessLimiter {
    async fn take(&self, key: &LimitKey, quota: Quota) -> Result<Left, Limited> {
        self.take_now(key, quota)
    }

    async fn give_back(&self, key: &LimitKey, quota: Quota) {
        self.give_back_now(key, quota);
    }

    fn in_process(&self) -> Option<&ProcessLimiter> {
        Some(self)
    }
}

impl fmt::Debug for ProcessLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessLimiter")
            .field("keys", &(self.keys_of_shard * SHARDS))
            .finish_non_exhaustive()
    }
}

impl Shard {
    /// Makes room for one more key.
    ///
    /// An eighth is dropped at a time, so that the search for what to drop is rare.
    fn make_room(&mut self, keys: usize, now: i64) -> Result<(), Limited> {
        if self.states.len() < keys {
            return Ok(());
        }
        self.states.retain(|_, state| state.full_at > now);
        let room = keys.div_ceil(8);
        let excess = (self.states.len() + room).saturating_sub(keys);
        if excess > 0 {
            let mut idle: Vec<_> = self.states.values().filter(|s| s.free_at <= now).collect();
            idle.sort_unstable_by_key(|state| state.full_at);
            if let Some(last) = idle.get(excess.min(idle.len()).saturating_sub(1)) {
                let (last, mut left) = (last.full_at, excess);
                self.states.retain(|_, state| {
                    let goes = left > 0 && state.free_at <= now && state.full_at <= last;
                    left -= usize::from(goes);
                    !goes
                });
            }
        }
        if self.states.len() < keys {
            return Ok(());
        }
        let soonest = self.states.values().map(|state| state.free_at).min();
        Err(limited(soonest.unwrap_or(now) - now))
    }
}

impl State {
    /// The state in which the next try passes one period before nothing would be left.
    fn new(full_at: i64, quota: Quota) -> Self {
        Self {
            full_at,
            free_at: full_at + quota.micros() - quota.micros_to_full(),
        }
    }

    /// When the quota is full again, at most as long from now as it can take. It was longer if the
    /// quota has been changed.
    fn full_at_under(&self, quota: Quota, now: i64) -> i64 {
        self.full_at.clamp(now, now + quota.micros_to_full())
    }
}

impl Steady {
    fn at(&mut self, shown: i64) -> i64 {
        let back = self.shown.saturating_sub(shown).max(0);
        self.set_back = self.set_back.saturating_add(back);
        self.shown = shown;
        // INVARIANT: sums of this, a period and a time to full do not overflow.
        shown.saturating_add(self.set_back).min(Quota::LONGEST)
    }
}

fn limited(micros: i64) -> Limited {
    Limited::new(span(micros))
}

fn span(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
