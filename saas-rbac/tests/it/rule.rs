//! Rules over rows: a list shows what a look at the row allows, and nothing else can be done with the others.

use std::collections::BTreeSet;

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use saas_core::{Id, TenantId, UserId};
use saas_rbac::{Caller, Group, Rule};
use saas_tenancy::{
    Dialect, EntityTable, Error, Filter, Migration, Module, PageQuery, Repository, TenantEntity,
    TenantTx,
};

use crate::world::{Can, World, names};

#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "documents", new = "NewDocument", patch = "DocumentPatch")]
struct Document {
    #[entity(id)]
    id: Id<Document>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(filter, sort)]
    owner: UserId,
    #[entity(filter)]
    team: Option<Id<Group>>,
    #[entity(filter)]
    public: bool,
    #[entity(filter, unique)]
    title: String,
}

#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "shares", new = "NewShare")]
struct Share {
    #[entity(id)]
    id: Id<Share>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(filter, fixed, references = "documents")]
    document_id: Id<Document>,
    #[entity(filter, fixed)]
    user_id: UserId,
}

pub(crate) fn module() -> Module {
    const MODULE: Module = Module::new("documents")
        .entities(&[EntityTable::new::<Document>(), EntityTable::new::<Share>()]);
    let sql = |dialect| -> &'static str { MODULE.ddl(dialect).leak() };
    let (sqlite, postgres) = (sql(Dialect::Sqlite), sql(Dialect::Postgres));
    let migrations = vec![Migration::new(1, "documents", sqlite, postgres)];
    MODULE.migrations(migrations.leak())
}

fn may_read(caller: &Caller) -> Rule<Document> {
    let teams = caller.groups().iter().copied().map(Some);
    let shares = Share::USER_ID.eq(caller.id());
    Rule::new()
        .or("owner", Document::OWNER.eq(caller.id()))
        .or("team", Document::TEAM.is_in(teams))
        .or("shared", Filter::related(Share::DOCUMENT_ID, shares))
        .or("public", Document::PUBLIC.eq(true))
        .all_if("all", caller.may(&Can::Delete))
}

fn document(owner: UserId, title: &str) -> NewDocument {
    NewDocument {
        owner,
        team: None,
        public: false,
        title: title.to_owned(),
    }
}

fn only<'tx>(tx: &'tx mut TenantTx, rule: &Rule<Document>) -> Repository<'tx, Document> {
    tx.repo::<Document>().only(rule.filter())
}

async fn list(tx: &mut TenantTx, rule: &Rule<Document>) -> BTreeSet<Id<Document>> {
    let query = PageQuery::new().limit(100);
    let mut documents = tx.repo::<Document>().only(rule.filter());
    let page = documents.list(query).await.unwrap();
    page.items.into_iter().map(|document| document.id).collect()
}

#[tokio::test]
async fn a_rule_is_one_for_a_row_and_for_a_list() {
    for world in World::all().await {
        let mut runner = TestRunner::deterministic();
        let mut people = Vec::new();
        for roles in [&["user"][..], &["admin"], &["user"], &["owner"]] {
            people.push(world.person(roles).await);
        }
        let mut tx = world.system(&world.acme);
        let mut teams = Vec::new();
        for name in ["One", "Two"] {
            let team = world.groups.create(&mut tx, name, "").await.unwrap().id;
            world
                .roles
                .set(&mut tx, team, &names(&["user"]))
                .await
                .unwrap();
            teams.push(team);
        }
        world
            .groups
            .add(&mut tx, teams[0], people[0])
            .await
            .unwrap();
        world
            .groups
            .add(&mut tx, teams[1], people[1])
            .await
            .unwrap();
        world
            .groups
            .add(&mut tx, teams[1], people[0])
            .await
            .unwrap();
        // Documents at random, and a model of each.
        let one = (
            0..4_usize,
            0..4_usize,
            any::<bool>(),
            prop::collection::vec(0..4_usize, 0..3),
        );
        let mut model = Vec::new();
        for number in 0..60 {
            let (owner, team, public, shared) = one.new_tree(&mut runner).unwrap().current();
            let new = NewDocument {
                owner: people[owner],
                team: teams.get(team).copied(),
                public: public && number % 7 == 0,
                title: format!("Document {number}"),
            };
            let public = new.public;
            let id = tx.repo::<Document>().insert(new).await.unwrap().id;
            for user in &shared {
                let share = NewShare {
                    document_id: id,
                    user_id: people[*user],
                };
                tx.repo::<Share>().insert(share).await.unwrap();
            }
            model.push((id, owner, team, public, shared));
        }
        tx.commit().await.unwrap();
        // The same in another tenant, for whoever might look there.
        let mut tx = world.system(&world.beta);
        tx.repo::<Document>()
            .insert(document(people[0], "Theirs"))
            .await
            .unwrap();
        tx.commit().await.unwrap();

        for (number, user) in people.iter().enumerate() {
            let scope = world.caller(&world.acme, *user).await;
            let caller = world.authorizer.caller(&scope).await.unwrap().unwrap();
            let rule = may_read(&caller);
            let mine: &[usize] = match number {
                0 => &[0, 1],
                1 => &[1],
                _ => &[],
            };
            let expected: BTreeSet<_> = model
                .iter()
                .filter(|(_, owner, team, public, shared)| {
                    *owner == number
                        || mine.contains(team)
                        || shared.contains(&number)
                        || *public
                        || number == 3
                })
                .map(|(id, ..)| *id)
                .collect();
            // Inside a transaction, and where each read stands alone.
            for mut tx in [
                world.db.database().write(&scope),
                world.db.database().read(&scope),
            ] {
                assert_eq!(list(&mut tx, &rule).await, expected, "{number}");
                for (id, ..) in &model {
                    let allowed = rule.allows(&mut tx, *id).await.unwrap();
                    assert_eq!(allowed, expected.contains(id));
                    let reasons = rule.reasons(&mut tx, *id).await.unwrap();
                    assert_eq!(reasons.is_empty(), !allowed);
                }
            }
        }
    }
}

