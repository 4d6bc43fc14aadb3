//! Second factors: enrolled, proven at every door, asked for by tenants.

use std::time::Duration;

use http::Request;
use saas_auth::{
    Entry, Error, SessionCookie,
    mfa::{MfaRule, Proof, Requirement, Wanted},
};
use saas_core::{Level, Secret, Timestamp, UserId};
use saas_tenancy::{AuditRecord, Dialect, PageQuery, Scope, Tenant};
use serde_json::Value;

use crate::{
    desk::{post, tokens},
    flow::{Browser, OURS},
    world::{Answer, CLIENT, PASSWORD, World, at_once},
};

const GRANT: &str = "urn:saas:grant-type:second-factor";
const ANN: &str = "ann@acme.test";

/// An app for codes.
pub(crate) struct App(totp_rs::Totp);

impl App {
    pub(crate) fn new(secret: &str) -> Self {
        let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
        Self(totp_rs::Builder::new().with_secret(secret).build().unwrap())
    }

    pub(crate) fn code(&self, at: Timestamp) -> String {
        self.0
            .generate(u64::try_from(at.as_secs()).unwrap())
            .to_string()
    }
}

/// The scope of somebody who signs in with a password now.
pub(crate) async fn scope(world: &World, tenant: &Tenant, email: &str) -> Scope {
    let token = world
        .sign_in(tenant, email, PASSWORD)
        .await
        .field("access_token");
    let principal = world.identity.verifier().verify(&token).unwrap();
    world.db.registry().admit(principal).await.unwrap()
}

/// Enrols an app, and gives it with the recovery codes.
pub(crate) async fn enrolled(world: &World, email: &str) -> (App, Vec<String>) {
    enrolled_in(world, &world.acme, email).await
}

pub(crate) async fn enrolled_in(world: &World, tenant: &Tenant, email: &str) -> (App, Vec<String>) {
    let factors = world.identity.second_factors();
    let scope = scope(world, tenant, email).await;
    let who = factors.stepped_up(&scope).await.unwrap();
    let told = factors.enrol_totp(&who, "phone").await.unwrap();
    let app = App::new(told.secret().expose());
    let code = Secret::new(app.code(world.db.now()));
    let codes = factors
        .confirm_totp(&who, told.factor(), &code)
        .await
        .unwrap();
    // The code is used up.
    world.db.clock().advance(Duration::from_secs(60));
    let codes = codes.map(|codes| codes.expose()).unwrap_or_default();
    (
        app,
        codes.iter().map(|code| code.expose().clone()).collect(),
    )
}

pub(crate) async fn rules(world: &World, tenant: &Tenant, rules: &[MfaRule]) {
    let mut tx = world.db.database().write(&world.db.scope(tenant));
    let factors = world.identity.second_factors();
    factors.set_rules(&mut tx, rules).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) fn everybody(requirement: Requirement) -> [MfaRule; 1] {
    [MfaRule {
        role: None,
        requirement,
        grace: 0,
    }]
}

/// Signs in with a password, and gives the token of what is wanted.
pub(crate) async fn pending(world: &World, tenant: &Tenant, email: &str) -> String {
    let answer = world.sign_in(tenant, email, PASSWORD).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.json().get("access_token").is_none());
    answer.field("mfa_token")
}

pub(crate) async fn second(
    world: &World,
    tenant: &Tenant,
    token: &str,
    proof: (&str, &str),
) -> Answer {
    let form = [
        ("grant_type", GRANT),
        ("client_id", CLIENT),
        ("mfa_token", token),
        proof,
    ];
    world.token(Some(tenant), &form).await
}

