//! Callers that go away: at any await, in any number.

use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use saas_tenancy::{Database, DatabaseConfig, Dialect, Error, PageQuery, SystemScope};
use saas_testkit::TestSetup;

use crate::world::{Project, World, new_project, tier};

/// Waits until no transaction is open any more, those in recovery included.
pub(crate) async fn settled(world: &World) {
    settled_on(world.db.database()).await;
}

async fn settled_on(database: &Database) {
    for _ in 0..1000 {
        if database.state().open_transactions == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("transactions stay open: {:?}", database.state());
}

/// Lets a future be polled so many times and then drops it.
pub(crate) async fn poll_times<F: Future>(future: F, times: usize) -> Option<F::Output> {
    struct Limited<'a, F: Future>(Pin<&'a mut F>, usize);
    impl<F: Future> Future for Limited<'_, F> {
        type Output = Option<F::Output>;
        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
            if self.1 == 0 {
                return Poll::Ready(None);
            }
            self.1 -= 1;
            self.0.as_mut().poll(context).map(Some)
        }
    }
    let mut future = pin!(future);
    Limited(future.as_mut(), times).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn iso_22_a_request_cancelled_at_any_await_leaves_no_trace() {
    for world in World::all().await {
        let (acme, beta) = (world.db.scope(&world.acme), world.db.scope(&world.beta));
        world.project(&world.beta, "theirs").await;
        let mut completed = 0;
        let rounds = usize::try_from(tier(2_000, 33_000)).unwrap();
        for round in 0..rounds {
            let (database, scope) = (world.db.database().clone(), acme.clone());
            let request = async move {
                let mut tx = database.write(&scope);
                tx.repo::<Project>()
                    .insert(new_project("cancelled"))
                    .await?;
                tx.repo::<Project>().list(PageQuery::new()).await?;
                drop(tx);
                Ok::<(), Error>(())
            };
            completed += usize::from(poll_times(request, round % 12).await.is_some());
            if round % 100 == 0 {
                // Another tenant, on a connection that was just given back, sees its own rows only.
                let mut tx = world.db.database().read(&beta);
                let page = tx.repo::<Project>().list(PageQuery::new()).await.unwrap();
                assert!(
                    page.items
                        .iter()
                        .all(|project| project.tenant_id == world.beta.id())
                );
            }
        }
        settled(&world).await;
        assert_eq!(world.names(&world.acme).await, [""; 0]);
        settled(&world).await;
        let state = world.db.database().state();
        let audit = world.db.database().audit_connections().await.unwrap();
        assert_eq!(
            (
                audit.in_transaction,
                audit.with_tenant,
                audit.advisory_locks,
                audit.temporary_tables
            ),
            (0, 0, 0, 0),
            "{state:?} {audit:?} after {completed} completed"
        );
        assert_eq!(state.discarded, 0, "{state:?}");
        assert!(
            completed > 0 && state.recovered > 0,
            "{completed} {state:?}"
        );
    }
}

#[tokio::test]
async fn a_commit_goes_on_when_its_caller_goes_away() {
    for world in World::all().await {
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        tx.repo::<Project>()
            .insert(new_project("kept"))
            .await
            .unwrap();
        let mut commit = Box::pin(tx.commit());
        let _ = commit
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        drop(commit);
        settled(&world).await;
        assert_eq!(world.names(&world.acme).await, ["kept"]);
    }
}

#[tokio::test]
async fn iso_23_a_panic_inside_a_transaction_rolls_it_back() {
    for world in World::all().await {
        let (database, scope) = (world.db.database().clone(), world.db.scope(&world.acme));
        let task = tokio::spawn(async move {
            let mut tx = database.write(&scope);
            tx.repo::<Project>()
                .insert(new_project("half"))
                .await
                .unwrap();
            panic!("on purpose");
        });
        assert!(task.await.unwrap_err().is_panic());
        settled(&world).await;
        assert_eq!(world.names(&world.acme).await, [""; 0]);
    }
}

