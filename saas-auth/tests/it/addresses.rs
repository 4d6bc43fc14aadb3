//! Whose an address is.

use std::time::Duration;

use saas_auth::{Confirmed, Device, Error, Membership};
use saas_core::{Secret, UserId};
use saas_tenancy::{Column as _, Dialect, Scope};

use crate::{
    post::Post,
    world::{PASSWORD, World},
};

const ANN: &str = "ann@acme.test";
const NEW: &str = "Ann@new.test";

async fn signed_in(world: &World) -> (UserId, Scope) {
    let ann = world.person(&world.acme, ANN).await;
    world.join(&world.beta, ann, ANN).await;
    let principal = world.db.principal(world.acme.id(), ann);
    (ann, world.db.registry().admit(principal).await.unwrap())
}

async fn ask(world: &World, scope: &Scope, email: &str) -> Result<(), Error> {
    let password = Secret::from(PASSWORD);
    let email = email.parse().unwrap();
    world
        .identity
        .addresses()
        .ask_change(scope, &password, &email, &Device::default())
        .await
}

async fn confirm(world: &World, token: &Secret<String>) -> Result<Confirmed, Error> {
    world.identity.addresses().confirm(&world.acme, token).await
}

async fn told(world: &World, tenant: &saas_tenancy::Tenant, user: UserId) -> String {
    let mut tx = world.db.database().read(&world.db.scope(tenant));
    let member = tx.repo::<Membership>().get(Membership::id_of(user)).await;
    member.unwrap().email
}

#[tokio::test]
async fn an_address_is_verified_by_whoever_reads_its_mail() {
    for world in World::all().await {
        let post = Post::of(&world);
        let (ann, scope) = signed_in(&world).await;
        let ask = async || {
            let mut tx = world.db.database().write(&scope);
            let addresses = world.identity.addresses();
            addresses.ask_verification(&mut tx, ann).await.unwrap();
            tx.commit().await.unwrap();
        };
        let verified = async || {
            let account = world.identity.accounts().by_id(ann).await.unwrap();
            account.unwrap().is_verified()
        };
        ask().await;
        let letter = post.one().await;
        assert_eq!((letter.template, &*letter.to), ("auth/verify-address", ANN));
        let token = letter.token();
        let looked = world.identity.addresses().look(&world.acme, &token).await;
        assert_eq!(looked.unwrap().as_str(), ANN);
        assert!(!verified().await);
        assert_eq!(confirm(&world, &token).await.unwrap(), Confirmed::Address);
        assert!(verified().await);
        assert!(matches!(confirm(&world, &token).await, Err(Error::Link)));
        // There is nothing left to ask for.
        ask().await;
        assert!(post.deliver().await.is_empty());
    }
}

#[tokio::test]
async fn pwd_15_the_old_address_stays_until_the_new_one_is_proven_and_both_are_told() {
    for world in World::all().await {
        let post = Post::of(&world);
        let (ann, scope) = signed_in(&world).await;
        ask(&world, &scope, NEW).await.unwrap();
        let letters = post.deliver().await;
        let sent: Vec<_> = letters.iter().map(|l| (l.template, &*l.to)).collect();
        assert_eq!(
            sent,
            [
                ("auth/change-address", NEW),
                ("auth/change-address-notice", ANN)
            ]
        );
        let token = letters[0].token();
        assert_eq!(world.sign_in(&world.acme, ANN, PASSWORD).await.status, 200);
        assert_eq!(world.sign_in(&world.acme, NEW, PASSWORD).await.status, 400);
        // A link to the old address dies with it.
        let reset = post.reset_token(&world, &world.beta, ANN).await;
        assert_eq!(confirm(&world, &token).await.unwrap(), Confirmed::Change);
        assert_eq!(world.sign_in(&world.acme, ANN, PASSWORD).await.status, 400);
        assert_eq!(world.sign_in(&world.acme, NEW, PASSWORD).await.status, 200);
        let changes = world.identity.password_changes();
        let dead = changes.look(&world.beta, &reset).await;
        assert!(matches!(dead, Err(Error::Link)));
        let letter = post.one().await;
        assert_eq!(
            (letter.template, &*letter.to),
            ("auth/address-changed", ANN)
        );
        // The tenant in which it was asked for knows; the other was not told.
        assert_eq!(told(&world, &world.acme, ann).await, NEW);
        assert_eq!(told(&world, &world.beta, ann).await, ANN);
        // The old one is free.
        world.person(&world.beta, ANN).await;
    }
}

#[tokio::test]
async fn a_change_needs_the_password_of_its_holder() {
    for world in World::all().await {
        let post = Post::of(&world);
        let (ann, scope) = signed_in(&world).await;
        let email = NEW.parse().unwrap();
        let wrong = Secret::from("not the password");
        let addresses = world.identity.addresses();
        let refused = addresses
            .ask_change(&scope, &wrong, &email, &Device::default())
            .await;
        assert!(matches!(refused, Err(Error::Credentials)));
        let provisional = "UPDATE saas_accounts SET provisional = (1 = 1) WHERE id = $1";
        world.system(provisional, &[ann.to_value()]).await;
        let refused = ask(&world, &scope, NEW).await;
        assert!(matches!(refused, Err(Error::Provisional)));
        assert!(post.deliver().await.is_empty());
    }
}

#[tokio::test]
async fn pwd_02_a_taken_address_is_told_by_nothing() {
    for world in World::all().await {
        let post = Post::of(&world);
        let (_, scope) = signed_in(&world).await;
        world.person(&world.beta, "bob@beta.test").await;
        ask(&world, &scope, "BOB@beta.test").await.unwrap();
        let letter = post.one().await;
        assert_eq!(
            (letter.template, &*letter.to),
            ("auth/change-address-notice", ANN)
        );
        // One that is taken only after the letter went out.
        ask(&world, &scope, NEW).await.unwrap();
        let token = post.deliver().await[0].token();
        world.person(&world.beta, "ann@new.test").await;
        assert!(matches!(confirm(&world, &token).await, Err(Error::Link)));
        assert_eq!(world.sign_in(&world.acme, ANN, PASSWORD).await.status, 200);
    }
}

#[tokio::test]
async fn who_finds_somebody_at_it_stops_a_change_by_changing_the_password() {
    for world in World::all().await {
        let post = Post::of(&world);
        let (_, scope) = signed_in(&world).await;
        // Once before and once after the letter has gone out.
        ask(&world, &scope, NEW).await.unwrap();
        let token = post.deliver().await[0].token();
        ask(&world, &scope, "other@new.test").await.unwrap();
        let changes = world.identity.password_changes();
        let (old, new) = (
            Secret::from(PASSWORD),
            Secret::from("another good password"),
        );
        changes
            .change(&scope, &old, &new, &Device::default())
            .await
            .unwrap();
        assert!(matches!(confirm(&world, &token).await, Err(Error::Link)));
        assert_eq!(post.one().await.template, "auth/password-changed");
    }
}

#[tokio::test]
async fn a_change_can_be_confirmed_for_a_day() {
    let world = World::on(Dialect::Sqlite).await;
    let post = Post::of(&world);
    let (_, scope) = signed_in(&world).await;
    ask(&world, &scope, NEW).await.unwrap();
    let token = post.deliver().await[0].token();
    world.db.clock().advance(Duration::from_secs(86_400));
    assert!(matches!(confirm(&world, &token).await, Err(Error::Link)));
}