#[tokio::test]
async fn who_has_an_app_is_asked_for_a_code_and_gets_a_token_of_its_level() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        let (app, codes) = enrolled(&world, ANN).await;
        assert_eq!(codes.len(), 10);
        let refused = world.sign_in(&world.acme, ANN, PASSWORD).await;
        assert_eq!(refused.field("error"), "mfa_required");
        assert_eq!(refused.field("acr_values"), "aal2");
        let token = refused.field("mfa_token");
        let wrong = second(&world, &world.acme, &token, ("otp", "000000")).await;
        assert_eq!(wrong.outcome(), (400, "second-factor-invalid".to_owned()));
        let code = app.code(world.db.now());
        // In no other tenant, and not for who has proven no password.
        for (tenant, token) in [(&world.beta, &*token), (&world.acme, "x")] {
            let other = second(&world, tenant, token, ("otp", &code)).await;
            assert_eq!(other.outcome(), (400, "credentials-invalid".to_owned()));
        }
        let answer = second(&world, &world.acme, &token, ("otp", &code)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let verifier = world.identity.verifier();
        let principal = verifier.verify(&answer.field("access_token")).unwrap();
        assert_eq!((principal.subject(), principal.level()), (ann, Level::Aal2));
        assert_eq!(principal.methods(), ["pwd", "otp"]);
        let claims = answer.field("access_token");
        let claims = claims.split('.').nth(1).unwrap().to_owned();
        let claims = base64_json(&claims);
        assert_eq!(claims["acr"], "aal2");
        // And what comes of it later.
        let again = world.exchange(None, &answer.field("refresh_token")).await;
        let principal = verifier.verify(&again.field("access_token")).unwrap();
        assert_eq!(principal.level(), Level::Aal2);
    }
}

fn base64_json(text: &str) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

#[tokio::test]
async fn mfa_02_03_a_code_is_good_once_of_fifty_at_once_on_two_instances() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        let (app, _) = enrolled(&world, ANN).await;
        let other = std::sync::Arc::new(world.another_instance().await);
        let token = pending(&world, &world.acme, ANN).await;
        let code = app.code(world.db.now());
        let form = [
            ("grant_type", GRANT.to_owned()),
            ("client_id", CLIENT.to_owned()),
            ("mfa_token", token.clone()),
            ("otp", code.clone()),
        ];
        let slug = world.acme.clone();
        let answers = at_once(50, move |_| {
            let (other, form, tenant) = (other.clone(), form.clone(), slug.clone());
            Box::pin(async move {
                let form: Vec<_> = form.iter().map(|(name, value)| (*name, &**value)).collect();
                let request = crate::world::token_request(Some(&tenant), &form);
                other.send(request).await.status.as_u16()
            })
        });
        let answers = answers.await;
        let good = answers.iter().filter(|status| **status == 200).count();
        assert_eq!(good, 1, "{answers:?}");
        world.db.clock().advance(Duration::from_secs(301));
        let late = second(&world, &world.acme, &token, ("otp", &code)).await;
        assert_eq!(late.outcome(), (400, "second-factor-invalid".to_owned()));
    }
}

#[tokio::test]
async fn mfa_04_after_a_code_of_the_next_step_the_one_of_now_is_used_up() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    let (app, _) = enrolled(&world, ANN).await;
    let token = pending(&world, &world.acme, ANN).await;
    let now = world.db.now();
    let next = app.code(now.saturating_add(Duration::from_secs(30)));
    let ahead = second(&world, &world.acme, &token, ("otp", &next)).await;
    assert_eq!(ahead.status, 200, "{ahead:?}");
    let behind = second(&world, &world.acme, &token, ("otp", &app.code(now))).await;
    assert_eq!(behind.status, 400);
}

