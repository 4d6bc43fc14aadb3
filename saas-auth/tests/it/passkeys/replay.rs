//! An answer counts once, for the challenge, person, tenant and ceremony that it was made for.

use std::{sync::Arc, time::Duration};

use saas_auth::{Device, Error, mfa::PasskeyProof};
use saas_core::Secret;

use super::{
    ANN, ASKER, ORIGIN, actions, alone,
    authenticator::{Authenticator, answer},
    person, second, waiting, worlds,
};
use crate::{second::scope, world::at_once};

#[tokio::test]
async fn mfa_17_an_answer_is_good_once_of_twenty_at_once_on_two_instances() {
    for world in worlds().await {
        let device = person(&world, ANN).await;
        let other = Arc::new(world.another_instance().await);
        let doors = world.identity.sign_ins();
        let asked = doors
            .passkey_challenge(&world.acme, ASKER)
            .await
            .unwrap()
            .unwrap();
        let made = answer(&device.get(asked.options()));
        let proof = PasskeyProof::new(asked.token().clone(), made);
        let (tenant, again) = (world.acme.clone(), proof.clone());
        let outcomes = at_once(20, move |_| {
            let (other, tenant, proof) = (other.clone(), tenant.clone(), again.clone());
            Box::pin(async move {
                let (doors, here) = (other.identity.sign_ins(), Device::default());
                let entry = doors.by_passkey(&tenant, ASKER, &proof, &here);
                entry.await.map(drop)
            })
        });
        let outcomes = outcomes.await;
        assert_eq!(
            outcomes.iter().filter(|entry| entry.is_ok()).count(),
            1,
            "{outcomes:?}"
        );
        let late = doors
            .by_passkey(&world.acme, ASKER, &proof, &Device::default())
            .await;
        assert!(matches!(late, Err(Error::Credentials)), "{late:?}");
        // The challenge is used, and not the answer only.
        let anew = answer(&device.get(asked.options()));
        let proof = PasskeyProof::new(asked.token().clone(), anew);
        let anew = doors
            .by_passkey(&world.acme, ASKER, &proof, &Device::default())
            .await;
        assert!(matches!(anew, Err(Error::Credentials)), "{anew:?}");
    }
}

#[tokio::test]
async fn mfa_17_a_challenge_ends_after_five_minutes() {
    for world in worlds().await {
        let device = person(&world, ANN).await;
        let doors = world.identity.sign_ins();
        let (token, pending) = waiting(&world, &world.acme, ANN).await;
        for (seconds, good) in [(299, true), (300, false)] {
            let asked = doors
                .second_passkey_challenge(&pending)
                .await
                .unwrap()
                .unwrap();
            let proof =
                PasskeyProof::new(asked.token().clone(), answer(&device.get(asked.options())));
            world.db.clock().advance(Duration::from_secs(seconds));
            let here = Device::default();
            let entry = doors
                .by_second_passkey(&world.acme, &token, &proof, &here)
                .await;
            assert_eq!(entry.is_ok(), good, "{seconds}: {entry:?}");
        }
    }
}

#[tokio::test]
async fn mfa_17_a_challenge_is_of_one_person_tenant_and_asker() {
    for world in worlds().await {
        let ann = person(&world, ANN).await;
        let bob = person(&world, "bob@acme.test").await;
        let doors = world.identity.sign_ins();
        let here = Device::default();
        // Bob answers with his own what Ann was asked.
        let (anns, pending) = waiting(&world, &world.acme, ANN).await;
        let asked = doors
            .second_passkey_challenge(&pending)
            .await
            .unwrap()
            .unwrap();
        let proof = |made| PasskeyProof::new(asked.token().clone(), answer(&made));
        let his = proof(bob.get(asked.options()));
        let wrong = doors
            .by_second_passkey(&world.acme, &anns, &his, &here)
            .await;
        assert!(matches!(wrong, Err(Error::SecondFactor)), "{wrong:?}");
        // Ann answers it, for Bob.
        let (bobs, _) = waiting(&world, &world.acme, "bob@acme.test").await;
        let hers = proof(ann.get(asked.options()));
        let wrong = doors
            .by_second_passkey(&world.acme, &bobs, &hers, &here)
            .await;
        assert!(matches!(wrong, Err(Error::SecondFactor)), "{wrong:?}");
        // What somebody was asked after a password is no sign-in without one, nor the other way round.
        for asker in [ASKER, ""] {
            let wrong = doors.by_passkey(&world.acme, asker, &hers, &here).await;
            assert!(matches!(wrong, Err(Error::Credentials)), "{wrong:?}");
        }
        let good = doors.by_second_passkey(&world.acme, &anns, &hers, &here);
        good.await.unwrap().authenticated().unwrap();
        let open = doors
            .passkey_challenge(&world.acme, ASKER)
            .await
            .unwrap()
            .unwrap();
        let hers = answer(&ann.get(open.options()));
        let hers = PasskeyProof::new(open.token().clone(), hers);
        let wrong = doors
            .by_second_passkey(&world.acme, &anns, &hers, &here)
            .await;
        assert!(matches!(wrong, Err(Error::SecondFactor)), "{wrong:?}");
        // In another tenant of hers, and by another browser.
        let user = pending.user();
        world.join(&world.beta, user, ANN).await;
        for (tenant, asker) in [(&world.beta, ASKER), (&world.acme, "another")] {
            let wrong = doors.by_passkey(tenant, asker, &hers, &here).await;
            assert!(
                matches!(wrong, Err(Error::Credentials)),
                "{asker}: {wrong:?}"
            );
        }
        let good = doors.by_passkey(&world.acme, ASKER, &hers, &here);
        good.await.unwrap().authenticated().unwrap();
        // And no token of anything else.
        let hers = answer(&ann.get(open.options()));
        for token in ["", "x", anns.expose(), &"A".repeat(5000)] {
            let proof = PasskeyProof::new(Secret::from(token), hers.clone());
            let wrong = doors.by_passkey(&world.acme, ASKER, &proof, &here).await;
            assert!(
                matches!(wrong, Err(Error::Credentials)),
                "{token}: {wrong:?}"
            );
        }
    }
}

