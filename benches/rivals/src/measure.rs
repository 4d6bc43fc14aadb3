//! Time, in nanoseconds.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The median and the 99th percentile of an operation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    pub median: f64,
    pub p99: f64,
}

/// Measures an operation that is quick: many times in a batch, because a clock is slower than it.
pub fn quick<T>(mut operation: impl FnMut(usize) -> T) -> Figures {
    const BATCH: usize = 200;
    for at in 0..20_000 {
        black_box(operation(at));
    }
    let mut batches = Vec::with_capacity(5_000);
    let mut at = 0;
    for _ in 0..5_000 {
        let begun = Instant::now();
        for _ in 0..BATCH {
            black_box(operation(at));
            at += 1;
        }
        batches.push(begun.elapsed().as_nanos() as f64 / BATCH as f64);
    }
    figures(batches)
}

/// Measures an operation that may take long: one by one, for two seconds at most.
pub fn slow<T>(mut operation: impl FnMut(usize) -> T) -> Figures {
    black_box(operation(0));
    let mut single = Vec::new();
    let until = Instant::now() + Duration::from_secs(2);
    while single.len() < 10 || (Instant::now() < until && single.len() < 20_000) {
        let begun = Instant::now();
        black_box(operation(single.len()));
        single.push(begun.elapsed().as_nanos() as f64);
    }
    figures(single)
}

fn figures(mut times: Vec<f64>) -> Figures {
    times.sort_by(f64::total_cmp);
    Figures {
        median: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
    }
}

pub fn row(name: &str, rules: usize, figures: Figures, against: Figures) {
    let Figures { median, p99 } = figures;
    let times = median / against.median;
    println!("  {name:<44} {rules:>8} rules {median:>12.0} ns  p99 {p99:>12.0} ns  {times:>10.1}x");
}

pub mod baseline {
    use std::{
        collections::HashMap,
        hash::{BuildHasher, Hasher},
        sync::Arc,
        time::{Duration, Instant},
    };

    use arc_swap::ArcSwap;

    use super::{Figures, quick};

    /// The cheapest hash that there is for an id.
    #[derive(Clone, Default)]
    struct Cheap;
    struct Word(u64);

    impl BuildHasher for Cheap {
        type Hasher = Word;
        fn build_hasher(&self) -> Word {
            Word(0)
        }
    }

    impl Hasher for Word {
        fn write(&mut self, _: &[u8]) {}
        fn write_u64(&mut self, word: u64) {
            self.0 = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        fn finish(&self) -> u64 {
            self.0
        }
    }

    fn one_map(entries: usize) -> ArcSwap<HashMap<u64, u64, Cheap>> {
        let entries = (0..entries as u64).map(|id| (id * 7919, id));
        ArcSwap::new(Arc::new(entries.collect()))
    }

    /// An id among so many.
    pub fn one_lookup(entries: usize) -> Figures {
        let map = one_map(entries);
        quick(|at| map.load().get(&((at % entries) as u64 * 7919)).copied())
    }

    /// How many times as much two threads do as one.
    pub fn two_threads() -> f64 {
        let map = one_map(10_000);
        let work = || {
            let begun = Instant::now();
            let mut done = 0_u64;
            while begun.elapsed() < Duration::from_secs(1) {
                for id in 0..10_000_u64 {
                    std::hint::black_box(map.load().get(&(id * 7919)).copied());
                    done += 1;
                }
            }
            done as f64 / begun.elapsed().as_secs_f64()
        };
        let alone = work();
        let together = std::thread::scope(|threads| {
            let other = threads.spawn(work);
            work() + other.join().unwrap()
        });
        together / alone
    }

    /// Three texts, each among so many.
    pub fn three_lookups(entries: usize) -> Figures {
        let map = |of: &str| -> HashMap<String, u32> {
            (0..entries as u32).map(|id| (format!("{of}{id}"), id)).collect()
        };
        let maps = ArcSwap::new(Arc::new((map("user"), map("tenant"), map("thing"))));
        let keys: Vec<_> = (0..1024)
            .map(|id| id * 7919 % entries)
            .map(|id| (format!("user{id}"), format!("tenant{id}"), format!("thing{id}")))
            .collect();
        quick(|at| {
            let (user, tenant, thing) = &keys[at % 1024];
            let maps = maps.load();
            (maps.0.get(user).copied(), maps.1.get(tenant).copied(), maps.2.get(thing).copied())
        })
    }
}
