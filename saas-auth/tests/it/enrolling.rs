//! Programs of our own in which a person sets up the second factor that a tenant wants, before there is a token.

use std::{sync::Arc, time::Duration};

use http::{Request, header};
use saas_auth::{Device, Error, mfa::Requirement};
use saas_core::{Level, Secret};
use saas_tenancy::{Dialect, Tenant};

use crate::{
    second::{App, enrolled, everybody, pending, rules},
    world::{Answer, CLIENT, PASSWORD, World, at_once, encode},
};

const SECOND: &str = "urn:saas:grant-type:second-factor";
const ANN: &str = "ann@acme.test";

async fn ask(world: &World, tenant: &Tenant, form: &[(&str, &str)]) -> Answer {
    let request = Request::post("/oauth/totp")
        .header(header::HOST, "localhost")
        .header("x-tenant", tenant.slug().as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    world.send(request.body(encode(form).into()).unwrap()).await
}

async fn begin(world: &World, token: &str) -> Answer {
    ask(
        world,
        &world.acme,
        &[("client_id", CLIENT), ("mfa_token", token)],
    )
    .await
}

async fn confirm(world: &World, token: &str, factor: &str, code: &str) -> Answer {
    let form = [
        ("grant_type", SECOND),
        ("client_id", CLIENT),
        ("mfa_token", token),
        ("factor", factor),
        ("otp", code),
    ];
    world.token(Some(&world.acme), &form).await
}

/// Somebody of whom the tenant wants a factor that they do not have, and what waits for it.
async fn wanted(world: &World) -> String {
    world.person(&world.acme, ANN).await;
    rules(world, &world.acme, &everybody(Requirement::Required)).await;
    let answer = world.sign_in(&world.acme, ANN, PASSWORD).await;
    assert_eq!(answer.field("error"), "mfa_enrolment_required");
    answer.field("mfa_token")
}

#[tokio::test]
async fn mfa_08_a_program_enrols_an_app_at_the_door_and_is_in_with_its_first_code() {
    for world in World::all().await {
        let token = wanted(&world).await;
        let told = begin(&world, &token).await;
        assert_eq!(told.status, 200, "{told:?}");
        assert_eq!(told.headers["cache-control"], "no-store");
        assert_eq!(told.json()["expires_in"], 900);
        assert!(told.field("otpauth_uri").starts_with("otpauth://totp/"));
        let (app, factor) = (App::new(&told.field("secret")), told.field("factor"));
        let wrong = confirm(&world, &token, &factor, "000000").await;
        assert_eq!(wrong.outcome(), (400, "second-factor-invalid".to_owned()));
        let code = app.code(world.db.now());
        for (name, value) in [("recovery_code", "x"), ("passkey", "{}")] {
            let form = [
                ("grant_type", SECOND),
                ("client_id", CLIENT),
                ("mfa_token", &token),
                ("factor", &factor),
                ("otp", &code),
                (name, value),
            ];
            let both = world.token(Some(&world.acme), &form).await;
            assert_eq!(both.field("error"), "invalid_request");
        }
        let entered = confirm(&world, &token, &factor, &code).await;
        assert_eq!(entered.status, 200, "{entered:?}");
        assert_eq!(entered.headers["cache-control"], "no-store");
        let codes = entered.json()["recovery_codes"].clone();
        assert_eq!(codes.as_array().unwrap().len(), 10);
        let verifier = world.identity.verifier();
        let principal = verifier.verify(&entered.field("access_token")).unwrap();
        assert_eq!(principal.level(), Level::Aal2);
        assert_eq!(principal.methods(), ["pwd", "otp"]);
        let again = world.exchange(None, &entered.field("refresh_token")).await;
        assert!(again.json().get("recovery_codes").is_none());
        // From now on it is asked for, and the sign-in that waited enrols no other.
        let late = confirm(&world, &token, &factor, &code).await;
        assert_eq!(late.outcome(), (400, "step-up-required".to_owned()));
        let other = begin(&world, &token).await;
        assert_eq!(other.outcome(), (400, "step-up-required".to_owned()));
        world.db.clock().advance(Duration::from_secs(60));
        pending(&world, &world.acme, ANN).await;
    }
}

#[tokio::test]
async fn mfa_12_what_waits_enrols_here_only_in_time_and_for_the_account_as_it_was() {
    for world in World::all().await {
        let token = wanted(&world).await;
        let refused = (400, "credentials-invalid".to_owned());
        let form = [("client_id", CLIENT), ("mfa_token", &*token)];
        assert_eq!(ask(&world, &world.beta, &form).await.outcome(), refused);
        for wrong in ["x", &token[1..]] {
            assert_eq!(begin(&world, wrong).await.outcome(), refused);
        }
        let none = ask(&world, &world.acme, &form[..1]).await;
        assert_eq!(none.field("error"), "invalid_request");
        // Only programs that people tell their password.
        for (client, error) in [
            ("partner", "unauthorized_client"),
            ("ours", "unauthorized_client"),
            ("nobody", "invalid_client"),
        ] {
            let form = [("client_id", client), ("mfa_token", &*token)];
            let answer = ask(&world, &world.acme, &form).await;
            assert_eq!(answer.field("error"), error, "{client}");
        }
        // Nobody confirms what somebody else has begun.
        let told = begin(&world, &token).await;
        let (app, factor) = (App::new(&told.field("secret")), told.field("factor"));
        world.person(&world.acme, "bob@acme.test").await;
        let bob = world.sign_in(&world.acme, "bob@acme.test", PASSWORD).await;
        let code = app.code(world.db.now());
        let bobs = confirm(&world, &bob.field("mfa_token"), &factor, &code).await;
        assert_eq!(bobs.outcome(), (400, "second-factor-invalid".to_owned()));
        let nothing = confirm(&world, &token, "x", &code).await;
        assert_eq!(nothing.outcome(), (400, "second-factor-invalid".to_owned()));
        // It ends ten minutes after the password, whatever was begun meanwhile.
        world.db.clock().advance(Duration::from_secs(599));
        assert_eq!(begin(&world, &token).await.status, 200);
        let told = begin(&world, &token).await;
        let (app, factor) = (App::new(&told.field("secret")), told.field("factor"));
        world.db.clock().advance(Duration::from_secs(1));
        let code = app.code(world.db.now());
        let late = confirm(&world, &token, &factor, &code).await;
        assert_eq!(late.outcome(), refused);
        assert_eq!(begin(&world, &token).await.outcome(), refused);
        // Neither does it outlive the password that was typed.
        let answer = world.sign_in(&world.acme, ANN, PASSWORD).await;
        let token = answer.field("mfa_token");
        let told = begin(&world, &token).await;
        let (app, factor) = (App::new(&told.field("secret")), told.field("factor"));
        let change =
            "UPDATE saas_accounts SET generation = generation + 1 WHERE email = 'ann@acme.test'";
        assert_eq!(world.system(change, &[]).await, 1);
        let code = app.code(world.db.now());
        let changed = confirm(&world, &token, &factor, &code).await;
        assert_eq!(changed.outcome(), refused);
        assert_eq!(begin(&world, &token).await.outcome(), refused);
    }
}

#[tokio::test]
async fn mfa_12_who_has_a_factor_proves_it_and_enrols_none_with_a_password() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        let (app, _) = enrolled(&world, ANN).await;
        let token = pending(&world, &world.acme, ANN).await;
        let refused = begin(&world, &token).await;
        assert_eq!(refused.outcome(), (400, "step-up-required".to_owned()));
        let factors = world.identity.second_factors();
        assert_eq!(factors.list(ann).await.unwrap().len(), 1);
        // An app is no passkey.
        rules(&world, &world.acme, &everybody(Requirement::Passkey)).await;
        let code = app.code(world.db.now());
        let proven = crate::second::second(&world, &world.acme, &token, ("otp", &code)).await;
        assert_eq!(proven.field("error"), "mfa_enrolment_required");
        let token = proven.field("mfa_token");
        let refused = begin(&world, &token).await;
        assert_eq!(refused.outcome(), (400, "step-up-required".to_owned()));
        assert_eq!(factors.list(ann).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn mfa_12_who_was_asked_for_nothing_yet_enrols_nothing_once_there_is_a_factor() {
    for world in World::all().await {
        let token = wanted(&world).await;
        let doors = world.identity.sign_ins();
        // Two at once, both of whom were looked at before there was a factor.
        let token = Secret::from(&*token);
        let late = doors.waiting(&world.acme, &token).await.unwrap();
        let told = begin(&world, token.expose()).await;
        let (app, factor) = (App::new(&told.field("secret")), told.field("factor"));
        let code = app.code(world.db.now());
        let first = confirm(&world, token.expose(), &factor, &code).await;
        assert_eq!(first.status, 200, "{first:?}");
        let told = doors.begin_totp(&late, "theirs").await.unwrap();
        let code = Secret::new(App::new(told.secret().expose()).code(world.db.now()));
        let here = Device::default();
        let second = doors.by_enrolment(&late, told.factor(), &code, &here);
        let second = second.await;
        assert!(matches!(second, Err(Error::StepUp { .. })), "{second:?}");
    }
}

#[tokio::test]
async fn mfa_03_of_fifty_confirmations_at_once_one_is_in() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let world = World::on(dialect).await;
        let token = wanted(&world).await;
        let told = begin(&world, &token).await;
        let (app, factor) = (App::new(&told.field("secret")), told.field("factor"));
        let code = app.code(world.db.now());
        let world = Arc::new(world);
        let answers = at_once(50, |_| {
            let (world, token, factor, code) =
                (world.clone(), token.clone(), factor.clone(), code.clone());
            Box::pin(async move {
                let answer = confirm(&world, &token, &factor, &code).await;
                answer.status.as_u16()
            })
        });
        let answers = answers.await;
        let good = answers.iter().filter(|status| **status == 200).count();
        assert_eq!(good, 1, "{answers:?}");
    }
}
