//! Codes by mail: a weak factor, for who has no other.

use std::{sync::Arc, time::Duration};

use saas_auth::{
    Device, Error,
    mfa::{MfaRule, Requirement},
};
use saas_core::Level;
use saas_tenancy::Dialect;

use crate::{
    post::{Post, Sent},
    second::{enrolled, everybody, pending, rules, scope, second},
    world::{Answer, PASSWORD, World, at_once},
};

const ANN: &str = "ann@acme.test";

impl Sent {
    /// The code, as its reader sees it.
    #[track_caller]
    pub(crate) fn code(&self) -> &str {
        assert_eq!(self.template, "auth/sign-in-code");
        self.code.as_deref().unwrap()
    }
}

/// Enters a code.
async fn enter(world: &World, token: &str, code: &str) -> Answer {
    second(world, &world.acme, token, ("email_code", code)).await
}

async fn asked_by_mail(world: &World) -> Post {
    rules(world, &world.acme, &everybody(Requirement::Email)).await;
    Post::of(world)
}

const WRONG: (u16, &str) = (400, "second-factor-invalid");

fn outcome(answer: &Answer) -> (u16, String) {
    answer.outcome()
}

#[tokio::test]
async fn mfa_11_who_has_no_factor_enters_the_code_of_a_letter_and_it_makes_no_level() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        let post = asked_by_mail(&world).await;
        let door = world.sign_in(&world.acme, ANN, PASSWORD).await;
        assert_eq!(door.field("error"), "mfa_required");
        assert_eq!(door.field("mfa_method"), "email");
        let token = door.field("mfa_token");
        let letter = post.one().await;
        assert_eq!(letter.to, ANN);
        assert!(letter.values.contains(&"valid=10 minutes".to_owned()));
        // The outbox and the rows have the code nowhere; only the letter has.
        assert!(!letter.values.concat().contains(letter.code()));
        let code = letter.code().to_owned();
        assert_eq!(code.len(), 9, "{code}");
        // As another proof, in another form, of another sign-in, and in another tenant it is nothing.
        let bare = code.replace(' ', "");
        let other = second(&world, &world.acme, &token, ("otp", &bare)).await;
        assert_eq!(outcome(&other), (WRONG.0, WRONG.1.to_owned()));
        world.db.clock().advance(Duration::from_secs(1));
        let later = pending(&world, &world.acme, ANN).await;
        let other = enter(&world, &later, &code).await;
        assert_eq!(outcome(&other), (WRONG.0, WRONG.1.to_owned()));
        let other = second(&world, &world.beta, &token, ("email_code", &code)).await;
        assert_eq!(outcome(&other), (400, "credentials-invalid".to_owned()));
        let entered = enter(&world, &token, &code).await;
        assert_eq!(entered.status, 200, "{entered:?}");
        let verifier = world.identity.verifier();
        let principal = verifier.verify(&entered.field("access_token")).unwrap();
        assert_eq!((principal.subject(), principal.level()), (ann, Level::Aal1));
        assert_eq!(principal.methods(), ["pwd", "email"]);
        // It is good once.
        let again = enter(&world, &token, &code).await;
        assert_eq!(outcome(&again), (WRONG.0, WRONG.1.to_owned()));
        // What it began goes on.
        let bearer = format!("Bearer {}", entered.field("access_token"));
        assert_eq!(world.who("/whoami", &[&bearer]).await.status, 200);
        let next = world.exchange(None, &entered.field("refresh_token")).await;
        assert_eq!(next.status, 200, "{next:?}");
    }
}

#[tokio::test]
async fn mfa_05_codes_by_mail_share_the_tries_of_all_others_and_end_in_time() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        let post = asked_by_mail(&world).await;
        let token = pending(&world, &world.acme, ANN).await;
        let code = post.one().await.code().replace(' ', "");
        for guess in ["", "0", "12345678 ", "x", &format!("{code}0")] {
            let wrong = enter(&world, &token, guess).await;
            assert!(matches!(wrong.status.as_u16(), 400), "{guess}: {wrong:?}");
        }
        // An empty parameter is none (RFC 6749, section 3.2), so that was no try.
        assert_eq!(enter(&world, &token, "00000000").await.status, 400);
        assert_eq!(enter(&world, &token, &code).await.status, 429);
        world.db.clock().advance(Duration::from_secs(301));
        assert_eq!(enter(&world, &token, &code).await.status, 200);
        let token = pending(&world, &world.acme, ANN).await;
        let code = post.one().await.code().to_owned();
        world.db.clock().advance(Duration::from_secs(601));
        let late = enter(&world, &token, &code).await;
        assert_eq!(outcome(&late), (400, "credentials-invalid".to_owned()));
    }
}

