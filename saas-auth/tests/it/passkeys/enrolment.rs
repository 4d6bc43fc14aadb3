//! A passkey is made, named, listed and removed.

use saas_auth::{
    Error,
    mfa::{FactorKind, Requirement, Wanted},
};
use saas_core::Level;
use saas_tenancy::Column as _;
use serde_json::Value;

use super::{
    ANN, ORIGIN, actions, alone,
    authenticator::{Authenticator, answer, text},
    enrol, person, scope_of, second, waiting, worlds,
};
use crate::second::{everybody, rules, scope};

#[tokio::test]
async fn a_person_has_several_with_names_and_last_uses() {
    for world in worlds().await {
        let phone = person(&world, ANN).await;
        let factors = world.identity.second_factors();
        world.db.clock().advance(std::time::Duration::from_secs(60));
        let who = alone(&world, &world.acme, |options| phone.get(options))
            .await
            .unwrap();
        let ann = who.user();
        let scope = scope_of(&world, &who).await;
        let who = factors.stepped_up(&scope).await.unwrap();
        let begun = factors.enrol_passkey(&who, "key").await.unwrap();
        let options: Value = serde_json::from_str(begun.options()).unwrap();
        // The one that there is makes no second key.
        assert_eq!(options["excludeCredentials"][0]["id"], text(phone.id()));
        assert_eq!(options["attestation"], "none");
        assert_eq!(options["rp"]["id"], "app.example");
        assert_eq!(
            options["authenticatorSelection"]["userVerification"],
            "required"
        );
        assert_eq!(
            options["authenticatorSelection"]["residentKey"],
            "preferred"
        );
        let mut key = Authenticator::new(ORIGIN);
        let made = answer(&key.create(begun.options()));
        // Recovery codes come with the first factor.
        let codes = factors
            .confirm_passkey(&who, begun.factor(), &made)
            .await
            .unwrap();
        assert!(codes.is_none());
        assert!(
            factors
                .rename(&who, begun.factor(), "security key")
                .await
                .unwrap()
        );
        for wrong in ["", "a\nb", &"x".repeat(101)] {
            let named = factors.rename(&who, begun.factor(), wrong).await;
            assert!(matches!(named, Err(Error::Factor { .. })), "{wrong:?}");
        }
        let all = factors.list(ann).await.unwrap();
        let shown: Vec<_> = all
            .iter()
            .map(|factor| (factor.kind, factor.name.as_str()))
            .collect();
        let kind = FactorKind::Passkey;
        assert_eq!(shown, [(kind, "phone"), (kind, "security key")]);
        assert_eq!(all[0].seen_at, Some(world.db.now()));
        assert!(all[0].created_at < world.db.now());
        assert!(factors.remove(&who, all[0].id).await.unwrap());
        let gone = alone(&world, &world.acme, |options| phone.get(options)).await;
        assert!(matches!(gone, Err(Error::Credentials)), "{gone:?}");
        alone(&world, &world.acme, |options| key.get(options))
            .await
            .unwrap();
        let actions = actions(&world, &world.acme).await;
        for action in [
            "second-factor.enrolled",
            "second-factor.renamed",
            "second-factor.removed",
        ] {
            assert!(actions.iter().any(|found| found == action), "{actions:?}");
        }
    }
}

#[tokio::test]
async fn mfa_08_a_passkey_counts_when_it_was_shown_and_within_five_minutes() {
    for world in worlds().await {
        world.person(&world.acme, ANN).await;
        let factors = world.identity.second_factors();
        let scope = scope(&world, &world.acme, ANN).await;
        let who = factors.stepped_up(&scope).await.unwrap();
        let mut device = Authenticator::new(ORIGIN);
        let begun = factors.enrol_passkey(&who, "phone").await.unwrap();
        let made = answer(&device.create(begun.options()));
        let confirm = async || factors.confirm_passkey(&who, begun.factor(), &made).await;
        // Not confirmed, so it opens nothing.
        let early = alone(&world, &world.acme, |options| device.get(options)).await;
        assert!(matches!(early, Err(Error::Credentials)), "{early:?}");
        world
            .db
            .clock()
            .advance(std::time::Duration::from_secs(300));
        let late = confirm().await;
        assert!(matches!(late, Err(Error::Passkey)), "{late:?}");
        let again = factors.stepped_up(&scope).await;
        assert!(matches!(again, Err(Error::StepUp { .. })), "{again:?}");
    }
}

