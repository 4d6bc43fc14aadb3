//! What others notice under load. `cargo xtask soak` runs it for long, and prints what was measured.

use std::time::{Duration, Instant};

use futures_util::{FutureExt as _, StreamExt as _, future::join_all, stream};
use saas_tenancy::Dialect;
use serde_json::json;
use tokio::sync::watch;

use crate::{
    measure::{self, percentile, tier, transactions_end},
    world::{Caller, World, send},
};

const QUIET: (&str, &str) = ("RUST_LOG", "error,starter=info");

/// Waits until a statement of somebody sleeps.
pub(crate) const SOMEBODY_SLEEPS: &str = "DO $$ BEGIN
         FOR tried IN 1..2000 LOOP
             IF EXISTS (
                 SELECT FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event = 'PgSleep'
             ) THEN
                 RETURN;
             END IF;
             PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
         END LOOP;
         RAISE EXCEPTION 'nobody sleeps';
     END $$";

/// A request, when it was asked, how long it took and how it was answered.
type Asked = (Instant, Duration, u16);

/// Reads at a steady pace until the watch says otherwise.
async fn steady(caller: &Caller<'_>, pause: Duration, stop: &watch::Receiver<bool>) -> Vec<Asked> {
    let mut asked = Vec::new();
    while !*stop.borrow() {
        let begun = Instant::now();
        let status = caller.get("/api/v1/projects?limit=5").await.status.as_u16();
        asked.push((begun, begun.elapsed(), status));
        tokio::time::sleep(pause).await;
    }
    asked
}

/// Asks for much over so many connections until the watch says otherwise. Gives how often it was done, and refused.
fn flood(url: &str, token: &str, connections: usize, stop: &watch::Receiver<bool>) -> (u32, u32) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all();
    let http = reqwest::Client::new();
    let projects = format!("{url}/api/v1/projects");
    let one = async |number: usize| {
        let (mut done, mut refused) = (0, 0);
        while !*stop.borrow() {
            let request = match number % 5 {
                0 => http.post(&projects).json(&json!({ "name": "flood" })),
                _ => http.get(format!("{projects}?limit=100")),
            };
            let answer = request.bearer_auth(token).send().await.unwrap();
            let status = answer.status().as_u16();
            answer.bytes().await.unwrap();
            match status {
                200 | 201 => done += 1,
                429 | 503 => refused += 1,
                other => panic!("{other}"),
            }
        }
        (done, refused)
    };
    let all = join_all((0..connections).map(one));
    let counted = runtime.build().unwrap().block_on(all);
    let both = |(done, refused): (u32, u32), (more, others)| (done + more, refused + others);
    counted.into_iter().fold((0, 0), both)
}