#[tokio::test]
async fn iso_25_an_exchange_cancelled_half_way_cannot_be_committed() {
    let world = World::on(Dialect::Postgres).await;
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    tx.repo::<Project>()
        .insert(new_project("half"))
        .await
        .unwrap();
    let slow = tx.rls_only("SELECT pg_sleep(30)::text", &[]);
    assert!(
        tokio::time::timeout(Duration::from_millis(20), slow)
            .await
            .is_err()
    );
    assert!(matches!(tx.commit().await, Err(Error::Aborted)));
    assert_eq!(world.names(&world.acme).await, [""; 0]);
}

/// A statement whose caller has gone is cancelled on the server, not waited for.
#[tokio::test]
async fn iso_24_a_slow_statement_whose_caller_went_away_gives_its_connection_back_at_once() {
    let world = World::on(Dialect::Postgres).await;
    let database = world.db.another_instance(1).await;
    let scope = world.db.scope(&world.acme);
    let mut took = Vec::new();
    for round in 0..tier(100, 1000) {
        let mut slow = database.write(&scope);
        let query = slow.rls_only("SELECT pg_sleep(5)::text", &[]);
        let wait = Duration::from_millis(1 + round % 20);
        assert!(tokio::time::timeout(wait, query).await.is_err());
        drop(slow);
        let dropped = Instant::now();
        // The only connection there is.
        let mut tx = database.read(&scope);
        tx.repo::<Project>().list(PageQuery::new()).await.unwrap();
        took.push(dropped.elapsed());
    }
    settled_on(&database).await;
    took.sort_unstable();
    let p99 = took[took.len() * 99 / 100];
    let state = database.state();
    println!(
        "usable again after {:?} (median), {p99:?} (p99); {state:?}",
        took[took.len() / 2]
    );
    // The figure counts where the machine is left alone; here, that nothing waited for the statement's end.
    assert!(p99 < Duration::from_millis(tier(2_500, 250)), "{took:?}");
    assert_eq!((state.connections, state.discarded), (1, 0), "{state:?}");
}

/// A read outside a transaction is cancelled like any other.
#[tokio::test]
async fn a_read_that_waits_is_cancelled_too() {
    let world = World::on(Dialect::Postgres).await;
    let database = world.db.another_instance(1).await;
    let scope = world.db.scope(&world.acme);
    // Somebody holds the table.
    let config = DatabaseConfig::new(world.db.owner_url());
    let owner = Database::connect(&config, world.db.keys().clone(), world.db.clock().clone());
    let owner = owner.await.unwrap();
    let mut lock = owner.system_write(&SystemScope::<TestSetup>::enter());
    let statement = "LOCK TABLE projects IN ACCESS EXCLUSIVE MODE";
    lock.execute(statement, &[]).await.unwrap();
    for _ in 0..10 {
        let mut tx = database.read(&scope);
        let mut projects = tx.repo::<Project>();
        let read = projects.find(saas_core::Id::generate());
        assert!(
            tokio::time::timeout(Duration::from_millis(10), read)
                .await
                .is_err()
        );
    }
    lock.commit().await.unwrap();
    let mut tx = database.read(&scope);
    assert!(tx.repo::<Project>().list(PageQuery::new()).await.is_ok());
    drop(tx);
    settled_on(&database).await;
    let state = database.state();
    assert_eq!((state.connections, state.discarded), (1, 0), "{state:?}");
    assert!(state.recovered > 0, "{state:?}");
}

