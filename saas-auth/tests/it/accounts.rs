//! Accounts and memberships: one person, one login, many tenants.

use std::sync::Arc;

use saas_auth::{Device, Email, Error, Membership};
use saas_core::{Code, Granted, Problem, Secret, TenantId};
use saas_tenancy::{Column as _, Dialect, PageQuery, SystemScope, verify};
use saas_testkit::TestSetup;

use crate::world::{MODULES, PASSWORD, World, at_once};

#[tokio::test]
async fn the_tables_are_guarded_as_declared() {
    for world in World::all().await {
        assert_eq!(verify(world.db.database(), MODULES).await.unwrap(), []);
    }
}

#[tokio::test]
async fn pwd_07_one_address_has_one_account_in_every_spelling() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let hash = {
            let password = world
                .identity
                .passwords()
                .check(&Secret::from(PASSWORD), &[])
                .await
                .unwrap();
            world.identity.passwords().hash(&password).await.unwrap()
        };
        for spelling in ["Ann@ACME.test", "ａｎｎ@acme.test", "ann＠acme．test"] {
            let email: Email = spelling.parse().unwrap();
            let account = world
                .identity
                .accounts()
                .by_email(&email)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(account.id(), ann, "{spelling}");
            assert_eq!(account.email(), "ann@acme.test");
            let scope = SystemScope::<TestSetup>::enter();
            let mut tx = world.db.database().system_write(&scope);
            let taken = world
                .identity
                .accounts()
                .create(&mut tx, &email, &hash)
                .await;
            assert!(matches!(taken, Err(Error::EmailTaken)), "{spelling}");
            // The transaction can go on.
            tx.commit().await.unwrap();
        }
        let problem = Problem::from(Error::EmailTaken);
        assert_eq!(problem.code(), Code::EMAIL_TAKEN);
    }
}

#[tokio::test]
async fn of_many_sign_ups_with_one_address_one_makes_the_account() {
    for world in World::all().await {
        let world = Arc::new(world);
        let password = world
            .identity
            .passwords()
            .check(&Secret::from(PASSWORD), &[])
            .await
            .unwrap();
        let hash = world.identity.passwords().hash(&password).await.unwrap();
        let made = at_once(12, |_| {
            let (world, hash) = (world.clone(), hash.clone());
            Box::pin(async move {
                let scope = SystemScope::<TestSetup>::enter();
                let mut tx = world.db.database().system_write(&scope);
                let email = "ann@acme.test".parse().unwrap();
                let made = world
                    .identity
                    .accounts()
                    .create(&mut tx, &email, &hash)
                    .await;
                tx.commit().await.unwrap();
                made.is_ok()
            })
        });
        let made = made.await;
        assert_eq!(made.iter().filter(|made| **made).count(), 1);
    }
}

#[tokio::test]
async fn a_person_sees_their_own_tenants_and_nobody_elses() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let bob = world.person(&world.beta, "bob@beta.test").await;
        world.join(&world.beta, ann, "ann@acme.test").await;
        let tenants = async |user| world.identity.accounts().tenants_of(user).await.unwrap();
        assert_eq!(tenants(bob).await, [world.beta.id()]);
        let mut of_ann: Vec<TenantId> = tenants(ann).await;
        of_ann.sort();
        let mut both = vec![world.acme.id(), world.beta.id()];
        both.sort();
        assert_eq!(of_ann, both);
        assert_eq!(tenants(saas_core::Id::generate()).await, []);
    }
}

#[tokio::test]
async fn a_tenant_sees_its_own_members_and_no_account() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        world.person(&world.beta, "bob@beta.test").await;
        let scope = world.db.scope(&world.acme);
        let mut tx = world.db.database().read(&scope);
        let members = tx.repo::<Membership>().list(PageQuery::new()).await;
        let emails: Vec<_> = members
            .unwrap()
            .items
            .into_iter()
            .map(|member| member.email)
            .collect();
        assert_eq!(emails, ["ann@acme.test"]);
        if world.db.dialect() == Dialect::Postgres {
            // Hand-written SQL without a tenant: the database itself holds the wall.
            for (sql, expected) in [
                ("SELECT id FROM saas_memberships", 1),
                ("SELECT id FROM saas_accounts", 0),
                ("SELECT id FROM saas_refresh_tokens", 0),
            ] {
                let rows = tx.rls_only(sql, &[]).await.unwrap();
                assert_eq!(rows.len(), expected, "{sql}");
            }
        }
    }
}

#[tokio::test]
async fn the_service_itself_sees_no_membership_but_those_of_the_named_person() {
    let world = World::on(Dialect::Postgres).await;
    let ann = world.person(&world.acme, "ann@acme.test").await;
    world.person(&world.beta, "bob@beta.test").await;
    let scope = SystemScope::<TestSetup>::enter();
    let all = "SELECT id FROM saas_memberships";
    let mut tx = world.db.database().system_read(&scope);
    assert_eq!(tx.fetch_all(all, &[]).await.unwrap().len(), 0);
    drop(tx);
    let mut tx = world.db.database().system_write(&scope).for_user(ann);
    assert_eq!(tx.fetch_all(all, &[]).await.unwrap().len(), 1);
    // To see one's own rows gives no right to change them from outside their tenant.
    let change = "UPDATE saas_memberships SET name = 'x' WHERE id = $1";
    assert_eq!(tx.execute(change, &[ann.to_value()]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_membership_needs_an_account() {
    for world in World::all().await {
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let new = saas_auth::NewMembership::new("ghost@acme.test", "Ghost");
        let id = saas_core::Id::generate();
        let inserted = tx.repo::<Membership>().insert_as(id, new).await;
        assert!(matches!(inserted, Err(saas_tenancy::Error::Reference(_))));
    }
}

#[tokio::test]
async fn nothing_that_is_printed_shows_a_secret() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let email = "ann@acme.test".parse().unwrap();
    let account = world
        .identity
        .accounts()
        .by_email(&email)
        .await
        .unwrap()
        .unwrap();
    let doors = world.identity.sign_ins();
    let (password, device) = (Secret::from(PASSWORD), Device::default());
    let who = doors.by_password(&world.acme, "ann@acme.test", &password, &device);
    let who = who.await.unwrap().authenticated().unwrap();
    let refresh = world.identity.refresh_tokens();
    let issued = refresh.begin(&who, "c", &Granted::All).await.unwrap();
    let started = world.identity.sessions().begin(&who).await.unwrap();
    let printed = format!(
        "{account:?} {who:?} {:?} {issued:?} {started:?} {:?} {:?} {refresh:?}",
        world.identity.passwords(),
        world.identity.keys(),
        world.identity.verifier()
    );
    assert!(!printed.contains("$argon2"), "{printed}");
    assert!(!printed.contains(issued.expose()), "{printed}");
    assert!(!printed.contains("srt_"), "{printed}");
    assert!(!printed.contains(started.secret().expose()), "{printed}");
}

#[test]
fn the_guards_are_those_of_the_entities() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/migrations/postgres/0002_guards.sql"
    );
    saas_testkit::assert_reference(file, &saas_auth::MODULE.guards());
}
