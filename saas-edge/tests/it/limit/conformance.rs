//! What every limiter does, whoever counts: one suite, over two instances of a service.
//!
//! The time of Redis is that of its server, which no test moves. So the periods here are long enough for nothing to
//! pass between two lines.

use std::{sync::Arc, time::Duration};

use saas_core::{
    FixedClock, Timestamp,
    limit::{LimitKey, ProcessLimiter, Quota, RateLimiter},
};

const HOUR: Duration = Duration::from_secs(3600);

/// Two instances that count together, each with a clock of its own.
pub(crate) struct Instances {
    pub(crate) limiters: [Arc<dyn RateLimiter>; 2],
    pub(crate) clocks: [Arc<FixedClock>; 2],
}

pub(crate) fn clock() -> Arc<FixedClock> {
    FixedClock::at(Timestamp::from_secs(1_795_000_000).unwrap())
}

pub(crate) fn key(part: &str) -> LimitKey {
    LimitKey::new("test", &[part.as_bytes()])
}

fn in_process() -> Instances {
    let clock = clock();
    let limiter: Arc<dyn RateLimiter> = Arc::new(ProcessLimiter::new(clock.clone()));
    Instances {
        limiters: [limiter.clone(), limiter],
        clocks: [clock.clone(), clock],
    }
}

async fn all() -> Vec<(&'static str, Instances)> {
    vec![
        ("process", in_process()),
        #[cfg(feature = "redis")]
        ("redis", super::redis::instances().await),
    ]
}

/// Takes at both instances in parallel, and counts what passes.
pub(crate) async fn flood(
    instances: &Instances,
    key: LimitKey,
    quota: Quota,
    each: usize,
) -> usize {
    let mut tasks = tokio::task::JoinSet::new();
    for limiter in &instances.limiters {
        for _ in 0..each {
            let limiter = limiter.clone();
            tasks.spawn(async move { limiter.take(&key, quota).await.is_ok() });
        }
    }
    let passed = tasks.join_all().await;
    passed.into_iter().filter(|passed| *passed).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rat_07_of_parallel_tries_at_two_instances_exactly_the_burst_passes() {
    for (name, instances) in all().await {
        let quota = Quota::new(50, HOUR);
        let passed = flood(&instances, key("a"), quota, 200).await;
        assert_eq!(passed, 50, "{name}");
        // Nobody else is concerned.
        let passed = flood(&instances, key("b"), quota, 10).await;
        assert_eq!(passed, 20, "{name}");
    }
}

#[tokio::test]
async fn rat_01_who_is_refused_is_told_when_and_counts_for_nothing() {
    for (name, instances) in all().await {
        let [first, second] = &instances.limiters;
        let quota = Quota::new(2, HOUR);
        let left = first.take(&key("a"), quota).await.unwrap();
        assert_eq!((left.remaining(), left.reset()), (1, HOUR), "{name}");
        let left = second.take(&key("a"), quota).await.unwrap();
        assert_eq!(left.remaining(), 0, "{name}");
        for _ in 0..20 {
            for limiter in [first, second] {
                let wait = limiter.take(&key("a"), quota).await.unwrap_err();
                let wait = wait.retry_after();
                assert!(
                    wait <= HOUR && wait > HOUR - Duration::from_secs(60),
                    "{name}: {wait:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_is_given_back_can_be_taken_again_and_is_never_more_than_the_burst() {
    for (name, instances) in all().await {
        let [first, second] = &instances.limiters;
        let quota = Quota::new(3, HOUR);
        assert_eq!(flood(&instances, key("a"), quota, 5).await, 3, "{name}");
        first.give_back(&key("a"), quota).await;
        second.give_back(&key("a"), quota).await;
        assert_eq!(flood(&instances, key("a"), quota, 5).await, 2, "{name}");
        for limiter in [first, second, first, second, first, second, first, second] {
            limiter.give_back(&key("a"), quota).await;
            limiter.give_back(&key("never taken"), quota).await;
        }
        assert_eq!(flood(&instances, key("a"), quota, 5).await, 3, "{name}");
        let passed = flood(&instances, key("never taken"), quota, 5).await;
        assert_eq!(passed, 3, "{name}");
    }
}

#[tokio::test]
async fn rat_11_a_clock_that_jumps_locks_nobody_out_and_gives_nothing() {
    for (name, instances) in all().await {
        let quota = Quota::new(4, HOUR);
        assert_eq!(flood(&instances, key("a"), quota, 1).await, 2, "{name}");
        for clock in &instances.clocks {
            let earlier = "2020-01-01T00:00:00Z".parse().unwrap();
            clock.set(earlier);
        }
        assert_eq!(flood(&instances, key("a"), quota, 5).await, 2, "{name}");
        let [first, _] = &instances.limiters;
        let wait = first.take(&key("a"), quota).await.unwrap_err();
        assert!(wait.retry_after() <= HOUR, "{name}: {wait:?}");
        assert_eq!(flood(&instances, key("b"), quota, 5).await, 4, "{name}");
    }
}

#[tokio::test]
async fn a_smaller_quota_does_not_refuse_for_what_was_allowed_by_a_larger_one() {
    for (name, instances) in all().await {
        let [first, second] = &instances.limiters;
        for _ in 0..50 {
            first.take(&key("a"), Quota::new(100, HOUR)).await.unwrap();
        }
        let small = Quota::new(2, Duration::from_secs(600));
        let wait = second.take(&key("a"), small).await.unwrap_err();
        assert!(wait.retry_after() <= small.period(), "{name}: {wait:?}");
    }
}

#[tokio::test]
async fn quotas_without_bounds_neither_overflow_nor_pass_everything() {
    for (name, instances) in all().await {
        let [first, second] = &instances.limiters;
        let forever = Quota::new(1, Duration::MAX);
        first.take(&key("a"), forever).await.unwrap();
        second.take(&key("a"), forever).await.unwrap_err();
        let many = Quota::new(u32::MAX, Duration::MAX);
        first.take(&key("b"), many).await.unwrap();
        second.give_back(&key("b"), many).await;
        let least = Quota::new(u32::MAX, Duration::ZERO);
        let left = first.take(&key("c"), least).await.unwrap();
        assert!(left.remaining() > u32::MAX - 10, "{name}: {left:?}");
    }
}
