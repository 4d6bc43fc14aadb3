//! Devices on which a second factor need not be proven again.

use std::time::Duration;

use saas_auth::{
    Device, Entry,
    mfa::{Proof, Requirement},
};
use saas_core::{Level, Secret, UserId};
use saas_tenancy::{Dialect, Tenant};

use crate::{
    second::{App, enrolled, everybody, rules, scope},
    world::{PASSWORD, World},
};

const ANN: &str = "ann@acme.test";
const MONTH: Duration = Duration::from_secs(30 * 86_400);

async fn remembering(dialect: Dialect) -> (World, UserId, App, Vec<String>) {
    let world = World::with(dialect, |config| config.mfa.remember = MONTH.into()).await;
    let ann = world.person(&world.acme, ANN).await;
    world.join(&world.beta, ann, ANN).await;
    let (app, codes) = enrolled(&world, ANN).await;
    (world, ann, app, codes)
}

/// Signs in with a password on a device that may be remembered.
async fn enter(
    world: &World,
    tenant: &Tenant,
    email: &str,
    kept: Option<&Secret<String>>,
) -> Entry {
    let doors = world.identity.sign_ins();
    let (password, device) = (Secret::from(PASSWORD), Device::default());
    doors
        .by_password_on(tenant, email, &password, &device, kept)
        .await
        .unwrap()
}

/// Proves a second factor and has the device remembered.
async fn remembered(world: &World, proof: &Proof) -> Option<Secret<String>> {
    let Entry::Pending(pending) = enter(world, &world.acme, ANN, None).await else {
        panic!("nothing is wanted");
    };
    let token = pending.token(world.db.database().keys()).unwrap();
    let doors = world.identity.sign_ins();
    let device = Device::default();
    let entry = doors.by_second_factor(&world.acme, &token, proof, &device);
    let who = entry.await.unwrap().authenticated().unwrap();
    world
        .identity
        .second_factors()
        .remember(&who)
        .await
        .unwrap()
}

async fn by_app(world: &World, app: &App) -> Secret<String> {
    world.db.clock().advance(Duration::from_secs(60));
    let code = Secret::new(app.code(world.db.now()));
    remembered(world, &Proof::Totp(code)).await.unwrap()
}

fn is_in(entry: &Entry) -> bool {
    matches!(entry, Entry::Authenticated(_))
}

#[tokio::test]
async fn mfa_11_a_remembered_device_stands_in_for_the_factor_of_one_person_in_one_tenant() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let (world, _, app, _) = remembering(dialect).await;
        let kept = by_app(&world, &app).await;
        let kept = Some(&kept);
        let who = enter(&world, &world.acme, ANN, kept)
            .await
            .authenticated()
            .unwrap();
        assert_eq!(who.methods(), ["pwd", "device"]);
        assert_eq!(Level::of(who.methods()), Level::Aal1);
        // Neither elsewhere, nor for somebody else, nor with another text.
        assert!(!is_in(&enter(&world, &world.beta, ANN, kept).await));
        let bob = world.person(&world.acme, "bob@acme.test").await;
        rules(&world, &world.acme, &everybody(Requirement::Required)).await;
        assert!(!is_in(
            &enter(&world, &world.acme, "bob@acme.test", kept).await
        ));
        for wrong in ["", "x", &"A".repeat(43), &"A".repeat(100_000)] {
            let wrong = Secret::from(wrong);
            assert!(!is_in(&enter(&world, &world.acme, ANN, Some(&wrong)).await));
        }
        // It is enough for the rule, and no passkey.
        assert!(is_in(&enter(&world, &world.acme, ANN, kept).await));
        rules(&world, &world.acme, &everybody(Requirement::Passkey)).await;
        assert!(!is_in(&enter(&world, &world.acme, ANN, kept).await));
        rules(&world, &world.acme, &[]).await;
        // It ends by itself.
        assert!(is_in(&enter(&world, &world.acme, ANN, kept).await));
        world.db.clock().advance(MONTH);
        assert!(!is_in(&enter(&world, &world.acme, ANN, kept).await));
        let factors = world.identity.second_factors();
        assert_eq!(factors.remembered(bob).await.unwrap(), []);
    }
}

