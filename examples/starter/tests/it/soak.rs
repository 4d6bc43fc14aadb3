//! A service that runs for long.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::json;

use crate::{
    measure::{descriptors, memory, tier},
    world::{Caller, World, send},
};

/// One of the things that a tenant does, in turn.
async fn step(caller: &Caller<'_>, number: usize) {
    let name = format!("soak-{number}");
    let file = format!("/api/v1/files/soak-{}.bin", number / 10 % 64);
    let status = match number % 10 {
        // As many are deleted as are made, or the database would grow.
        0 => {
            let id = caller.project(&name).await;
            caller
                .delete(&format!("/api/v1/projects/{id}"))
                .await
                .status
        }
        1 => {
            let request = caller.request(Method::PUT, &file);
            send(request.body(vec![7; 4096])).await.status
        }
        2 => caller.get(&file).await.status,
        3 => {
            let wrong = json!({ "name": "" });
            caller.post("/api/v1/projects", &wrong).await.status
        }
        4 => {
            send(caller.world.request(Method::GET, "/api/v1/me"))
                .await
                .status
        }
        _ => caller.get("/api/v1/projects?limit=20").await.status,
    };
    assert!(
        [200, 201, 204, 401, 404, 422].contains(&status.as_u16()),
        "{status}"
    );
}

async fn work(caller: &Caller<'_>, ends: Instant, pause: Duration) -> usize {
    let mut done = 0;
    while Instant::now() < ends {
        let begun = Instant::now();
        step(caller, done).await;
        done += 1;
        tokio::time::sleep(pause.saturating_sub(begun.elapsed())).await;
    }
    done
}

/// An hour under `cargo xtask soak`; in CI, a moment in which the test itself is tried.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_35_a_service_that_runs_for_long_holds_no_more_than_at_first() {
    let quiet = [
        ("RUST_LOG", "error,starter=info"),
        ("SAAS__AUTH__TOKEN__ACCESS_LIFETIME", "2h"),
        // Or the kernel joins pages to large ones when it finds the time, and counts what nobody has touched between them:
        // ten MiB at once, while as much was allocated as before.
        ("MIMALLOC_ALLOW_THP", "0"),
        // What SQLite keeps of a file that grows fills up soon, and not for hours.
        ("SAAS__DATABASE__PAGE_CACHE", "131072"),
    ];
    let world = World::on(Dialect::Sqlite, &quiet).await;
    let callers = [
        world.sign_up("acme").await,
        world.sign_up("beta").await,
        world.sign_up("gamma").await,
        world.sign_up("delta").await,
    ];
    // More at once than there are connections. Whether the four of later overlap is up to the machine, and what they then
    // need is there.
    for _ in 0..10 {
        let burst = (0..64).map(|number| step(&callers[number % 4], number));
        join_all(burst).await;
    }
    let begun = Instant::now();
    let all = Duration::from_secs(tier(8, 3600));
    // As many requests a second as keep half of a machine with two processors busy, in a debug build, with the client.
    let each_second = u32::try_from(tier(100, 250)).unwrap();
    let pause = Duration::from_secs(4) / each_second;
    // Caches fill and pools open in the first part.
    let warm = all / 6;
    let load = join_all(
        callers
            .each_ref()
            .map(|caller| work(caller, begun + all, pause)),
    );
    // One look says little, as memory goes up and down by a MiB. So it is looked at all the time, and each twelfth has its
    // median.
    let measured = async {
        tokio::time::sleep(warm).await;
        let mut parts = Vec::new();
        while begun.elapsed() < all {
            let (part, mut seen) = (Instant::now(), Vec::new());
            while part.elapsed() < all / PARTS {
                seen.push((memory(&world, "VmRSS"), descriptors(&world)));
                tokio::time::sleep(all / PARTS / 100).await;
            }
            let rss = median(seen.iter().map(|(rss, _)| *rss as f64));
            let open = median(seen.iter().map(|(_, open)| *open as f64));
            parts.push((rss, open));
        }
        parts
    };
    let (done, parts) = tokio::join!(load, measured);
    let done: usize = done.iter().sum();
    let text: Vec<_> = parts
        .iter()
        .map(|(rss, open)| format!("{:.0} KiB, {open} open", rss / 1024.0))
        .collect();
    let grown = slope(parts.iter().map(|(rss, _)| *rss)) * f64::from(PARTS);
    println!(
        "{done} requests within {:?}: {}; {:.0} KiB more in that time",
        begun.elapsed(),
        text.join("; "),
        grown / 1024.0
    );
    // A MiB in an hour; in a moment, what a cache has yet to take.
    assert!(grown <= (tier(8, 1) << 20) as f64, "{grown}");
    let ((_, open), (_, open_at_last)) = (parts[0], parts[parts.len() - 1]);
    assert!(open_at_last <= open + 8.0, "{open} {open_at_last}");
}

const PARTS: u32 = 12;

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// By how much each part is above the one before: the median of what any two of them say (Theil and Sen), which one that
/// stands out does not move.
fn slope(parts: impl Iterator<Item = f64>) -> f64 {
    let parts: Vec<f64> = parts.collect();
    let pairs = (0..parts.len()).flat_map(|late| (0..late).map(move |early| (early, late)));
    median(pairs.map(|(early, late)| (parts[late] - parts[early]) / (late - early) as f64))
}
