//! A passkey opens doors: after a password, and alone.

use saas_auth::{
    Device, Error,
    mfa::{PasskeyProof, Requirement, Wanted},
};
use saas_core::Level;
use saas_tenancy::Column as _;
use serde_json::Value;

use super::{
    ANN, alone,
    authenticator::{answer, text},
    person, second, waiting, worlds,
};
use crate::second::{everybody, rules};

#[tokio::test]
async fn after_a_password_it_is_a_second_factor() {
    for world in worlds().await {
        let device = person(&world, ANN).await;
        let (_, pending) = waiting(&world, &world.acme, ANN).await;
        // Nobody requires it, and who has a factor is asked for it.
        assert_eq!(pending.wanted(), Wanted::Proof(Level::Aal2));
        let who = second(&world, &world.acme, ANN, |options| {
            let options_read: Value = serde_json::from_str(options).unwrap();
            let allowed = &options_read["allowCredentials"];
            assert_eq!(allowed.as_array().unwrap().len(), 1);
            assert_eq!(allowed[0]["id"], text(device.id()));
            device.get(options)
        });
        let who = who.await.unwrap();
        assert_eq!(who.methods(), ["pwd", "pop", "uv"]);
        assert_eq!(Level::of(who.methods()), Level::PhishingResistant);
    }
}

#[tokio::test]
async fn alone_it_fulfils_the_strictest_rule() {
    for world in worlds().await {
        let device = person(&world, ANN).await;
        rules(&world, &world.acme, &everybody(Requirement::Passkey)).await;
        let who = alone(&world, &world.acme, |options| {
            let options_read: Value = serde_json::from_str(options).unwrap();
            // Nobody is told who has which.
            assert_eq!(options_read["allowCredentials"], serde_json::json!([]));
            device.get(options)
        });
        let who = who.await.unwrap();
        assert_eq!(who.methods(), ["pop", "uv"]);
        assert_eq!(Level::of(who.methods()), Level::PhishingResistant);
    }
}

#[tokio::test]
async fn it_opens_no_tenant_of_others_and_no_account_that_may_not_be_used() {
    for world in worlds().await {
        let device = person(&world, ANN).await;
        let get = |options: &str| device.get(options);
        let refused = |outcome: Result<_, Error>| {
            assert!(matches!(outcome, Err(Error::Credentials)), "{outcome:?}")
        };
        refused(alone(&world, &world.beta, get).await);
        let ann = alone(&world, &world.acme, get).await.unwrap().user();
        // The person is the same in every tenant, and so is the passkey.
        world.join(&world.beta, ann, ANN).await;
        alone(&world, &world.beta, get).await.unwrap();
        let mut tx = world.db.database().write(&world.db.scope(&world.beta));
        world
            .identity
            .members()
            .disable(&mut tx, ann)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        refused(alone(&world, &world.beta, get).await);
        alone(&world, &world.acme, get).await.unwrap();
        let disable = "UPDATE saas_accounts SET status = 'disabled' WHERE id = $1";
        assert_eq!(world.system(disable, &[ann.to_value()]).await, 1);
        refused(alone(&world, &world.acme, get).await);
    }
}

#[tokio::test]
async fn mfa_05_wrong_answers_are_tries_at_both_doors() {
    for world in worlds().await {
        let mut device = person(&world, ANN).await;
        device.verified = false;
        let mut outcomes = Vec::new();
        for _ in 0..7 {
            outcomes.push(second(&world, &world.acme, ANN, |options| device.get(options)).await);
        }
        let looked_at = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Err(Error::SecondFactor)));
        assert_eq!(looked_at.count(), 5, "{outcomes:?}");
        assert!(
            matches!(outcomes[6], Err(Error::TooManyTries)),
            "{outcomes:?}"
        );
        let mut outcomes = Vec::new();
        for _ in 0..12 {
            outcomes.push(alone(&world, &world.acme, |options| device.get(options)).await);
        }
        assert!(
            matches!(outcomes[0], Err(Error::Credentials)),
            "{outcomes:?}"
        );
        assert!(
            matches!(outcomes[11], Err(Error::Limited(_))),
            "{outcomes:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_without_a_credential_is_refused_alike() {
    for world in worlds().await {
        let device = person(&world, ANN).await;
        let doors = world.identity.sign_ins();
        let asked = doors
            .passkey_challenge(&world.acme, "x")
            .await
            .unwrap()
            .unwrap();
        let mut good = device.get(asked.options());
        good.as_object_mut().unwrap().remove("rawId");
        for wrong in [good, serde_json::json!({})] {
            let proof = PasskeyProof::new(asked.token().clone(), answer(&wrong));
            let entry = doors
                .by_passkey(&world.acme, "x", &proof, &Device::default())
                .await;
            assert!(matches!(entry, Err(Error::Credentials)), "{entry:?}");
        }
    }
}
