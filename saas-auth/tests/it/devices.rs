//! Devices without a browser (RFC 8628).

use std::{sync::Arc, time::Duration};

use saas_auth::{Error, oauth::GrantType};
use saas_tenancy::{Dialect, Tenant};

use crate::{
    desk::{Desk, post},
    flow::{Browser, OURS},
    world::{Answer, World, at_once},
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn asks(desk: &Desk, world: &World, tenant: &Tenant, scope: &str) -> (String, String) {
    let form = [("scope", scope)];
    let answer = desk.post(world, tenant, "/oauth/device", &form).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let code = answer.field("user_code");
    let issuer = format!(
        "{}/t/{}",
        world.identity.config().token.issuer,
        tenant.slug()
    );
    assert_eq!(answer.field("verification_uri"), format!("{issuer}/device"));
    assert_eq!(
        answer.field("verification_uri_complete"),
        format!("{issuer}/device?user_code={code}")
    );
    assert_eq!(
        (
            answer.json()["expires_in"].as_i64(),
            answer.json()["interval"].as_i64()
        ),
        (Some(600), Some(5))
    );
    (answer.field("device_code"), code)
}

async fn polls(desk: &Desk, world: &World, tenant: &Tenant, code: &str) -> Answer {
    let form = [("grant_type", GRANT), ("device_code", code)];
    desk.post(world, tenant, "/oauth/token", &form).await
}

async fn told(desk: &Desk, world: &World, code: &str) -> String {
    let answer = polls(desk, world, &world.acme, code).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    answer.field("error")
}

#[tokio::test]
async fn a_device_waits_for_the_person_and_gets_its_tokens_once() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let session = browser.session.as_ref().unwrap();
        let desk = Desk::open(&world, &world.acme).await;
        let (device, user) = asks(&desk, &world, &world.acme, "openid projects:read").await;
        assert_eq!(told(&desk, &world, &device).await, "authorization_pending");
        let devices = world.identity.devices();
        let asking = devices
            .find(&world.acme, session, &user.to_lowercase())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(asking.client.id, desk.id);
        assert_eq!(asking.scopes, ["openid", "projects:read"]);
        assert!(devices.allow(&world.acme, session, &user).await.unwrap());
        // An answer is given once.
        assert!(!devices.allow(&world.acme, session, &user).await.unwrap());
        assert!(!devices.deny(&world.acme, session, &user).await.unwrap());
        world.db.clock().advance(Duration::from_secs(5));
        let given = polls(&desk, &world, &world.acme, &device).await;
        assert_eq!(given.status, 200, "{given:?}");
        assert_eq!(given.field("scope"), "openid projects:read");
        let holder = world
            .identity
            .verifier()
            .verify(&given.field("access_token"))
            .unwrap();
        assert_eq!(holder.subject(), ann);
        assert_eq!(holder.authenticated_at(), session.authenticated_at);
        assert_eq!(
            crate::desk::read(&given.field("id_token")).1["sub"],
            ann.to_string()
        );
        assert!(given.json()["refresh_token"].is_string());
        assert_eq!(told(&desk, &world, &device).await, "invalid_grant");
        // What was allowed is known, and can be taken back.
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let consents = world.identity.consents();
        assert_eq!(
            consents.list(&mut tx, ann).await.unwrap()[0].client,
            desk.id
        );
        assert!(consents.withdraw(&mut tx, ann, &desk.id).await.unwrap());
        tx.commit().await.unwrap();
        assert!(
            world
                .identity
                .verifier()
                .verify(&given.field("access_token"))
                .is_err()
        );
    }
}

#[tokio::test]
async fn a_device_that_hurries_waits_longer() {
    for world in World::all().await {
        let desk = Desk::open(&world, &world.acme).await;
        let (device, _) = asks(&desk, &world, &world.acme, "").await;
        let clock = world.db.clock();
        let after = async |seconds| {
            clock.advance(Duration::from_secs(seconds));
            told(&desk, &world, &device).await
        };
        assert_eq!(after(0).await, "authorization_pending");
        assert_eq!(after(4).await, "slow_down");
        assert_eq!(after(9).await, "slow_down");
        assert_eq!(after(15).await, "authorization_pending");
        assert_eq!(after(14).await, "slow_down");
        assert_eq!(after(20).await, "authorization_pending");
        assert_eq!(after(600).await, "expired_token");
    }
}

#[tokio::test]
async fn who_is_refused_learns_it() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let session = browser.session.as_ref().unwrap();
        let desk = Desk::open(&world, &world.acme).await;
        let (device, user) = asks(&desk, &world, &world.acme, "projects:read").await;
        assert!(
            world
                .identity
                .devices()
                .deny(&world.acme, session, &user)
                .await
                .unwrap()
        );
        assert_eq!(told(&desk, &world, &device).await, "access_denied");
    }
}

#[tokio::test]
async fn of_many_polls_at_once_one_gets_the_tokens() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let desk = Desk::open(&world, &world.acme).await;
        let (device, user) = asks(&desk, &world, &world.acme, "projects:read").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let session = browser.session.clone().unwrap();
        drop(browser);
        assert!(
            world
                .identity
                .devices()
                .allow(&world.acme, &session, &user)
                .await
                .unwrap()
        );
        let shared = Arc::new((world, desk, device));
        let answers = at_once(20, |_| {
            let shared = shared.clone();
            Box::pin(async move {
                let (world, desk, device) = &*shared;
                polls(desk, world, &world.acme, device)
                    .await
                    .status
                    .as_u16()
            })
        });
        let given = answers
            .await
            .into_iter()
            .filter(|status| *status == 200)
            .count();
        assert_eq!(given, 1);
    }
}