#[tokio::test]
async fn mfa_05_g12_of_a_thousand_guesses_five_are_looked_at_on_all_doors_and_instances() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        world.join(&world.beta, ann, ANN).await;
        let (app, codes) = enrolled(&world, ANN).await;
        let other = world.another_instance().await;
        let (mut looked_at, mut token) = (0, String::new());
        for number in 0..1000 {
            // A new sign-in, another tenant, another instance: the count goes on.
            let tenant = [&world.acme, &world.beta][number / 50 % 2];
            if number % 50 == 0 {
                token = pending(&world, tenant, ANN).await;
            }
            let guess = format!("{:06}", 900_000 + number);
            let form = [
                ("grant_type", GRANT),
                ("client_id", CLIENT),
                ("mfa_token", &token),
                ("otp", &guess),
            ];
            let request = crate::world::token_request(Some(tenant), &form);
            let answer = match number % 3 {
                0 => other.send(request).await,
                _ => world.send(request).await,
            };
            looked_at += usize::from(answer.status == 400);
            assert!(matches!(answer.status.as_u16(), 400 | 429), "{answer:?}");
        }
        assert_eq!(looked_at, 5);
        // Neither a right code nor a recovery code is looked at now.
        let token = pending(&world, &world.acme, ANN).await;
        for proof in [
            ("otp", app.code(world.db.now())),
            ("recovery_code", codes[0].clone()),
        ] {
            let answer = second(&world, &world.acme, &token, (proof.0, &proof.1)).await;
            assert_eq!(answer.status, 429, "{answer:?}");
        }
        world.db.clock().advance(Duration::from_secs(301));
        let code = app.code(world.db.now());
        let answer = second(&world, &world.acme, &token, ("otp", &code)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn mfa_07_what_is_no_code_is_refused() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    enrolled(&world, ANN).await;
    for wrong in [
        "١٢٣٤٥٦",
        "12 34 56",
        "12345678",
        "-12345",
        "null",
        "[1]",
        "\0",
    ] {
        world.db.clock().advance(Duration::from_secs(301));
        let token = pending(&world, &world.acme, ANN).await;
        for name in ["otp", "recovery_code"] {
            let answer = second(&world, &world.acme, &token, (name, wrong)).await;
            assert_eq!(answer.status, 400, "{wrong:?}: {answer:?}");
        }
    }
    let both = [
        ("grant_type", GRANT),
        ("client_id", CLIENT),
        ("mfa_token", "x"),
        ("otp", "000000"),
        ("recovery_code", "x"),
    ];
    let answer = world.token(Some(&world.acme), &both).await;
    assert_eq!(answer.field("error"), "invalid_request");
}

#[tokio::test]
async fn mfa_08_an_app_counts_when_a_code_of_it_has_come_and_is_shown_once() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        let factors = world.identity.second_factors();
        let scope = scope(&world, &world.acme, ANN).await;
        let who = factors.stepped_up(&scope).await.unwrap();
        let told = factors.enrol_totp(&who, "phone").await.unwrap();
        // Not confirmed, so not asked for.
        assert_eq!(world.sign_in(&world.acme, ANN, PASSWORD).await.status, 200);
        let app = App::new(told.secret().expose());
        let confirm = async |code: String| {
            factors
                .confirm_totp(&who, told.factor(), &Secret::new(code))
                .await
        };
        let wrong = confirm("000000".to_owned()).await;
        assert!(matches!(wrong, Err(Error::SecondFactor)), "{wrong:?}");
        assert!(confirm(app.code(world.db.now())).await.unwrap().is_some());
        let again = confirm(app.code(world.db.now())).await;
        assert!(matches!(again, Err(Error::SecondFactor)), "{again:?}");
        let listed = format!("{:?}", factors.list(ann).await.unwrap());
        assert!(!listed.contains(told.secret().expose()), "{listed}");
        assert!(!format!("{told:?}").contains(told.secret().expose()));
        // One that waits too long is not confirmed any more.
        world.db.clock().advance(Duration::from_secs(60));
        let late = {
            let token = pending(&world, &world.acme, ANN).await;
            let code = app.code(world.db.now());
            let answer = second(&world, &world.acme, &token, ("otp", &code)).await;
            let principal = world
                .identity
                .verifier()
                .verify(&answer.field("access_token"));
            let scope = world.db.registry().admit(principal.unwrap()).await.unwrap();
            let who = factors.stepped_up(&scope).await.unwrap();
            let told = factors.enrol_totp(&who, "tablet").await.unwrap();
            world.db.clock().advance(Duration::from_secs(901));
            let code = App::new(told.secret().expose()).code(world.db.now());
            factors
                .confirm_totp(&who, told.factor(), &Secret::new(code))
                .await
        };
        assert!(matches!(late, Err(Error::SecondFactor)), "{late:?}");
    }
}

