//! Numbers of tests, and what they measure.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::world::{World, send};

/// How often to do something: the first number in CI, the second under `cargo xtask soak`.
pub(crate) fn tier(ci: u64, soak: u64) -> u64 {
    match std::env::var_os("SAAS_SOAK") {
        Some(_) => soak,
        None => ci,
    }
}

/// Gives a line of `/proc/{process}/status` in bytes.
pub(crate) fn memory(world: &World, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", world.process_id())).unwrap();
    let found = status
        .lines()
        .find_map(|text| text.strip_prefix(line))
        .unwrap();
    let kib = found.trim_start_matches(':').trim().trim_end_matches(" kB");
    kib.parse::<u64>().unwrap() * 1024
}

/// Gives the time within which so many in a hundred were done.
pub(crate) fn percentile(times: &mut [Duration], of_hundred: usize) -> Duration {
    times.sort_unstable();
    let place = (times.len() * of_hundred).div_ceil(100).saturating_sub(1);
    times.get(place).copied().unwrap_or_default()
}

/// Gives the time within which others are to be answered (p99) beside somebody who does harm: under `cargo xtask soak` twice as
/// much as without him, and in CI what a machine with other work allows to say.
pub(crate) fn beside(idle: Duration) -> Duration {
    match std::env::var_os("SAAS_SOAK") {
        // By some milliseconds times differ without a reason.
        Some(_) => idle * 2 + Duration::from_millis(2),
        None => Duration::from_secs(5),
    }
}

/// Gives a metric of the database.
pub(crate) async fn metric(world: &World, name: &str) -> i64 {
    found(world, name).await.unwrap()
}

/// Gives what the service says instead, where the database does not answer.
async fn found(world: &World, name: &str) -> Result<i64, String> {
    let text = send(world.request(Method::GET, "/metrics")).await.text;
    let name = format!("saas_db_{name} ");
    let value = text.lines().find_map(|line| line.strip_prefix(&name));
    value
        .and_then(|value| value.parse().ok())
        .ok_or_else(|| text.clone())
}

/// Waits until no transaction is open, five seconds at most: what works beside the requests opens some, too, and what a
/// request left is rolled back after its answer.
pub(crate) async fn transactions_end(world: &World) {
    let begun = Instant::now();
    loop {
        let open = found(world, "open_transactions").await;
        if open == Ok(0) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{open:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Gives how many files and sockets the service has open.
pub(crate) fn descriptors(world: &World) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", world.process_id()))
        .unwrap()
        .count()
}