#[tokio::test]
async fn a_credential_is_there_once() {
    for world in worlds().await {
        let mut device = person(&world, ANN).await;
        world.person(&world.acme, "bob@acme.test").await;
        let bob = enrol(&world, &mut device, "bob@acme.test").await;
        assert!(matches!(bob, Err(Error::Factor { .. })), "{bob:?}");
        assert_eq!(
            world
                .sign_in(&world.acme, "bob@acme.test", crate::world::PASSWORD)
                .await
                .status,
            200
        );
    }
}

#[tokio::test]
async fn whose_password_somebody_else_chose_enrols_no_passkey() {
    for world in worlds().await {
        let ann = world.person(&world.acme, ANN).await;
        let scope = scope(&world, &world.acme, ANN).await;
        let provisional = "UPDATE saas_accounts SET provisional = (1 = 1) WHERE id = $1";
        world.system(provisional, &[ann.to_value()]).await;
        let factors = world.identity.second_factors();
        let who = factors.stepped_up(&scope).await.unwrap();
        let begun = factors.enrol_passkey(&who, "theirs").await;
        assert!(matches!(begun, Err(Error::Provisional)), "{begun:?}");
    }
}

#[tokio::test]
async fn who_has_to_have_a_passkey_makes_one_before_there_is_a_session() {
    for world in worlds().await {
        world.person(&world.acme, ANN).await;
        rules(&world, &world.acme, &everybody(Requirement::Passkey)).await;
        let (token, pending) = waiting(&world, &world.acme, ANN).await;
        assert_eq!(
            pending.wanted(),
            Wanted::Enrolment(Level::PhishingResistant)
        );
        let doors = world.identity.sign_ins();
        let begun = doors.begin_passkey(&pending, "phone").await.unwrap();
        let mut device = Authenticator::new(ORIGIN);
        let made = answer(&device.create(begun.options()));
        let here = saas_auth::Device::default();
        let entered = doors.by_passkey_enrolment(&pending, begun.factor(), &made, &here);
        let (who, codes) = entered.await.unwrap();
        assert_eq!(Level::of(who.methods()), Level::PhishingResistant);
        assert_eq!(codes.unwrap().expose().len(), 10);
        // From now on it is asked for, and nobody enrols another with a password.
        let waits = doors.waiting(&world.acme, &token).await.unwrap();
        assert_eq!(waits.wanted(), Wanted::Proof(Level::PhishingResistant));
        let other = doors.begin_passkey(&waits, "theirs").await;
        assert!(matches!(other, Err(Error::StepUp { .. })), "{other:?}");
        let again = doors
            .by_passkey_enrolment(&waits, begun.factor(), &made, &here)
            .await;
        assert!(matches!(again, Err(Error::StepUp { .. })), "{again:?}");
        // A recovery code is less than the rule asks.
        second(&world, &world.acme, ANN, |options| device.get(options))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn where_browsers_know_no_passkeys_there_are_none() {
    let world = crate::world::World::on(saas_tenancy::Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    let doors = world.identity.sign_ins();
    assert!(
        doors
            .passkey_challenge(&world.acme, "x")
            .await
            .unwrap()
            .is_none()
    );
    let scope = scope(&world, &world.acme, ANN).await;
    let factors = world.identity.second_factors();
    let who = factors.stepped_up(&scope).await.unwrap();
    let begun = factors.enrol_passkey(&who, "phone").await;
    assert!(matches!(begun, Err(Error::Factor { .. })), "{begun:?}");
}
