//! Limits: what passes, what is given back, and what happens when many come at once.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use saas_core::{
    Clock as _, Code, FixedClock, Problem, SystemClock, Timestamp,
    limit::{Left, LimitKey, Limited, ProcessLimiter, Quota, RateLimiter},
};

const MINUTE: Duration = Duration::from_secs(60);

fn key(part: &str) -> LimitKey {
    LimitKey::new("test", &[part.as_bytes()])
}

fn numbered(number: u32) -> LimitKey {
    LimitKey::new("test", &[&number.to_be_bytes()])
}

/// A limiter, its clock, and calls that need no runtime: nothing waits.
struct World {
    clock: Arc<FixedClock>,
    limiter: ProcessLimiter,
}

impl World {
    fn new() -> Self {
        Self::with_keys(100_000)
    }

    fn with_keys(keys: usize) -> Self {
        let clock = FixedClock::at(Timestamp::from_secs(1_795_000_000).unwrap());
        let limiter = ProcessLimiter::with_keys(clock.clone(), keys);
        Self { clock, limiter }
    }

    fn take(&self, key: &LimitKey, quota: Quota) -> Result<Left, Limited> {
        now(self.limiter.take(key, quota))
    }

    fn give_back(&self, key: &LimitKey, quota: Quota) {
        now(self.limiter.give_back(key, quota));
    }