/// Where no server does the work, a thread goes on with it, and its connection waits for the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_a_read_that_is_given_up_keeps_its_connection_until_its_end() {
    let world = World::on(Dialect::Sqlite).await;
    for number in 0..25 {
        world
            .project(&world.acme, &format!("project {number}"))
            .await;
    }
    let database = world.db.another_instance(1).await;
    let scope = world.db.scope(&world.acme);
    let (mut rounds, mut given_up) = (0, 0);
    while rounds < tier(100, 10_000) || database.state().recovered == 0 {
        let list = async {
            let mut tx = database.read(&scope);
            let mut projects = tx.repo::<Project>();
            projects.list(PageQuery::new()).await
        };
        // Where it waits, its statement is mostly on its way; often the thread is quicker than this.
        given_up += u64::from(poll_times(list, 1).await.is_none());
        let mut tx = database.read(&scope);
        let page = tx.repo::<Project>().list(PageQuery::new()).await.unwrap();
        assert_eq!(page.items.len(), 20);
        rounds += 1;
        assert!(
            rounds < 100_000,
            "none was given up: {:?}",
            database.state()
        );
    }
    settled_on(&database).await;
    let state = database.state();
    assert!(state.recovered <= given_up, "{given_up} {state:?}");
    // The writer and the one reader, as at first.
    assert_eq!((state.connections, state.discarded), (2, 0), "{state:?}");
}

/// Takes minutes.
const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) SELECT count(*) FROM n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_a_statement_that_takes_long_is_stopped_when_nobody_wants_its_answer() {
    let world = World::on(Dialect::Sqlite).await;
    let database = world.db.another_instance(1).await;
    let scope = world.db.scope(&world.acme);
    let given_up = async |left: bool| {
        let mut tx = database.system_read(&SystemScope::<TestSetup>::enter());
        let slow = tx.fetch_all(ENDLESS, &[]);
        let slow = tokio::time::timeout(Duration::from_millis(20), slow).await;
        assert!(slow.is_err());
        if left {
            let ended = tx.commit().await;
            assert!(matches!(ended, Err(Error::Aborted)), "{ended:?}");
        }
    };
    for round in 0..20 {
        given_up(round % 2 == 0).await;
        // The only connection that reads.
        let mut tx = database.read(&scope);
        tx.repo::<Project>().list(PageQuery::new()).await.unwrap();
    }
    // And one that writes.
    let mut tx = database.system_write(&SystemScope::<TestSetup>::enter());
    let statement = "UPDATE projects SET rank = (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) \
                     SELECT count(*) FROM n)";
    world.project(&world.acme, "a").await;
    let slow = tokio::time::timeout(Duration::from_millis(100), tx.execute(statement, &[])).await;
    assert!(slow.is_err());
    drop(tx);
    world.project(&world.acme, "b").await;
    settled_on(&database).await;
    let state = database.state();
    assert_eq!((state.connections, state.discarded), (2, 0), "{state:?}");
}

/// What was in the log of writes is in the file then, which can be copied.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_whoever_closes_waits_for_what_is_in_use() {
    for round in 0..tier(10, 200) {
        let world = World::on(Dialect::Sqlite).await;
        let database = world.db.another_instance(3).await;
        world.db.database().close().await;
        let system = SystemScope::<TestSetup>::enter();
        let (mut read, mut write) = (
            database.system_read(&system),
            database.system_write(&system),
        );
        let statement = "UPDATE saas_tenants SET slug = slug";
        write.execute(statement, &[]).await.unwrap();
        let slow = read.fetch_all(ENDLESS, &[]);
        let slow = tokio::time::timeout(Duration::from_millis(5), slow).await;
        assert!(slow.is_err());
        let closing = tokio::spawn({
            let database = database.clone();
            async move { database.close().await }
        });
        if round % 2 == 0 {
            tokio::task::yield_now().await;
        }
        drop(write);
        drop(read);
        closing.await.unwrap();
        let url = world.db.service_url();
        let log = format!("{}-wal", url.strip_prefix("sqlite://").unwrap());
        assert!(!std::path::Path::new(&log).exists(), "{round}");
    }
}

#[tokio::test]
async fn after_a_statement_that_failed_nothing_of_its_transaction_is_done() {
    for world in World::all().await {
        world.project(&world.acme, "there").await;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let mut projects = tx.repo::<Project>();
        projects.insert(new_project("before")).await.unwrap();
        projects.insert(new_project("there")).await.unwrap_err();
        let after = projects.insert(new_project("after")).await;
        assert!(matches!(after, Err(Error::Aborted)), "{after:?}");
        assert!(matches!(tx.commit().await, Err(Error::Aborted)));
        assert_eq!(world.names(&world.acme).await, ["there"]);
    }
}
