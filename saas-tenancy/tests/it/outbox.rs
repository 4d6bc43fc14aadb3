//! Events: published with their cause, delivered in their tenant.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use saas_core::TenantId;
use saas_tenancy::{
    Error, Reason, Scope, SystemScope, Tenant,
    outbox::{Delivered, Event, EventHandler, Failed, Outbox, OutboxConfig},
};

use tokio::sync::Notify;

use crate::world::World;

#[derive(Debug)]
struct Billing;

impl Reason for Billing {
    const NAME: &'static str = "billing";
    const WHY: &'static str = "a tenant that does not pay is suspended";
}

/// Notes what it gets, and fails for the kind `fails`.
#[derive(Default)]
struct Notes(Mutex<Vec<(TenantId, String, u32)>>);

#[async_trait]
impl EventHandler for Notes {
    async fn handle(&self, scope: &Scope, event: &Event) -> Result<(), Failed> {
        let text: String = event.payload()?;
        let note = (scope.tenant().id(), text, event.attempt());
        self.0.lock().unwrap().push(note);
        if event.kind() == "fails" {
            return Err("not today".into());
        }
        Ok(())
    }
}

impl Notes {
    fn take(&self) -> Vec<(TenantId, String, u32)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

async fn publish(world: &World, tenant: &Tenant, kind: &'static str, text: &str) {
    let mut tx = world.db.database().write(&world.db.scope(tenant));
    tx.publish(kind, text).await.unwrap();
    tx.commit().await.unwrap();
}

fn outbox(world: &World) -> Outbox {
    let config = OutboxConfig::default();
    Outbox::new(world.db.database().clone(), world.db.registry(), config)
}

fn counts(round: Delivered) -> (u64, u64, u64) {
    (round.delivered, round.failed, round.given_up)
}

#[tokio::test]
async fn an_event_comes_with_the_commit_and_in_its_tenant() {
    for world in World::all().await {
        let (notes, outbox) = (Notes::default(), outbox(&world));
        let mut undone = world.db.database().write(&world.db.scope(&world.acme));
        undone.publish("noted", "undone").await.unwrap();
        undone.rollback().await.unwrap();
        publish(&world, &world.acme, "noted", "one").await;
        publish(&world, &world.beta, "noted", "two").await;
        assert_eq!(counts(outbox.deliver(&notes).await.unwrap()), (2, 0, 0));
        let (acme, beta) = (world.acme.id(), world.beta.id());
        let mut got = notes.take();
        got.sort_by(|a, b| a.1.cmp(&b.1));
        assert_eq!(got, [(acme, "one".into(), 1), (beta, "two".into(), 1)]);
        assert_eq!(outbox.deliver(&notes).await.unwrap(), Delivered::default());
    }
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_and_given_up_at_last() {
    for world in World::all().await {
        let (notes, outbox) = (Notes::default(), outbox(&world));
        publish(&world, &world.acme, "fails", "x").await;
        for attempt in 1..=20 {
            let round = outbox.deliver(&notes).await.unwrap();
            let last = attempt == 20;
            assert_eq!(
                counts(round),
                if last { (0, 0, 1) } else { (0, 1, 0) },
                "{attempt}"
            );
            assert_eq!(notes.take(), [(world.acme.id(), "x".into(), attempt)]);
            // Not before its time.
            assert_eq!(outbox.deliver(&notes).await.unwrap(), Delivered::default());
            world.db.clock().advance(Duration::from_secs(3600));
        }
        assert_eq!(outbox.deliver(&notes).await.unwrap(), Delivered::default());
    }
}

/// Waits for ever, as a handler whose process dies.
#[derive(Default)]
struct Dies(Notify);

#[async_trait]
impl EventHandler for Dies {
    async fn handle(&self, _: &Scope, _: &Event) -> Result<(), Failed> {
        self.0.notify_one();
        std::future::pending().await
    }
}

/// Takes what is due, and dies over it.
async fn dies(outbox: &Outbox) {
    let dies = Dies::default();
    tokio::select! {
        delivered = outbox.deliver(&dies) => panic!("{delivered:?}"),
        () = dies.0.notified() => {}
    }
}

#[tokio::test]
async fn what_a_dead_instance_had_taken_is_delivered_after_its_lease() {
    for world in World::all().await {
        let (notes, outbox) = (Notes::default(), outbox(&world));
        publish(&world, &world.acme, "noted", "x").await;
        dies(&outbox).await;
        assert_eq!(outbox.deliver(&notes).await.unwrap(), Delivered::default());
        world.db.clock().advance(Duration::from_secs(301));
        assert_eq!(counts(outbox.deliver(&notes).await.unwrap()), (1, 0, 0));
        assert_eq!(notes.take(), [(world.acme.id(), "x".into(), 2)]);
    }
}

#[tokio::test]
async fn two_instances_deliver_an_event_once() {
    for world in World::all().await {
        let (notes, outbox) = (Notes::default(), outbox(&world));
        for at in 0..30 {
            publish(&world, &world.acme, "noted", &at.to_string()).await;
        }
        let mut all = 0;
        while all < 30 {
            let (one, two) = tokio::join!(outbox.deliver(&notes), outbox.deliver(&notes));
            for round in [one, two] {
                all += round.unwrap().delivered;
            }
        }
        let mut got: Vec<String> = notes.take().into_iter().map(|note| note.1).collect();
        got.sort_unstable();
        let once = got.len();
        got.dedup();
        assert_eq!((once, got.len(), all), (30, 30, 30));
    }
}

/// Panics, or takes for ever.
struct Breaks;

#[async_trait]
impl EventHandler for Breaks {
    async fn handle(&self, _: &Scope, event: &Event) -> Result<(), Failed> {
        assert_ne!(event.kind(), "panics", "as it does");
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_handler_that_panics_or_hangs_has_failed_and_stops_nobody() {
    for world in World::all().await {
        let mut config = OutboxConfig::default();
        (config.lease, config.max_attempts) = (Duration::from_millis(1).into(), 2);
        let outbox = Outbox::new(world.db.database().clone(), world.db.registry(), config);
        publish(&world, &world.acme, "panics", "x").await;
        publish(&world, &world.beta, "hangs", "y").await;
        assert_eq!(counts(outbox.deliver(&Breaks).await.unwrap()), (0, 2, 0));
        world.db.clock().advance(Duration::from_secs(10));
        assert_eq!(counts(outbox.deliver(&Breaks).await.unwrap()), (0, 0, 2));
    }
}

#[tokio::test]
async fn an_event_that_ends_every_process_is_given_up() {
    for world in World::all().await {
        let mut config = OutboxConfig::default();
        config.max_attempts = 3;
        let outbox = Outbox::new(world.db.database().clone(), world.db.registry(), config);
        publish(&world, &world.acme, "noted", "x").await;
        for _ in 0..3 {
            dies(&outbox).await;
            world.db.clock().advance(Duration::from_secs(301));
        }
        let notes = Notes::default();
        assert_eq!(counts(outbox.deliver(&notes).await.unwrap()), (0, 0, 1));
        assert_eq!(notes.take(), []);
    }
}

#[tokio::test]
async fn ten_22_the_events_of_a_suspended_tenant_wait() {
    for world in World::all().await {
        let (notes, outbox) = (Notes::default(), outbox(&world));
        publish(&world, &world.acme, "noted", "x").await;
        let (registry, billing) = (world.db.registry(), SystemScope::<Billing>::enter());
        registry.suspend(&billing, &world.acme).await.unwrap();
        assert_eq!(outbox.deliver(&notes).await.unwrap(), Delivered::default());
        registry.resume(&billing, &world.acme).await.unwrap();
        assert_eq!(counts(outbox.deliver(&notes).await.unwrap()), (1, 0, 0));
    }
}

#[tokio::test]
async fn a_payload_has_a_bound() {
    let world = World::on(saas_tenancy::Dialect::Sqlite).await;
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    let long = "x".repeat(64 * 1024);
    assert!(matches!(
        tx.publish("noted", &long).await,
        Err(Error::InvalidValue(_))
    ));
}
