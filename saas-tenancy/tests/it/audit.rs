//! What is noted of changes, and what instances tell each other.

use saas_core::bus::Signal;
use saas_tenancy::{AuditEvent, AuditRecord, Dialect, Error, PageQuery, tenant_repository};
use tokio::time::{Duration, timeout};

use crate::world::World;

async fn record(world: &World, tenant: &saas_tenancy::Tenant, object: &str) {
    let mut tx = world.db.database().write(&world.db.scope(tenant));
    let event = AuditEvent::new("thing.changed", object)
        .before(&1)
        .unwrap()
        .after("two")
        .unwrap();
    tx.record(event).await.unwrap();
    tx.commit().await.unwrap();
}

async fn records(world: &World, tenant: &saas_tenancy::Tenant) -> Vec<AuditRecord> {
    let mut tx = world.db.database().read(&world.db.scope(tenant));
    let query = PageQuery::new().filter(AuditRecord::ACTION.eq("thing.changed"));
    tx.repo::<AuditRecord>().list(query).await.unwrap().items
}

#[tokio::test]
async fn a_record_says_who_did_what_and_stays_in_its_tenant() {
    for world in World::all().await {
        record(&world, &world.acme, "thing:1").await;
        let mut undone = world.db.database().write(&world.db.scope(&world.acme));
        undone
            .record(AuditEvent::new("thing.changed", "thing:2"))
            .await
            .unwrap();
        undone.rollback().await.unwrap();
        let found = records(&world, &world.acme).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].actor, "system:test-setup");
        assert_eq!(found[0].object, "thing:1");
        assert_eq!(found[0].before_json(), Some(1.into()));
        assert_eq!(found[0].after_json(), Some("two".into()));
        assert_eq!(records(&world, &world.beta).await, []);
    }
}

#[tokio::test]
async fn a_record_cannot_be_changed_nor_removed() {
    for world in World::all().await {
        record(&world, &world.acme, "thing:1").await;
        let id = records(&world, &world.acme).await[0].id;
        if world.db.dialect() == Dialect::Postgres {
            for sql in [
                "UPDATE saas_audit SET object = 'x'",
                "DELETE FROM saas_audit",
            ] {
                let mut tx = world.db.database().write(&world.db.scope(&world.acme));
                let refused = tx.rls_only(sql, &[]).await;
                assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
            }
            let mut tx = world.db.database().write(&world.db.scope(&world.acme));
            let refused = tx.repo::<AuditRecord>().delete(id, None).await;
            assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
        }
        if world.db.dialect() == Dialect::Sqlite {
            let is_refused = |error: Option<Error>| {
                let text = format!("{error:?}");
                assert!(text.contains("what was noted is not"), "{text}");
            };
            let mut tx = world.db.database().write(&world.db.scope(&world.acme));
            is_refused(tx.repo::<AuditRecord>().delete(id, None).await.err());
            // There is one connection that writes.
            drop(tx);
            let mut tx = world.db.database().write(&world.db.scope(&world.acme));
            is_refused(tx.rewrite("x").await.err());
        }
        let kept = records(&world, &world.acme).await;
        assert_eq!((kept.len(), &*kept[0].object), (1, "thing:1"));
    }
}

#[tenant_repository(entity = AuditRecord)]
trait Forger {
    #[sql("UPDATE saas_audit SET object = :object WHERE {tenant}")]
    async fn rewrite(&mut self, object: &str) -> Result<u64>;
}

#[tokio::test]
async fn a_signal_arrives_with_the_commit_and_the_first_is_a_gap() {
    // Behind a pooler nothing arrives; its own test says so.
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let world = World::on(dialect).await;
        let patience = Duration::from_secs(30);
        let mut signals = world.db.database().signals("topic");
        let first = timeout(patience, signals.next()).await;
        assert_eq!(first, Ok(Signal::Gap));
        let scope = world.db.scope(&world.acme);
        let mut undone = world.db.database().write(&scope);
        undone.signal("topic", "undone".to_owned()).await.unwrap();
        undone.rollback().await.unwrap();
        for (topic, message) in [("another", "other"), ("topic", "done")] {
            let mut tx = world.db.database().write(&scope);
            tx.signal(topic, message.to_owned()).await.unwrap();
            tx.commit().await.unwrap();
        }
        let message = timeout(patience, signals.next()).await.unwrap();
        assert_eq!(message, Signal::Message("done".to_owned()));
    }
}

#[tokio::test]
async fn rba_19_a_cut_connection_is_a_gap() {
    let world = World::on(Dialect::Postgres).await;
    let patience = Duration::from_secs(10);
    let mut signals = world.db.database().signals("topic");
    assert_eq!(signals.next().await, Signal::Gap);
    world
        .db
        .as_superuser(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        )
        .await;
    // Sent while nobody listens, and lost; the gap says that something may have been.
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    tx.signal("topic", "lost".to_owned()).await.unwrap();
    tx.commit().await.unwrap();
    let next = timeout(patience, signals.next()).await.unwrap();
    assert_eq!(next, Signal::Gap);
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    tx.signal("topic", "heard".to_owned()).await.unwrap();
    tx.commit().await.unwrap();
    let next = timeout(patience, signals.next()).await.unwrap();
    assert_eq!(next, Signal::Message("heard".to_owned()));
}