fn times(asked: &[Asked]) -> Vec<Duration> {
    asked.iter().map(|(_, took, _)| *took).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_01_g18_a_database_that_is_gone_under_load_is_used_again_at_once() {
    let (world, link) = World::behind_a_link(&[QUIET]).await;
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let (stop, stopped) = watch::channel(false);
    let pause = Duration::from_millis(20);
    let fault = async {
        let second = Duration::from_secs(1);
        tokio::time::sleep(second * 3).await;
        let cut = Instant::now();
        link.cut();
        tokio::time::sleep(second * u32::try_from(tier(3, 30)).unwrap()).await;
        let back = Instant::now();
        link.restore();
        tokio::time::sleep(second * 10).await;
        stop.send_replace(true);
        (cut, back)
    };
    let callers = [&acme, &beta, &acme, &beta, &acme, &beta, &acme, &beta];
    let load = join_all(callers.map(|caller| steady(caller, pause, &stopped)));
    let ((cut, back), asked) = tokio::join!(fault, load);
    let asked: Vec<Asked> = asked.into_iter().flatten().collect();
    let within = |from: Instant, to: Instant| -> Vec<Asked> {
        let within = asked.iter().filter(|(at, ..)| *at >= from && *at < to);
        within.copied().collect()
    };
    let far = back + Duration::from_secs(600);
    let idle = percentile(&mut times(&within(cut - Duration::from_secs(3), cut)), 99);
    // Whoever asks at its very end may be answered after it.
    let mut gone = within(cut + Duration::from_millis(500), back);
    gone.retain(|(at, took, _)| *at + *took < back);
    let slowest = percentile(&mut times(&gone), 100);
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
    let others: Vec<_> = gone.iter().filter(|(.., status)| *status != 503).collect();
    assert!(
        others.is_empty(),
        "cut at {cut:?}, back at {back:?}: {others:?}"
    );
    let failed = within(back, far)
        .into_iter()
        .rev()
        .find(|(.., status)| *status != 200);
    let recovered = failed.map_or(Duration::ZERO, |(at, took, _)| at + took - back);
    assert!(recovered < Duration::from_secs(5), "{recovered:?}");
    let late = percentile(&mut times(&within(back + Duration::from_secs(5), far)), 99);
    println!(
        "{} requests while it was gone, the slowest {slowest:?}; the last failure {recovered:?} after its return; p99 {idle:?} before \
         and {late:?} five seconds after",
        gone.len()
    );
    // As much as a machine with other work allows to say.
    assert!(
        late < idle * 5 + Duration::from_millis(250),
        "{late:?} {idle:?}"
    );
    transactions_end(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rat_02_g19_a_flood_of_one_tenant_leaves_the_times_of_the_others() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        beside_a_flood(dialect).await;
    }
}

async fn beside_a_flood(dialect: Dialect) {
    let world = World::on(dialect, &[QUIET]).await;
    let flooding = world.sign_up("flood").await;
    let mut others = Vec::new();
    for number in 0..9 {
        others.push(world.sign_up(&format!("tenant-{number}")).await);
    }
    let phase = Duration::from_secs(tier(3, 30));
    let pause = Duration::from_millis(tier(50, 50));
    let measured = async |floods: usize| {
        let (stop, stopped) = watch::channel(false);
        let ends = async {
            tokio::time::sleep(phase).await;
            stop.send_replace(true);
        };
        // In a thread of its own: whoever floods does not slow the clients of the others down.
        let (url, token) = (world.url.clone(), flooding.token.clone());
        let told = stopped.clone();
        let flood = std::thread::spawn(move || flood(&url, &token, floods, &told));
        // Not all at the same time.
        let steady = others.iter().zip(0_u32..).map(|(other, number)| {
            let stopped = stopped.clone();
            async move {
                tokio::time::sleep(pause / 9 * number).await;
                steady(other, pause, &stopped).await
            }
        });
        let steady = join_all(steady);
        let ((), steady) = tokio::join!(ends, steady);
        let asked: Vec<Asked> = steady.into_iter().flatten().collect();
        let (done, refused) = flood.join().unwrap();
        (asked, done, refused)
    };
    let (idle, ..) = measured(0).await;
    let (beside, done, refused) = measured(50).await;
    assert!(beside.iter().all(|(.., status)| *status == 200));
    let mut table = Vec::new();
    for of_hundred in [50, 95, 99] {
        let [idle, beside] =
            [&idle, &beside].map(|asked| percentile(&mut times(asked), of_hundred));
        table.push(format!("p{of_hundred} {idle:?} idle, {beside:?} beside"));
    }
    println!(
        "{dialect:?}: {} requests of nine tenants idle and {} beside a flood of {done} (and {refused} refused): {}",
        idle.len(),
        beside.len(),
        table.join("; ")
    );
    let [idle, slowest] = [&idle, &beside].map(|asked| percentile(&mut times(asked), 99));
    assert!(
        slowest < measure::beside(idle),
        "{dialect:?} {idle:?} {slowest:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_04_statements_of_one_tenant_that_take_long_keep_nobody_of_another_waiting() {
    let world = World::on(Dialect::Postgres, &[QUIET]).await;
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let held = acme.project("held").await;
    let path = format!("/api/v1/projects/{held}");
    let measured = async |slow: bool| {
        let (stop, stopped) = watch::channel(false);
        // Whoever changes the row waits until this is done.
        let hold = format!(
            "BEGIN; UPDATE projects SET description = '' WHERE id = '{held}'; SELECT pg_sleep(3); COMMIT"
        );
        let database = world.database.as_ref().unwrap();
        let held = async {
            if slow {
                database.as_superuser(&hold).await;
            } else {
                tokio::time::sleep(Duration::from_secs(3)).await;
            }
            stop.send_replace(true);
        };
        let is_held = database.as_superuser(SOMEBODY_SLEEPS).shared();
        let changes = (0..if slow { 30 } else { 0 }).map(async |number| {
            is_held.clone().await;
            let body = json!({ "name": format!("change {number}") });
            let begun = Instant::now();
            let answer = acme.patch(&path, Some("\"1\""), &body).await;
            (begun.elapsed(), answer.status.as_u16())
        });
        let pause = Duration::from_millis(10);
        let others = join_all((0..4).map(|_| steady(&beta, pause, &stopped)));
        let ((), changed, asked) = tokio::join!(held, join_all(changes), others);
        (asked.into_iter().flatten().collect::<Vec<_>>(), changed)
    };
    let (idle, _) = measured(false).await;
    let (beside, changed) = measured(true).await;
    let waited = changed.iter().map(|(took, _)| *took).max().unwrap();
    assert!(
        waited > Duration::from_secs(1),
        "nothing was slow: {changed:?}"
    );
    assert!(
        changed
            .iter()
            .all(|(_, status)| [200, 412, 503].contains(status)),
        "{changed:?}"
    );
    assert!(beside.iter().all(|(.., status)| *status == 200));
    let [idle, beside] = [&idle, &beside].map(|asked| percentile(&mut times(asked), 99));
    println!("p99 {idle:?} idle, {beside:?} beside 30 statements that wait for a row");
    // As much as a machine with other work allows to say.
    assert!(
        beside < idle * 2 + Duration::from_millis(250),
        "{idle:?} {beside:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_15_a_thousand_tenants_that_come_at_once_after_a_start_are_served() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let mut world = World::on(dialect, &[QUIET]).await;
        // Passwords take a processor each.
        let numbers = stream::iter(0..tier(40, 1000));
        let tokens = numbers.map(async |number| {
            let caller = world.sign_up(&format!("tenant-{number}")).await;
            caller.token
        });
        let tokens: Vec<_> = tokens.buffered(4).collect().await;
        world.kill();
        world.restart();
        // Nothing of any tenant is in memory.
        let asked = join_all(tokens.iter().map(async |token| {
            let begun = Instant::now();
            let request = world.request(reqwest::Method::GET, "/api/v1/projects");
            let answer = send(request.bearer_auth(token)).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            begun.elapsed()
        }));
        let (mut cold, most) = {
            let stop = std::sync::atomic::AtomicBool::new(false);
            let watched = async {
                let mut most = 0.0_f64;
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    let metrics = send(world.request(reqwest::Method::GET, "/metrics")).await;
                    let open = metrics.text.lines();
                    let mut open =
                        open.filter_map(|line| line.strip_prefix("saas_db_connections "));
                    most = most.max(open.next().unwrap().parse().unwrap());
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                most
            };
            let asked = async {
                let cold = asked.await;
                stop.store(true, std::sync::atomic::Ordering::SeqCst);
                cold
            };
            tokio::join!(asked, watched)
        };
        let slowest = percentile(&mut cold, 99);
        println!(
            "{dialect:?}: {} tenants, p99 {slowest:?}, {most} connections",
            tokens.len()
        );
        assert!(slowest < Duration::from_secs(10), "{slowest:?}");
        // As many as were allowed.
        assert!(most <= 6.0, "{most}");
    }
}