    /// Takes until nothing is left, and counts.
    fn drain(&self, key: &LimitKey, quota: Quota) -> usize {
        (0..1000)
            .take_while(|_| self.take(key, quota).is_ok())
            .count()
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

#[test]
fn a_burst_passes_at_once_and_then_one_for_each_period() {
    let (world, quota) = (World::new(), Quota::new(3, MINUTE));
    assert_eq!(world.drain(&key("a"), quota), 3);
    let limited = world.take(&key("a"), quota).unwrap_err();
    assert_eq!(limited.retry_after(), MINUTE);
    // What is refused is not counted.
    world.clock.advance(Duration::from_secs(59));
    let limited = world.take(&key("a"), quota).unwrap_err();
    assert_eq!(limited.retry_after(), Duration::from_secs(1));
    world.clock.advance(limited.retry_after());
    assert_eq!(world.drain(&key("a"), quota), 1);
    world.clock.advance(1000 * MINUTE);
    assert_eq!(world.drain(&key("a"), quota), 3);
    // Nobody else is concerned.
    assert_eq!(world.drain(&key("b"), quota), 3);
}

#[test]
fn what_is_given_back_can_be_taken_again_and_is_never_more_than_the_burst() {
    let (world, quota) = (World::new(), Quota::new(3, MINUTE));
    assert_eq!(world.drain(&key("a"), quota), 3);
    world.give_back(&key("a"), quota);
    assert_eq!(world.drain(&key("a"), quota), 1);
    for _ in 0..10 {
        world.give_back(&key("a"), quota);
        world.give_back(&key("never taken"), quota);
    }
    assert_eq!(world.drain(&key("a"), quota), 3);
    assert_eq!(world.drain(&key("never taken"), quota), 3);
    // Part of a period has passed: it is kept beside what is given back, up to the burst.
    world.clock.advance(Duration::from_secs(30));
    world.give_back(&key("a"), quota);
    assert_eq!(world.drain(&key("a"), quota), 1);
    let limited = world.take(&key("a"), quota).unwrap_err();
    assert_eq!(limited.retry_after(), Duration::from_secs(30));
}

#[test]
fn a_clock_that_is_set_back_neither_refuses_for_long_nor_gives_anything() {
    let (world, quota) = (World::new(), Quota::new(3, MINUTE));
    world.take(&key("used"), quota).unwrap();
    world.drain(&key("drained"), quota);
    let earlier = world.clock.now().saturating_sub(600 * MINUTE);
    world.clock.set(earlier);
    assert_eq!(world.drain(&key("used"), quota), 2);
    let limited = world.take(&key("drained"), quota).unwrap_err();
    assert_eq!(limited.retry_after(), MINUTE);
    world.clock.advance(MINUTE);
    assert_eq!(world.drain(&key("drained"), quota), 1);
}

#[test]
fn a_smaller_quota_does_not_refuse_for_what_was_allowed_by_a_larger_one() {
    let world = World::new();
    world.drain(&key("a"), Quota::new(100, MINUTE));
    let limited = world.take(&key("a"), Quota::new(2, Duration::from_secs(1)));
    assert_eq!(limited.unwrap_err().retry_after(), Duration::from_secs(1));
}

#[test]
fn quotas_without_bounds_neither_overflow_nor_pass_everything() {
    let forever = Quota::new(u32::MAX, Duration::MAX);
    let world = World::new();
    world.take(&key("a"), forever).unwrap();
    world.clock.advance(Duration::MAX);
    world.give_back(&key("a"), forever);
    let world = World::new();
    assert_eq!(world.drain(&key("b"), Quota::new(1, Duration::MAX)), 1);
    let least = Quota::new(0, Duration::ZERO);
    assert_eq!(
        (least.burst(), least.period()),
        (1, Duration::from_micros(1))
    );
    assert_eq!(world.drain(&key("c"), least), 1);
}

#[test]
fn keys_that_are_full_again_make_room() {
    let (world, quota) = (World::with_keys(6_400), Quota::new(1, MINUTE));
    for round in 0..20 {
        let passed = (0..3_000).filter(|n| world.take(&numbered(round * 3_000 + n), quota).is_ok());
        assert_eq!(passed.count(), 3_000, "round {round}");
        world.clock.advance(MINUTE);
    }
}

#[test]
fn at_the_bound_the_least_used_go_and_who_is_refused_stays_so() {
    let (world, quota) = (World::with_keys(640), Quota::new(5, MINUTE));
    world.drain(&key("guessed at"), quota);
    for _ in 0..3 {
        world.take(&key("used"), quota).unwrap();
    }
    for n in 0..100_000 {
        world.take(&numbered(n), quota).unwrap();
    }
    assert!(world.take(&key("guessed at"), quota).is_err());
    assert_eq!(world.drain(&key("used"), quota), 2);
}

#[test]
fn while_everybody_is_refused_new_keys_are_too() {
    let (world, quota) = (World::with_keys(64), Quota::new(1, MINUTE));
    let passed = (0..10_000).filter(|n| world.take(&numbered(*n), quota).is_ok());
    assert_eq!(passed.count(), 64, "one for each shard");
    let limited = world.take(&key("new"), quota).unwrap_err();
    assert_eq!(limited.retry_after(), MINUTE);
    world.clock.advance(MINUTE);
    world.take(&key("new"), quota).unwrap();
}

#[test]
fn pwd_27_of_many_at_once_as_many_pass_as_the_quota_has() {
    let clock = FixedClock::at(Timestamp::UNIX_EPOCH);
    let limiter = Arc::new(ProcessLimiter::new(clock));
    let quota = Quota::new(50, MINUTE);
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let limiter = limiter.clone();
            std::thread::spawn(move || {
                let passes = |n: &u32| now(limiter.take(&numbered(n % 4), quota)).is_ok();
                (0..1000).filter(passes).count()
            })
        })
        .collect();
    let passed: usize = threads.into_iter().map(|t| t.join().unwrap()).sum();
    assert_eq!(passed, 4 * 50);
}

#[test]
fn rat_09_keys_without_end_take_no_more_room_than_the_bound() {
    let (world, quota) = (World::with_keys(6_400), Quota::new(5, MINUTE));
    world.drain(&key("guessed at"), quota);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for n in 0..200_000 {
            world.limiter.take(&numbered(n), quota).await.unwrap();
        }
    });
    assert!(world.limiter.keys() <= 6_400, "{}", world.limiter.keys());
    assert!(world.take(&key("guessed at"), quota).is_err());
}