#[tokio::test]
async fn mfa_17_an_enrolment_is_no_proof_and_a_proof_no_enrolment() {
    for world in worlds().await {
        world.person(&world.acme, ANN).await;
        let factors = world.identity.second_factors();
        let scope = scope(&world, &world.acme, ANN).await;
        let who = factors.stepped_up(&scope).await.unwrap();
        let mut device = Authenticator::new(ORIGIN);
        let begun = factors.enrol_passkey(&who, "phone").await.unwrap();
        device.kind = Some("webauthn.get");
        let swapped = answer(&device.create(begun.options()));
        let wrong = factors
            .confirm_passkey(&who, begun.factor(), &swapped)
            .await;
        assert!(matches!(wrong, Err(Error::Passkey)), "{wrong:?}");
        device.kind = None;
        let made = answer(&device.create(begun.options()));
        let confirmed = factors.confirm_passkey(&who, begun.factor(), &made).await;
        assert!(confirmed.unwrap().is_some());
        // Once, and only in the row that it began.
        let again = factors.confirm_passkey(&who, begun.factor(), &made).await;
        assert!(matches!(again, Err(Error::Passkey)), "{again:?}");
        let other = factors.enrol_passkey(&who, "another").await.unwrap();
        let elsewhere = factors.confirm_passkey(&who, other.factor(), &made).await;
        assert!(matches!(elsewhere, Err(Error::Passkey)), "{elsewhere:?}");
        for made in [&made, &swapped] {
            let doors = world.identity.sign_ins();
            let asked = doors
                .passkey_challenge(&world.acme, ASKER)
                .await
                .unwrap()
                .unwrap();
            let proof = PasskeyProof::new(asked.token().clone(), (*made).clone());
            let wrong = doors
                .by_passkey(&world.acme, ASKER, &proof, &Device::default())
                .await;
            assert!(matches!(wrong, Err(Error::Credentials)), "{wrong:?}");
        }
        device.kind = Some("webauthn.create");
        let wrong = second(&world, &world.acme, ANN, |options| device.get(options)).await;
        assert!(matches!(wrong, Err(Error::SecondFactor)), "{wrong:?}");
    }
}

#[tokio::test]
async fn mfa_18_a_counter_that_does_not_go_up_is_refused_and_recorded() {
    for world in worlds().await {
        let mut device = person(&world, ANN).await;
        // None at all is none that could go back.
        for _ in 0..2 {
            alone(&world, &world.acme, |options| device.get(options))
                .await
                .unwrap();
        }
        device.counter = 7;
        second(&world, &world.acme, ANN, |options| device.get(options))
            .await
            .unwrap();
        assert!(
            !actions(&world, &world.acme)
                .await
                .contains(&"passkey.counter-back".to_owned())
        );
        for counter in [7, 6, 0] {
            device.counter = counter;
            let back = alone(&world, &world.acme, |options| device.get(options)).await;
            assert!(
                matches!(back, Err(Error::Credentials)),
                "{counter}: {back:?}"
            );
            let back = second(&world, &world.acme, ANN, |options| device.get(options)).await;
            assert!(
                matches!(back, Err(Error::SecondFactor)),
                "{counter}: {back:?}"
            );
        }
        let actions = actions(&world, &world.acme).await;
        let recorded = actions
            .iter()
            .filter(|action| *action == "passkey.counter-back");
        assert_eq!(recorded.count(), 6, "{actions:?}");
        device.counter = 8;
        alone(&world, &world.acme, |options| device.get(options))
            .await
            .unwrap();
    }
}