#[tokio::test]
async fn rba_22_with_other_rows_nothing_can_be_done_not_even_if_they_change_hands_meanwhile() {
    for world in World::all().await {
        let (ann, ben) = (world.person(&["user"]).await, world.person(&["user"]).await);
        let mut tx = world.system(&world.acme);
        let mine = tx
            .repo::<Document>()
            .insert(document(ann, "Ann's"))
            .await
            .unwrap();
        let other = tx
            .repo::<Document>()
            .insert(document(ben, "Ben's"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let scope = world.caller(&world.acme, ann).await;
        let caller = world.authorizer.caller(&scope).await.unwrap().unwrap();
        let rule = may_read(&caller);
        let renamed = || DocumentPatch {
            title: Some("Renamed".to_owned()),
            ..DocumentPatch::default()
        };
        let mut tx = world.db.database().write(&scope);
        let missing = |result: Result<(), Error>| {
            assert!(matches!(result, Err(Error::NotFound)), "{result:?}");
        };
        missing(only(&mut tx, &rule).get(other.id).await.map(drop));
        missing(
            only(&mut tx, &rule)
                .update(other.id, None, renamed())
                .await
                .map(drop),
        );
        missing(only(&mut tx, &rule).delete(other.id, None).await);
        let all = || Filter::all([]);
        assert_eq!(only(&mut tx, &rule).count(all()).await.unwrap(), 1);
        assert_eq!(
            only(&mut tx, &rule)
                .update_where(all(), renamed())
                .await
                .unwrap(),
            1
        );
        assert!(
            !only(&mut tx, &rule)
                .exists(Document::TITLE.eq("Ben's"))
                .await
                .unwrap()
        );
        let found = only(&mut tx, &rule)
            .find_many([other.id, mine.id])
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
        let upsert = only(&mut tx, &rule)
            .upsert(Document::TITLE, document(ann, "Ben's"))
            .await;
        assert!(matches!(upsert, Err(Error::Misuse(_))), "{upsert:?}");
        tx.rollback().await.unwrap();
        // Given away after it was allowed, it cannot be changed any more.
        let mut tx = world.db.database().read(&scope);
        assert!(rule.allows(&mut tx, mine.id).await.unwrap());
        drop(tx);
        let mut tx = world.system(&world.acme);
        let given = DocumentPatch {
            owner: Some(ben),
            ..DocumentPatch::default()
        };
        tx.repo::<Document>()
            .update(mine.id, None, given)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut tx = world.db.database().write(&scope);
        missing(
            only(&mut tx, &rule)
                .update(mine.id, None, renamed())
                .await
                .map(drop),
        );
        missing(only(&mut tx, &rule).delete(mine.id, None).await);
        assert_eq!(
            only(&mut tx, &rule)
                .delete_where(Filter::all([]))
                .await
                .unwrap(),
            0
        );
    }
}
