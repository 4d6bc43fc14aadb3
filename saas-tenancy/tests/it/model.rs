//! Five tenants at once, at random, with callers that go away, beside a model of what each should see.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::TryStreamExt as _;
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{RngAlgorithm, TestRng},
};
use saas_tenancy::{Database, Error, Filter, PageQuery, Scope, Tenant, TenantTx};

use crate::{
    cancel::{poll_times, settled},
    world::{Project, ProjectPatch, World, new_project, tier},
};

/// What one tenant has: the ranks by name.
type Model = BTreeMap<String, i64>;

/// What somebody does in one transaction.
#[derive(Debug, Clone)]
enum Step {
    Insert(u8, i64),
    InsertMany(Vec<u8>, i64),
    Upsert(u8, i64),
    Update(u8, i64),
    UpdateWhere(i64, i64),
    Delete(u8),
    DeleteWhere(i64),
    /// A part that fails after it has written.
    Failing(u8),
}

#[derive(Debug, Clone)]
enum Operation {
    /// Steps, how often the future is polled before it is dropped, and whether the rest is committed.
    Write(Vec<Step>, usize, bool),
    List(usize),
    Stream,
    Count(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (any::<u8>(), 0..100_i64).prop_map(|(name, rank)| Step::Insert(name % 40, rank)),
        1 => (proptest::collection::vec(40..60_u8, 1..6), 0..100_i64).prop_map(|(names, rank)| Step::InsertMany(names, rank)),
        2 => (any::<u8>(), 0..100_i64).prop_map(|(name, rank)| Step::Upsert(name % 40, rank)),
        2 => (any::<u8>(), 0..100_i64).prop_map(|(name, rank)| Step::Update(name % 60, rank)),
        1 => (0..100_i64, 0..100_i64).prop_map(|(least, rank)| Step::UpdateWhere(least, rank)),
        2 => any::<u8>().prop_map(|name| Step::Delete(name % 60)),
        1 => (90..100_i64).prop_map(Step::DeleteWhere),
        1 => any::<u8>().prop_map(|name| Step::Failing(name % 60)),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let polls = prop_oneof![2 => 1..16_usize, 3 => Just(usize::MAX)];
    prop_oneof![
        4 => (proptest::collection::vec(step(), 1..4), polls, prop::bool::weighted(0.8))
            .prop_map(|(steps, polls, commit)| Operation::Write(steps, polls, commit)),
        2 => prop_oneof![1..16_usize, Just(usize::MAX)].prop_map(Operation::List),
        1 => Just(Operation::Stream),
        1 => (0..100_i64).prop_map(Operation::Count),
    ]
}

fn name(number: u8) -> String {
    format!("p{number}")
}

/// Does a step in the database and in the model; a step that fails changes neither.
async fn apply(tx: &mut TenantTx, model: &mut Model, step: &Step) -> Result<(), Error> {
    match step {
        Step::Insert(number, rank) => {
            let mut new = new_project(&name(*number));
            new.rank = *rank;
            let inserted = tx
                .savepoint(async |tx| tx.repo::<Project>().insert(new).await)
                .await;
            match inserted {
                Ok(_) => assert_eq!(model.insert(name(*number), *rank), None),
                Err(Error::Unique(_)) => assert!(model.contains_key(&name(*number))),
                Err(error) => return Err(error),
            }
        }
        Step::InsertMany(numbers, rank) => {
            let new: Vec<_> = numbers
                .iter()
                .map(|number| {
                    let mut new = new_project(&name(*number));
                    new.rank = *rank;
                    new
                })
                .collect();
            let mut after = model.clone();
            let fits = numbers
                .iter()
                .all(|number| after.insert(name(*number), *rank).is_none());
            let inserted = tx
                .savepoint(async |tx| tx.repo::<Project>().insert_many(new).await)
                .await;
            match inserted {
                Ok(_) if fits => *model = after,
                Err(Error::Unique(_)) if !fits => {}
                other => panic!("{other:?} where {fits}"),
            }
        }
        Step::Upsert(number, rank) => {
            let mut new = new_project(&name(*number));
            new.rank = *rank;
            tx.repo::<Project>().upsert(Project::NAME, new).await?;
            model.insert(name(*number), *rank);
        }
        Step::Update(number, rank) => {
            let named = PageQuery::new().filter(Project::NAME.eq(name(*number)));
            let found = tx.repo::<Project>().list(named).await?.items;
            assert_eq!(found.len(), usize::from(model.contains_key(&name(*number))));
            if let [project] = found.as_slice() {
                let patch = patch(*rank);
                tx.repo::<Project>()
                    .update(project.id, Some(project.version), patch)
                    .await?;
                model.insert(name(*number), *rank);
            }
        }
        Step::UpdateWhere(least, rank) => {
            let filter = Project::RANK.ge(*least);
            let changed = tx
                .repo::<Project>()
                .update_where(filter, patch(*rank))
                .await?;
            let matching: Vec<_> = model
                .iter()
                .filter(|(_, rank)| *rank >= least)
                .map(|(name, _)| name.clone())
                .collect();
            assert_eq!(changed, matching.len() as u64);
            model.extend(matching.into_iter().map(|name| (name, *rank)));
        }
        Step::Delete(number) => {
            let filter = Project::NAME.eq(name(*number));
            let deleted = tx.repo::<Project>().delete_where(filter).await?;
            assert_eq!(deleted, u64::from(model.remove(&name(*number)).is_some()));
        }
        Step::DeleteWhere(least) => {
            let deleted = tx
                .repo::<Project>()
                .delete_where(Project::RANK.ge(*least))
                .await?;
            let before = model.len();
            model.retain(|_, rank| *rank < *least);
            assert_eq!(deleted, (before - model.len()) as u64);
        }
        Step::Failing(number) => {
            let failed = tx
                .savepoint(async |tx| {
                    tx.repo::<Project>()
                        .upsert(Project::NAME, new_project(&name(*number)))
                        .await?;
                    Err::<(), _>(Error::NotFound)
                })
                .await;
            assert!(matches!(failed, Err(Error::NotFound)), "{failed:?}");
        }
    }
    Ok(())
}

fn patch(rank: i64) -> ProjectPatch {
    ProjectPatch {
        rank: Some(rank),
        ..ProjectPatch::default()
    }
}

/// Compares rows with the model, and looks whose they are.
fn check(rows: &[Project], model: &Model, tenant: &Tenant) {
    assert!(
        rows.iter().all(|row| row.tenant_id == tenant.id()),
        "rows of another tenant"
    );
    let seen: Model = rows
        .iter()
        .map(|row| (row.name.clone(), row.rank))
        .collect();
    assert_eq!(&seen, model);
}

async fn perform(
    database: &Database,
    scope: &Scope,
    model: &mut Model,
    operation: &Operation,
) -> Result<(), Error> {
    let tenant = scope.tenant().clone();
    match operation {
        Operation::Write(steps, polls, commit) => {
            let mut after = model.clone();
            let mut tx = database.write(scope);
            let all = async {
                for step in steps {
                    apply(&mut tx, &mut after, step).await?;
                }
                Ok::<_, Error>(())
            };
            match poll_times(all, *polls).await {
                Some(done) => {
                    done?;
                    if *commit {
                        tx.commit().await?;
                        *model = after;
                    }
                }
                // Its caller has gone; whatever was done is undone.
                None => drop(tx),
            }
        }
        Operation::List(polls) => {
            let mut tx = database.read(scope);
            let mut projects = tx.repo::<Project>();
            let list = projects.list(PageQuery::new().limit(100));
            if let Some(page) = poll_times(list, *polls).await {
                check(&page?.items, model, &tenant);
            }
        }
        Operation::Stream => {
            let mut tx = database.read(scope);
            let rows: Vec<Project> = tx
                .repo::<Project>()
                .stream(Filter::all([]))
                .try_collect()
                .await?;
            check(&rows, model, &tenant);
        }
        Operation::Count(least) => {
            let mut tx = database.read(scope);
            let counted = tx.repo::<Project>().count(Project::RANK.ge(*least)).await?;
            assert_eq!(
                counted,
                model.values().filter(|rank| *rank >= least).count() as u64
            );
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g2_tenants_at_random_see_what_is_theirs_and_nothing_else() {
    // 10,000 sequences of 50 operations in the larger tier.
    let operations = tier(2_000, 500_000);
    for world in World::all().await {
        let mut tenants = vec![world.acme.clone(), world.beta.clone()];
        for slug in ["gamma", "delta", "epsilon"] {
            tenants.push(world.db.tenant(slug).await);
        }
        let seed = [7; 32];
        let database = Arc::new(world.db.database().clone());
        let tasks = tenants.iter().enumerate().map(|(number, tenant)| {
            let (database, scope) = (Arc::clone(&database), world.db.scope(tenant));
            let mut seed = seed;
            seed[0] = u8::try_from(number).unwrap();
            tokio::spawn(async move {
                let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
                let mut runner =
                    proptest::test_runner::TestRunner::new_with_rng(ProptestConfig::default(), rng);
                let strategy = operation();
                let mut model = Model::new();
                let mut refused = 0;
                for _ in 0..operations / 5 {
                    let operation = strategy.new_tree(&mut runner).unwrap().current();
                    match perform(&database, &scope, &mut model, &operation).await {
                        Ok(()) => {}
                        // Five tenants and their recoveries share five connections.
                        Err(Error::Unavailable(_) | Error::Conflict(_)) => refused += 1,
                        Err(error) => panic!("{operation:?}: {error}"),
                    }
                }
                (model, refused)
            })
        });
        let mut refused = 0;
        for (task, tenant) in tasks.collect::<Vec<_>>().into_iter().zip(&tenants) {
            let (model, some) = task.await.unwrap();
            refused += some;
            let mut tx = world.db.database().read(&world.db.scope(tenant));
            let rows = tx
                .repo::<Project>()
                .list(PageQuery::new().limit(100))
                .await
                .unwrap();
            check(&rows.items, &model, tenant);
        }
        settled(&world).await;
        let audit = world.db.database().audit_connections().await.unwrap();
        assert_eq!((audit.in_transaction, audit.with_tenant), (0, 0));
        println!(
            "{operations} operations of 5 tenants on {:?}: no row of another; {refused} refused as busy; {:?}",
            world.db,
            world.db.database().state()
        );
        assert!(refused * 20 < operations, "{refused}");
    }
}