#[tokio::test]
async fn mfa_10_of_fifty_uses_of_a_code_by_mail_at_once_one_lets_in() {
    for world in World::all().await {
        let world = Arc::new(world);
        world.person(&world.acme, ANN).await;
        let post = asked_by_mail(&world).await;
        let token = pending(&world, &world.acme, ANN).await;
        let code = post.one().await.code().to_owned();
        let answers = at_once(50, |_| {
            let (world, token, code) = (Arc::clone(&world), token.clone(), code.clone());
            Box::pin(async move { enter(&world, &token, &code).await.status.as_u16() })
        });
        let answers = answers.await;
        let good = answers.iter().filter(|status| **status == 200).count();
        assert_eq!(good, 1, "{answers:?}");
    }
}

#[tokio::test]
async fn mfa_11_who_has_a_factor_proves_that_one_and_gets_no_letter() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        let (app, _) = enrolled(&world, ANN).await;
        let post = asked_by_mail(&world).await;
        post.deliver().await;
        let door = world.sign_in(&world.acme, ANN, PASSWORD).await;
        assert_eq!(door.field("acr_values"), "aal2");
        assert!(door.json().get("mfa_method").is_none());
        assert_eq!(post.deliver().await, []);
        let code = app.code(world.db.now());
        let token = door.field("mfa_token");
        let entered = second(&world, &world.acme, &token, ("otp", &code)).await;
        assert_eq!(entered.status, 200, "{entered:?}");
    }
}

/// The address is where the code goes, so it is not changed from where nobody asks for one.
#[tokio::test]
async fn mfa_15_nobody_changes_the_address_or_closes_the_account_from_a_tenant_that_asks_for_less()
{
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        world.join(&world.beta, ann, ANN).await;
        let lenient = scope(&world, &world.beta, ANN).await;
        let post = asked_by_mail(&world).await;
        let (password, device) = (PASSWORD.into(), Device::default());
        let eve = "eve@evil.test".parse().unwrap();
        let addresses = world.identity.addresses();
        let changed = addresses.ask_change(&lenient, &password, &eve, &device);
        let changed = changed.await;
        assert!(matches!(changed, Err(Error::Factor { .. })), "{changed:?}");
        let closures = world.identity.closures();
        let closed = closures.deactivate(&lenient, &password, &device).await;
        assert!(matches!(closed, Err(Error::Factor { .. })), "{closed:?}");
        assert_eq!(post.deliver().await, []);
        // With the code it is as it was.
        let token = pending(&world, &world.acme, ANN).await;
        let entered = enter(&world, &token, post.one().await.code()).await;
        let principal = world
            .identity
            .verifier()
            .verify(&entered.field("access_token"));
        let strict = world.db.registry().admit(principal.unwrap()).await.unwrap();
        let changed = addresses.ask_change(&strict, &password, &eve, &device);
        changed.await.unwrap();
        assert_eq!(post.deliver().await.len(), 2);
    }
}

/// A weak factor that was asked for must not be got around by a strong one that is enrolled with the password alone.
#[tokio::test]
async fn mfa_15_a_code_by_mail_comes_before_a_factor_is_enrolled_in_whichever_tenant() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        world.join(&world.beta, ann, ANN).await;
        let early = scope(&world, &world.beta, ANN).await;
        let post = asked_by_mail(&world).await;
        // Signed in at the other tenant, which asks for nothing.
        let factors = world.identity.second_factors();
        let refused = factors.stepped_up(&early).await;
        assert!(matches!(refused, Err(Error::Factor { .. })), "{refused:?}");
        // At its door, when it wants a factor.
        rules(&world, &world.beta, &everybody(Requirement::Required)).await;
        let door = world.sign_in(&world.beta, ANN, PASSWORD).await;
        assert_eq!(door.field("mfa_method"), "email");
        let token = door.field("mfa_token");
        let (letter, proof) = (post.one().await, "email_code");
        let entered = second(&world, &world.beta, &token, (proof, letter.code())).await;
        assert_eq!(entered.field("error"), "mfa_enrolment_required");
        // And whoever has entered one, where it is asked for, enrols.
        world.db.clock().advance(Duration::from_secs(1));
        let token = pending(&world, &world.acme, ANN).await;
        let code = post.one().await;
        let entered = enter(&world, &token, code.code()).await;
        let token = entered.field("access_token");
        let principal = world.identity.verifier().verify(&token).unwrap();
        let scope = world.db.registry().admit(principal).await.unwrap();
        // What the other tenant lacks of them is got here.
        factors.stepped_up(&scope).await.unwrap();
    }
}