#[tokio::test]
async fn mfa_08_09_whoever_changes_factors_has_just_proven_all_they_have() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        let factors = world.identity.second_factors();
        let early = scope(&world, &world.acme, ANN).await;
        let (app, _) = enrolled(&world, ANN).await;
        // A password alone is not enough any more, however fresh.
        let refused = factors.stepped_up(&early).await;
        assert!(
            matches!(
                refused,
                Err(Error::StepUp {
                    level: Level::Aal2,
                    ..
                })
            ),
            "{refused:?}"
        );
        let token = pending(&world, &world.acme, ANN).await;
        let code = app.code(world.db.now());
        let answer = second(&world, &world.acme, &token, ("otp", &code)).await;
        let principal = world
            .identity
            .verifier()
            .verify(&answer.field("access_token"));
        let scope = world.db.registry().admit(principal.unwrap()).await.unwrap();
        let who = factors.stepped_up(&scope).await.unwrap();
        let all = factors.list(ann).await.unwrap();
        assert!(factors.remove(&who, all[0].id).await.unwrap());
        assert!(!factors.remove(&who, all[0].id).await.unwrap());
        // With the last one the recovery codes went, and it was recorded.
        assert_eq!(factors.codes_left(ann).await.unwrap(), 0);
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let records = tx
            .repo::<AuditRecord>()
            .list(PageQuery::new())
            .await
            .unwrap();
        let actions: Vec<_> = records.items.iter().map(|record| &*record.action).collect();
        for action in ["second-factor.enrolled", "second-factor.removed"] {
            assert!(actions.contains(&action), "{actions:?}");
        }
        world.db.clock().advance(Duration::from_secs(301));
        let old = factors.stepped_up(&scope).await;
        assert!(matches!(old, Err(Error::StepUp { .. })), "{old:?}");
    }
}

#[tokio::test]
async fn mfa_10_a_recovery_code_is_good_once_and_a_new_set_ends_the_old() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        let (app, codes) = enrolled(&world, ANN).await;
        let token = pending(&world, &world.acme, ANN).await;
        let proof = ("recovery_code", &*codes[3].to_uppercase().replace('-', " "));
        let answer = second(&world, &world.acme, &token, proof).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let principal = world
            .identity
            .verifier()
            .verify(&answer.field("access_token"));
        assert_eq!(principal.unwrap().level(), Level::Aal2);
        assert_eq!(second(&world, &world.acme, &token, proof).await.status, 400);
        let factors = world.identity.second_factors();
        assert_eq!(factors.codes_left(ann).await.unwrap(), 9);
        // Of fifty at once one is taken.
        let doors = world.identity.sign_ins().clone();
        let (tenant, code, waiting) = (world.acme.clone(), codes[4].clone(), token.clone());
        let entered = at_once(50, move |_| {
            let (doors, tenant) = (doors.clone(), tenant.clone());
            let (code, waiting) = (Secret::from(&*code), Secret::from(&*waiting));
            Box::pin(async move {
                let device = saas_auth::Device::default();
                let proof = Proof::Recovery(code);
                let entry = doors.by_second_factor(&tenant, &waiting, &proof, &device);
                matches!(entry.await, Ok(Entry::Authenticated(_)))
            })
        });
        let entered = entered.await.into_iter().filter(|entered| *entered).count();
        assert_eq!(entered, 1);
        world.db.clock().advance(Duration::from_secs(301));
        let token = pending(&world, &world.acme, ANN).await;
        let code = app.code(world.db.now());
        let answer = second(&world, &world.acme, &token, ("otp", &code)).await;
        let principal = world
            .identity
            .verifier()
            .verify(&answer.field("access_token"));
        let scope = world.db.registry().admit(principal.unwrap()).await.unwrap();
        let who = factors.stepped_up(&scope).await.unwrap();
        let new = factors.renew_codes(&who).await.unwrap().expose();
        assert_eq!(new.len(), 10);
        let old = second(&world, &world.acme, &token, ("recovery_code", &codes[5])).await;
        assert_eq!(old.status, 400);
        let new = second(
            &world,
            &world.acme,
            &token,
            ("recovery_code", new[0].expose()),
        )
        .await;
        assert_eq!(new.status, 200, "{new:?}");
        // What is kept is no code.
        let sql = "UPDATE saas_recovery_codes SET used_at = NULL WHERE length(hash) = 33";
        assert_eq!(world.system(sql, &[]).await, 10);
    }
}