#[test]
fn a_key_shows_its_name_and_nothing_else() {
    let key = LimitKey::new("sign-in/account", &[b"ann@acme.test"]);
    assert_eq!(format!("{key:?}"), "LimitKey(sign-in/account)");
    let hex: String = key.as_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let same = LimitKey::new("sign-in/account", &[b"ann@acme.test"]);
    let other = LimitKey::new("sign-in/address", &[b"ann@acme.test"]);
    assert!(key == same && key != other, "{hex}");
    let limiter = ProcessLimiter::new(SystemClock::shared());
    now(limiter.take(&key, Quota::new(1, MINUTE))).unwrap();
    assert_eq!(
        format!("{limiter:?}"),
        "ProcessLimiter { keys: 131072, .. }"
    );
}

#[test]
fn a_client_is_told_whole_seconds_rounded_up() {
    let problem = Problem::from(Limited::new(Duration::from_millis(1_001)));
    assert_eq!(problem, Problem::new(Code::RATE_LIMITED).retry_after(2));
    let problem = Problem::from(Limited::new(Duration::ZERO));
    assert_eq!(problem, Problem::new(Code::RATE_LIMITED).retry_after(1));
}

#[test]
fn a_quota_is_written_as_burst_and_period() {
    let quota: Quota = serde_json::from_str(r#"{"burst": 5, "period": "3m"}"#).unwrap();
    assert_eq!(quota, Quota::new(5, 3 * MINUTE));
    for wrong in [
        r#"{"burst": 5}"#,
        r#"{"burst": 5, "period": "3m", "per": 1}"#,
    ] {
        assert!(serde_json::from_str::<Quota>(wrong).is_err(), "{wrong}");
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Take,
    GiveBack,
    Advance(u64),
    SetBack(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Take),
        1 => Just(Step::GiveBack),
        3 => (0..5_000_000_u64).prop_map(Step::Advance),
        1 => (0..5_000_000_u64).prop_map(Step::SetBack),
    ]
}

proptest! {
    /// Beside a bucket that is refilled as the text books draw it.
    #[test]
    fn decides_as_a_bucket_does(
        burst in 1..6_u32,
        period in 1..3_000_000_u64,
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let world = World::new();
        let quota = Quota::new(burst, Duration::from_micros(period));
        let full = u64::from(burst) * period;
        let mut bucket = full;
        for step in steps {
            match step {
                Step::Advance(micros) => {
                    world.clock.advance(Duration::from_micros(micros));
                    bucket = full.min(bucket + micros);
                }
                Step::SetBack(micros) => {
                    // Touched before and after, so that the shard sees exactly this.
                    world.give_back(&key("a"), quota);
                    bucket = full.min(bucket + period);
                    let to = world.clock.now().saturating_sub(Duration::from_micros(micros));
                    world.clock.set(to);
                    world.give_back(&key("a"), quota);
                    bucket = full.min(bucket + period);
                }
                Step::GiveBack => {
                    world.give_back(&key("a"), quota);
                    bucket = full.min(bucket + period);
                }
                Step::Take if bucket >= period => {
                    bucket -= period;
                    let remaining = u32::try_from(bucket / period).unwrap();
                    let left = Left::new(remaining, Duration::from_micros(full - bucket));
                    prop_assert_eq!(world.take(&key("a"), quota), Ok(left));
                }
                Step::Take => {
                    let wait = Duration::from_micros(period - bucket);
                    prop_assert_eq!(world.take(&key("a"), quota), Err(Limited::new(wait)));
                }
            }
        }
    }

    #[test]
    fn rat_06_in_no_span_of_time_pass_more_than_the_burst_and_what_its_length_allows(
        burst in 1..6_u32,
        period in 1..2_000_000_u64,
        pauses in prop::collection::vec(0..1_000_000_u64, 1..200),
    ) {
        let world = World::new();
        let quota = Quota::new(burst, Duration::from_micros(period));
        let (mut time, mut passed) = (0, Vec::new());
        for pause in pauses {
            world.clock.advance(Duration::from_micros(pause));
            time += pause;
            if world.take(&key("a"), quota).is_ok() {
                passed.push(time);
            }
        }
        for (first, begun) in passed.iter().enumerate() {
            for (last, ended) in passed.iter().enumerate().skip(first) {
                let allowed = u64::from(burst) + (ended - begun) / period;
                prop_assert!((last - first + 1) as u64 <= allowed);
            }
        }
    }
}