#[tokio::test]
async fn mfa_11_the_rule_reaches_who_is_signed_in_and_whoever_changed_the_account_gets_no_code() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        let early = world.sign_in(&world.acme, ANN, PASSWORD).await;
        let post = asked_by_mail(&world).await;
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let bearer = format!("Bearer {}", early.field("access_token"));
        let told = world.who("/whoami", &[&bearer]).await;
        assert_eq!(outcome(&told), (401, "step-up-required".to_owned()));
        let challenge = told.header("www-authenticate");
        assert!(challenge.contains("max_age=\"0\""), "{challenge}");
        let refused = world.exchange(None, &early.field("refresh_token")).await;
        assert_eq!(outcome(&refused), (400, "step-up-required".to_owned()));
        // Nobody who goes by refreshing or by a session is sent a letter.
        assert_eq!(post.deliver().await, []);
        // A letter that waits is not sent to the address that the account has by then.
        pending(&world, &world.acme, ANN).await;
        let sql = "UPDATE saas_accounts SET generation = generation + 1, email = $2 WHERE id = $1";
        let email = saas_tenancy::Value::Text("eve@acme.test".to_owned());
        let id = saas_tenancy::Column::to_value(&ann);
        assert_eq!(world.system(sql, &[id, email]).await, 1);
        assert_eq!(post.deliver().await, []);
    }
}

#[tokio::test]
async fn mfa_05_nobody_is_sent_letters_without_end() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    let post = asked_by_mail(&world).await;
    let mut asked = Vec::new();
    for _ in 0..15 {
        let door = world.sign_in(&world.acme, ANN, PASSWORD).await;
        asked.push(door.status.as_u16());
    }
    assert_eq!(asked[..10], [403; 10], "{asked:?}");
    assert_eq!(asked[10..], [429; 5], "{asked:?}");
    assert_eq!(post.deliver().await.len(), 10);
}

#[tokio::test]
async fn mfa_05_who_knows_no_password_keeps_nobody_from_a_code_and_who_knows_one_from_no_reset() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    let post = asked_by_mail(&world).await;
    let (email, device) = (ANN.parse().unwrap(), Device::default());
    let changes = world.identity.password_changes();
    let ask = async || changes.ask(&world.acme, &email, &device).await;
    while ask().await.is_ok() {}
    post.deliver().await;
    let token = pending(&world, &world.acme, ANN).await;
    let entered = enter(&world, &token, post.one().await.code()).await;
    assert_eq!(entered.status, 200, "{entered:?}");
    // And the other way round.
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    asked_by_mail(&world).await;
    while world.sign_in(&world.acme, ANN, PASSWORD).await.status == 403 {}
    let changes = world.identity.password_changes();
    changes.ask(&world.acme, &email, &device).await.unwrap();
}

#[tokio::test]
async fn mfa_12_a_code_that_was_not_sent_is_not_waited_for() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        enrolled(&world, ANN).await;
        let post = asked_by_mail(&world).await;
        let token = pending(&world, &world.acme, ANN).await;
        let factors = world.identity.second_factors();
        factors
            .reset(&world.db.scope(&world.acme), ann)
            .await
            .unwrap();
        post.deliver().await;
        let doors = world.identity.sign_ins();
        let waiting = doors.waiting(&world.acme, &token.as_str().into()).await;
        assert!(matches!(waiting, Err(Error::Credentials)), "{waiting:?}");
    }
}

#[tokio::test]
async fn mfa_08_a_code_by_mail_can_come_before_a_factor_is_enrolled_in_the_same_tenant() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        let both =
            [Requirement::Email, Requirement::Required].map(|what| everybody(what)[0].clone());
        rules(&world, &world.acme, &both).await;
        let post = Post::of(&world);
        let door = world.sign_in(&world.acme, ANN, PASSWORD).await;
        assert_eq!(door.field("mfa_method"), "email");
        let code = post.one().await;
        let entered = enter(&world, &door.field("mfa_token"), code.code()).await;
        assert_eq!(entered.field("error"), "mfa_enrolment_required");
    }
}

#[tokio::test]
async fn a_code_by_mail_needs_no_grace() {
    let world = World::on(Dialect::Sqlite).await;
    let rule = MfaRule {
        role: None,
        requirement: Requirement::Email,
        grace: 1,
    };
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    let factors = world.identity.second_factors();
    let set = factors.set_rules(&mut tx, &[rule]).await;
    assert!(matches!(set, Err(Error::MfaRule { .. })), "{set:?}");
}
