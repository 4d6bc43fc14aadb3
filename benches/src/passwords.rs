//! A flood of sign-ins: how near to bare argon2 it comes, and what others notice of it.
//!
//! The processor time of a sign-in stands beside the number in a second, because it bears a noisy machine.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use saas_auth::{PasswordConfig, PasswordHash, Passwords};
use saas_core::{KeyRing, Secret};

use crate::{process::processor_seconds, record::Records};

const ROUNDS: usize = 5;
const PASSWORD: &str = "correct horse battery";
/// How many verify at once.
const PARALLEL: usize = 200;
/// How many are verified in a round.
const VERIFIED: usize = 200;
/// How often the other task is measured.
const SAMPLES: usize = 2_000;

pub(crate) async fn measure() {
    let keys = KeyRing::generate().unwrap();
    let mut config = PasswordConfig::default();
    config.queue = 2 * PARALLEL;
    // As many as there are by default, and as many as there may be.
    let processors = std::thread::available_parallelism().unwrap().get();
    let by_default = (processors / 2).max(1);
    let mut records = Records::default();
    for slots in [by_default, processors] {
        config.slots = slots;
        let passwords = Passwords::new(&config, &keys).unwrap();
        let chosen = passwords.check(&Secret::from(PASSWORD), &[]).await.unwrap();
        let hash = passwords.hash(&chosen).await.unwrap();
        let flood = Flood { passwords, hash };
        throughput(&flood, slots, &mut records).await;
        latency(&flood, slots, &mut records).await;
    }
    records.save("passwords");
}

#[derive(Clone)]
struct Flood {
    passwords: Passwords,
    hash: PasswordHash,
}

impl Flood {
    /// Verifies so many, as many at once as is said, and gives the number in a second.
    async fn run(&self, times: usize) -> f64 {
        let begun = Instant::now();
        let turns = Arc::new(tokio::sync::Semaphore::new(PARALLEL));
        let mut under_way = tokio::task::JoinSet::new();
        for _ in 0..times {
            let (flood, turn) = (self.clone(), turns.clone().acquire_owned().await.unwrap());
            under_way.spawn(async move {
                let password = Secret::from(PASSWORD);
                let verified = flood
                    .passwords
                    .verify_without_limit(&password, Some(&flood.hash))
                    .await;
                assert!(matches!(verified, Ok(None)));
                drop(turn);
            });
        }
        while let Some(verified) = under_way.join_next().await {
            verified.unwrap();
        }
        times as f64 / begun.elapsed().as_secs_f64()
    }
}

/// The same work in as many threads that do nothing else, each in memory of its own.
fn bare(times: usize, threads: usize) -> f64 {
    let begun = Instant::now();
    let threads: Vec<_> = (0..threads)
        .map(|_| {
            std::thread::spawn(move || {
                let params = Params::new(19_456, 2, 1, None).unwrap();
                let mut blocks = vec![Block::new(); params.block_count()];
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                let mut output = [0; 32];
                for _ in 0..times / threads {
                    let input = PASSWORD.as_bytes();
                    let salt = b"sixteen bytes of";
                    argon2
                        .hash_password_into_with_memory(input, salt, &mut output, &mut blocks)
                        .unwrap();
                    std::hint::black_box(&output);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    times as f64 / begun.elapsed().as_secs_f64()
}

async fn throughput(flood: &Flood, slots: usize, records: &mut Records) {
    flood.run(VERIFIED / 4).await;
    let (mut bares, mut ours) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // The order changes, so that neither always comes first.
        let turns = if round % 2 == 0 {
            [true, false]
        } else {
            [false, true]
        };
        for is_bare in turns {
            let before = processor_seconds(std::process::id());
            let per_second = if is_bare {
                let bare = tokio::task::spawn_blocking(move || bare(VERIFIED, slots));
                bare.await.unwrap()
            } else {
                flood.run(VERIFIED).await
            };
            let used = processor_seconds(std::process::id()) - before;
            let runs = if is_bare { &mut bares } else { &mut ours };
            runs.push((per_second, used * 1e3 / VERIFIED as f64));
        }
    }
    let middle = |runs: &[(f64, f64)]| {
        let (rates, costs): (Vec<_>, Vec<_>) = runs.iter().copied().unzip();
        (middle(rates), middle(costs))
    };
    let ((bare, bare_cost), (ours, our_cost)) = (middle(&bares), middle(&ours));
    for (name, rate, cost) in [
        ("argon2 in threads of its own", bare, bare_cost),
        ("Passwords::verify", ours, our_cost),
    ] {
        let table = format!("Verifying with `auth.password.slots = {slots}`");
        let figures = [("in a second", rate), ("CPU ms each", cost)];
        records.add(&table, name, &figures);
    }
}

/// What somebody else on the same runtime waits for, beside the same while nobody signs in.
async fn latency(flood: &Flood, slots: usize, records: &mut Records) {
    let (mut idles, mut floods) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        idles.push(p99(others().await));
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (signing_in, stopped) = (flood.clone(), stop.clone());
        let signing_in = tokio::spawn(async move {
            while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                signing_in.run(PARALLEL).await;
            }
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        floods.push(p99(others().await));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        signing_in.await.unwrap();
    }
    let (idle, flooded) = (middle(idles), middle(floods));
    let row = format!("`auth.password.slots = {slots}`");
    let figures = [
        ("us while nobody signs in", idle),
        ("us beside the flood", flooded),
    ];
    records.add("What others wait for, p99", &row, &figures);
}

/// A task as a request is: it comes in, computes for some 100 µs and is answered. One a millisecond.
async fn others() -> Vec<f64> {
    let mut times = Vec::with_capacity(SAMPLES);
    let mut pace = tokio::time::interval(Duration::from_millis(1));
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    for _ in 0..SAMPLES {
        pace.tick().await;
        let begun = Instant::now();
        tokio::spawn(async {
            for part in 0..4_u64 {
                let mut sum = part;
                for n in 0..20_000_u64 {
                    sum = std::hint::black_box(sum.rotate_left(5) ^ n);
                }
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    times
}

fn p99(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() * 99 / 100]
}

fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