#[tokio::test]
async fn mfa_11_a_new_rule_reaches_every_door_and_who_is_signed_in() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        let early = world.sign_in(&world.acme, ANN, PASSWORD).await;
        let browser = Browser::of(&world, &world.acme, ANN).await;
        let code_before = tokens(&browser, &[]).await;
        let bearer = format!("Bearer {}", early.field("access_token"));
        assert_eq!(world.who("/whoami", &[&bearer]).await.status, 200);
        rules(&world, &world.acme, &everybody(Requirement::Required)).await;
        // The rules that were read for the last request are kept for a second of the machine's clock.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let told = world.who("/whoami", &[&bearer]).await;
        assert_eq!(told.outcome(), (403, "mfa-enrolment-required".to_owned()));
        // A browser is as one without a session.
        let seen = Request::get("/whoami")
            .header("host", "acme.localhost")
            .header("cookie", browser.cookie().unwrap());
        let seen = world
            .send(seen.body(axum::body::Body::empty()).unwrap())
            .await;
        assert_eq!(seen.status, 401, "{seen:?}");
        // Doors: the password, refreshing, and the code of a session.
        let door = world.sign_in(&world.acme, ANN, PASSWORD).await;
        assert_eq!(door.field("error"), "mfa_enrolment_required");
        for tokens in [&early, &code_before] {
            let form = [
                ("grant_type", "refresh_token"),
                (
                    "client_id",
                    if tokens.text == early.text {
                        CLIENT
                    } else {
                        OURS
                    },
                ),
                ("refresh_token", &*tokens.field("refresh_token")),
            ];
            let refused = post(&world, &world.acme, "/oauth/token", None, &form).await;
            assert_eq!(refused.outcome(), (400, "step-up-required".to_owned()));
        }
        // Nothing was used up: when the rule is gone the token is good.
        rules(&world, &world.acme, &[]).await;
        let again = world.exchange(None, &early.field("refresh_token")).await;
        assert_eq!(again.status, 200, "{again:?}");
    }
}

#[tokio::test]
async fn mfa_12_who_has_to_enrol_first_does_so_at_the_door_and_nowhere_else() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        rules(&world, &world.acme, &everybody(Requirement::Required)).await;
        let token = pending(&world, &world.acme, ANN).await;
        // What waits is no token and no session.
        let bearer = format!("Bearer {token}");
        assert_eq!(world.who("/whoami", &[&bearer]).await.status, 401);
        let cookie = SessionCookie::of(world.acme.id());
        let request = Request::get("/whoami")
            .header("host", "acme.localhost")
            .header("cookie", format!("{}={token}", cookie.name()));
        let answer = world
            .send(request.body(axum::body::Body::empty()).unwrap())
            .await;
        assert_eq!(answer.status, 401);
        let doors = world.identity.sign_ins();
        let waiting = doors
            .waiting(&world.acme, &Secret::from(&*token))
            .await
            .unwrap();
        assert_eq!(waiting.wanted(), Wanted::Enrolment(Level::Aal2));
        world.db.clock().advance(Duration::from_secs(601));
        let late = doors.waiting(&world.acme, &Secret::from(&*token)).await;
        assert!(matches!(late, Err(Error::Credentials)), "{late:?}");
    }
}

#[tokio::test]
async fn mfa_15_the_proof_of_one_tenant_is_not_enough_for_a_stricter_one() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        world.join(&world.beta, ann, ANN).await;
        rules(&world, &world.beta, &everybody(Requirement::Required)).await;
        let loose = world.sign_in(&world.acme, ANN, PASSWORD).await;
        assert_eq!(loose.status, 200);
        let form = [
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            ("client_id", CLIENT),
            ("subject_token", &*loose.field("refresh_token")),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:refresh_token",
            ),
        ];
        let refused = post(&world, &world.beta, "/oauth/token", None, &form).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        // Recovery codes are of the person and do not stand in where a passkey is asked for.
        let (_, codes) = enrolled(&world, ANN).await;
        rules(&world, &world.beta, &everybody(Requirement::Passkey)).await;
        let token = pending(&world, &world.beta, ANN).await;
        let proof = ("recovery_code", &*codes[0]);
        let answer = second(&world, &world.beta, &token, proof).await;
        assert_eq!(
            answer.field("error"),
            "mfa_enrolment_required",
            "{answer:?}"
        );
        assert!(answer.json().get("access_token").is_none());
    }
}

