//! Where a passkey may be used, and whose it is.

use saas_auth::{AuthConfig, Error};
use saas_tenancy::Dialect;
use serde_json::Value;

use super::{
    ANN, ORIGIN, alone, authenticator::Authenticator, enrol, person, second, world, worlds,
};
use crate::world::World;

const ELSEWHERE: &[&str] = &[
    "https://badapp.example",
    "https://www.app.example",
    "https://app.example.evil.test",
    "https://app.example:8443",
    "https://app.example:443",
    "https://app.example/",
    "https://app.example/t/acme",
    "http://app.example",
    "https://APP.example",
    "https://evil@app.example",
    "null",
];

#[tokio::test]
async fn mfa_16_a_page_elsewhere_gets_nothing_enrolled() {
    for world in worlds().await {
        world.person(&world.acme, ANN).await;
        for origin in ELSEWHERE {
            let mut device = Authenticator::new(origin);
            let refused = enrol(&world, &mut device, ANN).await;
            assert!(
                matches!(refused, Err(Error::Passkey)),
                "{origin}: {refused:?}"
            );
        }
        let mut device = Authenticator::new(ORIGIN);
        device.cross_origin = true;
        let framed = enrol(&world, &mut device, ANN).await;
        assert!(matches!(framed, Err(Error::Passkey)), "{framed:?}");
        let mut device = Authenticator::new(ORIGIN);
        device.rp_id = Some("example".to_owned());
        let other = enrol(&world, &mut device, ANN).await;
        assert!(matches!(other, Err(Error::Passkey)), "{other:?}");
        enrol(&world, &mut Authenticator::new(ORIGIN), ANN)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn mfa_16_a_page_elsewhere_gets_nobody_in() {
    for world in worlds().await {
        let mut device = person(&world, ANN).await;
        for origin in ELSEWHERE {
            device.origin = (*origin).to_owned();
            let refused = alone(&world, &world.acme, |options| device.get(options)).await;
            assert!(
                matches!(refused, Err(Error::Credentials)),
                "{origin}: {refused:?}"
            );
            let refused = second(&world, &world.acme, ANN, |options| device.get(options)).await;
            assert!(
                matches!(refused, Err(Error::SecondFactor)),
                "{origin}: {refused:?}"
            );
            // The tries are not what is tested here.
            world
                .db
                .clock()
                .advance(std::time::Duration::from_secs(301));
        }
        device.origin = ORIGIN.to_owned();
        device.cross_origin = true;
        let framed = second(&world, &world.acme, ANN, |options| device.get(options)).await;
        assert!(matches!(framed, Err(Error::SecondFactor)), "{framed:?}");
        device.cross_origin = false;
        device.rp_id = Some("badapp.example".to_owned());
        let other = second(&world, &world.acme, ANN, |options| device.get(options)).await;
        assert!(matches!(other, Err(Error::SecondFactor)), "{other:?}");
        device.rp_id = None;
        alone(&world, &world.acme, |options| device.get(options))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn mfa_17_who_a_device_says_its_holder_is_has_to_be_true() {
    let world = world().await;
    let mut ann = person(&world, ANN).await;
    let bob = alone(&world, &world.acme, {
        let bob = person(&world, "bob@acme.test").await;
        move |options: &str| bob.get(options)
    });
    let bob = bob.await.unwrap().user().as_uuid().as_bytes().to_vec();
    for user in [bob, Vec::new(), vec![0; 16], vec![0; 1000]] {
        ann.user = Some(user);
        let alone = alone(&world, &world.acme, |options| ann.get(options)).await;
        assert!(matches!(alone, Err(Error::Credentials)), "{alone:?}");
        let second = second(&world, &world.acme, ANN, |options| ann.get(options)).await;
        assert!(matches!(second, Err(Error::SecondFactor)), "{second:?}");
    }
    // Alone it has to say it, after a password it may.
    world
        .db
        .clock()
        .advance(std::time::Duration::from_secs(301));
    ann.user = None;
    let silent = |options: &str| {
        let mut made = ann.get(options);
        made["response"]["userHandle"] = Value::Null;
        made
    };
    let alone = alone(&world, &world.acme, silent).await;
    assert!(matches!(alone, Err(Error::Credentials)), "{alone:?}");
    second(&world, &world.acme, ANN, silent).await.unwrap();
}

#[tokio::test]
async fn mfa_21_below_one_parent_a_page_of_another_tenant_gets_nobody_in() {
    let hosts = |config: &mut AuthConfig| {
        config.token.issuer = ORIGIN.to_owned();
        config.link.pages = "https://{tenant}.app.example".to_owned();
        config.passkeys.rp_id = "app.example".to_owned();
        config.passkeys.origins = vec!["https://console.app.example".to_owned()];
    };
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let world = World::with(dialect, hosts).await;
        let ann = world.person(&world.acme, ANN).await;
        world.join(&world.beta, ann, ANN).await;
        let mut device = Authenticator::new("https://acme.app.example");
        enrol(&world, &mut device, ANN).await.unwrap();
        // The browser lets every page below the parent ask. The answer says which it was.
        for (origin, acme, beta) in [
            ("https://acme.app.example", true, false),
            ("https://beta.app.example", false, true),
            ("https://console.app.example", true, true),
            ("https://app.example", false, false),
        ] {
            device.origin = origin.to_owned();
            for (tenant, good) in [(&world.acme, acme), (&world.beta, beta)] {
                let entry = alone(&world, tenant, |options| device.get(options)).await;
                assert_eq!(entry.is_ok(), good, "{origin}: {entry:?}");
            }
        }
    }
}

#[tokio::test]
async fn mfa_22_a_passkey_is_worth_nothing_in_the_row_of_another() {
    for world in worlds().await {
        person(&world, ANN).await;
        let bob = person(&world, "bob@acme.test").await;
        // Who writes to the database gives Ann's account the key of Bob.
        let moved = "UPDATE saas_factors SET account_id = (SELECT id FROM saas_accounts WHERE email = 'ann@acme.test') \
                     WHERE account_id = (SELECT id FROM saas_accounts WHERE email = 'bob@acme.test')";
        assert_eq!(world.system(moved, &[]).await, 1);
        let mut bob = bob;
        let who = world
            .identity
            .accounts()
            .by_email(&ANN.parse().unwrap())
            .await;
        bob.user = Some(who.unwrap().unwrap().id().as_uuid().as_bytes().to_vec());
        let refused = alone(&world, &world.acme, |options| bob.get(options)).await;
        assert!(matches!(refused, Err(Error::Credentials)), "{refused:?}");
    }
}