#[tokio::test]
async fn guesses_are_counted_for_each_person() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        world.person(&world.acme, "bob@acme.test").await;
        let ann = Browser::of(&world, &world.acme, "ann@acme.test")
            .await
            .session
            .unwrap();
        let bob = Browser::of(&world, &world.acme, "bob@acme.test")
            .await
            .session
            .unwrap();
        let desk = Desk::open(&world, &world.acme).await;
        let (_, user) = asks(&desk, &world, &world.acme, "projects:read").await;
        let devices = world.identity.devices();
        for guess in ["BBBB-BBBB", "x", "", "CCCC-CCCC", "????"].repeat(2) {
            assert_eq!(devices.find(&world.acme, &ann, guess).await.unwrap(), None);
        }
        for _ in 0..2 {
            let right = devices.find(&world.acme, &ann, &user).await;
            assert!(matches!(right, Err(Error::TooManyTries)), "{right:?}");
            let right = devices.allow(&world.acme, &ann, &user).await;
            assert!(matches!(right, Err(Error::TooManyTries)), "{right:?}");
        }
        assert!(
            devices
                .find(&world.acme, &bob, &user)
                .await
                .unwrap()
                .is_some()
        );
        world.db.clock().advance(Duration::from_secs(600));
        let (_, user) = asks(&desk, &world, &world.acme, "projects:read").await;
        assert!(
            devices
                .find(&world.acme, &ann, &user)
                .await
                .unwrap()
                .is_some()
        );
    }
}

#[tokio::test]
async fn fifty_guesses_at_once_are_ten() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let ann = Browser::of(&world, &world.acme, "ann@acme.test")
            .await
            .session
            .unwrap();
        let shared = Arc::new((world, ann));
        let tried = at_once(50, |_| {
            let shared = shared.clone();
            Box::pin(async move {
                let (world, ann) = &*shared;
                let devices = world.identity.devices();
                devices.find(&world.acme, ann, "BBBB-BBBB").await.is_ok()
            })
        });
        let tried = tried.await.into_iter().filter(|tried| *tried).count();
        assert_eq!(tried, 10);
    }
}

#[tokio::test]
async fn a_code_is_of_its_client_and_its_tenant() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        world.join(&world.beta, ann, "ann@acme.test").await;
        let in_acme = Browser::of(&world, &world.acme, "ann@acme.test")
            .await
            .session
            .unwrap();
        let in_beta = Browser::of(&world, &world.beta, "ann@acme.test")
            .await
            .session
            .unwrap();
        let desk = Desk::open(&world, &world.acme).await;
        let (device, user) = asks(&desk, &world, &world.acme, "projects:read").await;
        let devices = world.identity.devices();
        assert_eq!(
            devices.find(&world.beta, &in_beta, &user).await.unwrap(),
            None
        );
        // Nor with the session of another tenant, nor the other way round.
        assert_eq!(
            devices.find(&world.acme, &in_beta, &user).await.unwrap(),
            None
        );
        assert!(devices.allow(&world.acme, &in_acme, &user).await.unwrap());
        let other = Desk::open(&world, &world.acme).await;
        assert_eq!(told(&other, &world, &device).await, "invalid_grant");
        for wrong in ["x", "sdc_x", &format!("{device}A")] {
            assert_eq!(told(&desk, &world, wrong).await, "invalid_grant");
        }
        assert_eq!(polls(&desk, &world, &world.acme, &device).await.status, 200);
    }
}

#[tokio::test]
async fn what_changed_meanwhile_counts() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let ann = Browser::of(&world, &world.acme, "ann@acme.test")
            .await
            .session
            .unwrap();
        let desk = Desk::open(&world, &world.acme).await;
        let (device, user) = asks(&desk, &world, &world.acme, "projects:read").await;
        assert!(
            world
                .identity
                .devices()
                .allow(&world.acme, &ann, &user)
                .await
                .unwrap()
        );
        // Whoever signs out everywhere after a device was let in has let none in.
        let (later, user) = asks(&desk, &world, &world.acme, "projects:read").await;
        let devices = world.identity.devices();
        assert!(devices.allow(&world.acme, &ann, &user).await.unwrap());
        world
            .system("UPDATE saas_accounts SET status = 'disabled'", &[])
            .await;
        assert_eq!(told(&desk, &world, &device).await, "invalid_grant");
        world
            .system("UPDATE saas_accounts SET status = 'active'", &[])
            .await;
        let sessions = world.identity.sessions();
        sessions.end_everywhere(ann.user, None).await.unwrap();
        assert_eq!(told(&desk, &world, &later).await, "invalid_grant");
    }
}

#[tokio::test]
async fn only_clients_for_devices_ask() {
    let world = World::on(Dialect::Sqlite).await;
    let answer = post(
        &world,
        &world.acme,
        "/oauth/device",
        None,
        &[("client_id", OURS)],
    )
    .await;
    assert_eq!(answer.field("error"), "unauthorized_client");
    let desk = Desk::open(&world, &world.acme).await;
    for (scope, error) in [
        ("projects:write", "invalid_scope"),
        ("magic", "invalid_scope"),
    ] {
        let answer = desk
            .post(&world, &world.acme, "/oauth/device", &[("scope", scope)])
            .await;
        assert_eq!(answer.field("error"), error);
    }
    let none = desk
        .post(
            &world,
            &world.acme,
            "/oauth/token",
            &[("grant_type", GRANT)],
        )
        .await;
    assert_eq!(none.field("error"), "invalid_request");
    assert_eq!(GrantType::DeviceCode.as_str(), GRANT);
}