#[tokio::test]
async fn mfa_11_a_remembered_device_ends_with_the_password_the_factor_and_its_holders_wish() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let (world, ann, app, codes) = remembering(dialect).await;
        let factors = world.identity.second_factors();
        // A recovery code is the sign of a loss.
        let recovery = Proof::Recovery(Secret::from(codes[0].as_str()));
        assert!(remembered(&world, &recovery).await.is_none());

        let kept = by_app(&world, &app).await;
        let list = factors.remembered(ann).await.unwrap();
        assert_eq!(list.len(), 1);
        // The session of another tenant's member forgets nothing of hers.
        world.person(&world.acme, "bob@acme.test").await;
        let bob = scope(&world, &world.acme, "bob@acme.test").await;
        assert!(!factors.forget(&bob, list[0].id).await.unwrap());
        assert!(is_in(&enter(&world, &world.acme, ANN, Some(&kept)).await));
        let registry = world.db.registry();
        let hers = world.db.principal(world.acme.id(), ann);
        let hers = registry.admit(hers).await.unwrap();
        assert!(factors.forget(&hers, list[0].id).await.unwrap());
        assert!(!is_in(&enter(&world, &world.acme, ANN, Some(&kept)).await));

        let kept = by_app(&world, &app).await;
        assert!(is_in(&enter(&world, &world.acme, ANN, Some(&kept)).await));
        let changed = world
            .system(
                "UPDATE saas_accounts SET generation = generation + 1 WHERE email = 'ann@acme.test'",
                &[],
            )
            .await;
        assert_eq!(changed, 1);
        assert!(!is_in(&enter(&world, &world.acme, ANN, Some(&kept)).await));

        let kept = by_app(&world, &app).await;
        assert!(is_in(&enter(&world, &world.acme, ANN, Some(&kept)).await));
        factors
            .reset(&world.db.scope(&world.acme), ann)
            .await
            .unwrap_err();
        let all = factors.list(ann).await.unwrap();
        let token = {
            world.db.clock().advance(Duration::from_secs(60));
            let pending = crate::second::pending(&world, &world.acme, ANN).await;
            let code = app.code(world.db.now());
            let proof = ("otp", code.as_str());
            crate::second::second(&world, &world.acme, &pending, proof).await
        };
        let principal = world
            .identity
            .verifier()
            .verify(&token.field("access_token"));
        let fresh = world.db.registry().admit(principal.unwrap()).await.unwrap();
        let fresh = factors.stepped_up(&fresh).await.unwrap();
        assert!(factors.remove(&fresh, all[0].id).await.unwrap());
        assert_eq!(factors.remembered(ann).await.unwrap(), []);
        rules(&world, &world.acme, &everybody(Requirement::Required)).await;
        assert!(!is_in(&enter(&world, &world.acme, ANN, Some(&kept)).await));
    }
}

#[tokio::test]
async fn whoever_signs_out_everywhere_is_remembered_in_no_tenant() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let (world, ann, app, _) = remembering(dialect).await;
        let kept = by_app(&world, &app).await;
        assert!(is_in(&enter(&world, &world.acme, ANN, Some(&kept)).await));
        let sessions = world.identity.sessions();
        let bob = world.person(&world.acme, "bob@acme.test").await;
        sessions.end_everywhere(bob, None).await.unwrap();
        assert!(is_in(&enter(&world, &world.acme, ANN, Some(&kept)).await));
        // A device is forgotten in its own tenant only.
        let factors = world.identity.second_factors();
        let id = factors.remembered(ann).await.unwrap()[0].id;
        let there = world.db.principal(world.beta.id(), ann);
        let there = world.db.registry().admit(there).await.unwrap();
        assert!(!factors.forget(&there, id).await.unwrap());
        sessions.end_everywhere(ann, None).await.unwrap();
        assert!(!is_in(&enter(&world, &world.acme, ANN, Some(&kept)).await));
        assert_eq!(factors.remembered(ann).await.unwrap(), []);
    }
}

#[tokio::test]
async fn nothing_is_remembered_unless_it_is_configured() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    let (app, _) = enrolled(&world, ANN).await;
    let code = Secret::new(app.code(world.db.now()));
    assert!(remembered(&world, &Proof::Totp(code)).await.is_none());
}

#[tokio::test]
async fn the_twenty_first_device_takes_the_place_of_the_first() {
    let (world, ann, app, _) = remembering(Dialect::Sqlite).await;
    let first = by_app(&world, &app).await;
    for _ in 0..20 {
        by_app(&world, &app).await;
    }
    let factors = world.identity.second_factors();
    assert_eq!(factors.remembered(ann).await.unwrap().len(), 20);
    assert!(!is_in(&enter(&world, &world.acme, ANN, Some(&first)).await));
}