#[tokio::test]
async fn a_grace_is_for_who_has_nothing_yet_and_ends() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        let bob = world.person(&world.acme, "bob@acme.test").await;
        let (app, _) = enrolled(&world, ANN).await;
        let rule = MfaRule {
            role: None,
            requirement: Requirement::Required,
            grace: 3600,
        };
        rules(&world, &world.acme, std::slice::from_ref(&rule)).await;
        pending(&world, &world.acme, ANN).await;
        let bobs = world.sign_in(&world.acme, "bob@acme.test", PASSWORD).await;
        assert_eq!(bobs.status, 200);
        // Set once more, it runs on.
        world.db.clock().advance(Duration::from_secs(3000));
        rules(&world, &world.acme, std::slice::from_ref(&rule)).await;
        world.db.clock().advance(Duration::from_secs(601));
        let late = world.sign_in(&world.acme, "bob@acme.test", PASSWORD).await;
        assert_eq!(late.field("error"), "mfa_enrolment_required");
        let _ = (app, bob);
    }
}

#[tokio::test]
async fn a_rule_about_a_role_that_nobody_can_look_up_is_about_everybody() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    let rule = MfaRule {
        role: Some("admin".to_owned()),
        requirement: Requirement::Required,
        grace: 0,
    };
    rules(&world, &world.acme, std::slice::from_ref(&rule)).await;
    pending(&world, &world.acme, ANN).await;
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    let factors = world.identity.second_factors();
    assert_eq!(
        factors.rules(&mut tx).await.unwrap(),
        std::slice::from_ref(&rule)
    );
    for wrong in [
        vec![rule.clone(), rule.clone()],
        vec![MfaRule {
            grace: MfaRule::MAX_GRACE + 1,
            ..rule.clone()
        }],
        vec![MfaRule {
            role: Some(String::new()),
            ..rule.clone()
        }],
    ] {
        let refused = factors.set_rules(&mut tx, &wrong).await;
        assert!(matches!(refused, Err(Error::MfaRule { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn mfa_22_a_secret_is_kept_sealed_and_bound_to_its_person() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        let bob = world.person(&world.acme, "bob@acme.test").await;
        let (app, _) = enrolled(&world, ANN).await;
        let move_it = "UPDATE saas_factors SET account_id = $2 WHERE account_id = $1";
        let ids =
            |one: UserId, other: UserId| [one, other].map(|id| saas_tenancy::Column::to_value(&id));
        assert_eq!(world.system(move_it, &ids(ann, bob)).await, 1);
        // Bob is asked for a code, and nobody has one that is right.
        let token = pending(&world, &world.acme, "bob@acme.test").await;
        let code = app.code(world.db.now());
        let answer = second(&world, &world.acme, &token, ("otp", &code)).await;
        assert_eq!(answer.status, 400);
    }
}

#[tokio::test]
async fn mfa_23_an_administrator_takes_factors_from_who_belongs_to_nobody_else() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        enrolled(&world, ANN).await;
        let factors = world.identity.second_factors();
        let admin = world.db.scope(&world.acme);
        let stranger = factors.reset(&world.db.scope(&world.beta), ann).await;
        assert!(matches!(stranger, Err(Error::Credentials)), "{stranger:?}");
        world.join(&world.beta, ann, ANN).await;
        let shared = factors.reset(&admin, ann).await;
        assert!(matches!(shared, Err(Error::Factor { .. })), "{shared:?}");
        let leave = "DELETE FROM saas_memberships WHERE tenant_id = $1";
        let mut tx = world.db.database().write(&world.db.scope(&world.beta));
        let members = world.identity.members();
        members.remove(&mut tx, ann).await.unwrap();
        tx.commit().await.unwrap();
        let _ = leave;
        factors.reset(&admin, ann).await.unwrap();
        assert_eq!(factors.list(ann).await.unwrap(), []);
        assert_eq!(world.sign_in(&world.acme, ANN, PASSWORD).await.status, 200);
    }
}
