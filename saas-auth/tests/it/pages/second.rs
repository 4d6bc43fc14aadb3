//! Second factors, on pages.

use std::time::Duration;

use saas_auth::mfa::{MfaRule, Requirement};
use saas_tenancy::Dialect;

use super::{Browser, browser::hidden, document::check};
use crate::{
    post::Post,
    second::{App, enrolled, everybody, rules},
    world::{Answer, PASSWORD, World},
};

const ANN: &str = "ann@acme.test";
const FACTORS: &str = "/account/factors";

/// The key that a page shows for typing.
fn key(answer: &Answer) -> String {
    let after = answer.text.split("<code>").nth(1).unwrap();
    after.split("</code>").next().unwrap().to_owned()
}

/// Sends the form of a page that has several, or that is shown in answer to another.
async fn send(browser: &mut Browser<'_>, page: &Answer, to: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = hidden(page);
    fields.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
    // Of several forms the first.
    let mut seen = std::collections::HashSet::new();
    fields.retain(|(name, _)| seen.insert(name.clone()));
    let mut all: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    all.extend(more);
    browser.post(to, &all).await
}

#[tokio::test]
async fn a_person_sets_an_app_up_and_signs_in_with_it() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        let mut browser = Browser::signed_in(&world, "acme", ANN).await;
        let page = browser.get(FACTORS).await;
        check(&page, "/t/acme");
        let enrol = [("act", "enrol"), ("name", "<b>phone</b>")];
        let page = send(&mut browser, &page, FACTORS, &enrol).await;
        check(&page, "/t/acme");
        assert!(page.text.contains("<svg role=\"img\""), "{page:?}");
        let app = App::new(&key(&page));
        let code = app.code(world.db.now());
        let page = send(&mut browser, &page, FACTORS, &[("code", &code)]).await;
        check(&page, "/t/acme");
        assert_eq!(page.text.matches("<li><code>").count(), 10, "{page:?}");
        let page = browser.get(FACTORS).await;
        assert!(page.text.contains("&#60;b&#62;phone"), "{page:?}");

        world.db.clock().advance(Duration::from_secs(60));
        let mut browser = Browser::new(&world, "acme");
        let page = browser.sign_in(ANN, PASSWORD).await;
        check(&page, "/t/acme");
        assert_eq!((page.status.as_u16(), browser.session()), (200, None));
        let wrong = send(&mut browser, &page, "/login/second", &[("code", "000000")]).await;
        check(&wrong, "/t/acme");
        assert_eq!((wrong.status.as_u16(), browser.session()), (422, None));
        let code = app.code(world.db.now());
        let entered = send(&mut browser, &wrong, "/login/second", &[("code", &code)]).await;
        assert_eq!(entered.header("location"), "/t/acme/account", "{entered:?}");
        assert_eq!(browser.get("/account").await.status, 200);

        // Removed by who has just signed in with it.
        let page = browser.get(FACTORS).await;
        let remove = [("act", "remove")];
        let removed = send(&mut browser, &page, FACTORS, &remove).await;
        assert_eq!(removed.status, 303, "{removed:?}");
        let page = browser.get(FACTORS).await;
        assert!(page.text.contains("a password alone"), "{page:?}");
        world.db.clock().advance(Duration::from_secs(301));
        let late = send(&mut browser, &page, FACTORS, &enrol).await;
        assert!(
            late.header("location").contains("/login?prompt=login"),
            "{late:?}"
        );
    }
}

#[tokio::test]
async fn mfa_11_a_browser_that_is_remembered_is_asked_for_the_password_alone() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let month = Duration::from_secs(30 * 86_400);
        let world = World::with(dialect, |config| config.mfa.remember = month.into()).await;
        world.person(&world.acme, ANN).await;
        let (app, _) = enrolled(&world, ANN).await;
        let mut browser = Browser::new(&world, "acme");
        let page = browser.sign_in(ANN, PASSWORD).await;
        check(&page, "/t/acme");
        assert!(page.text.contains("for 30 days"), "{page:?}");
        let code = app.code(world.db.now());
        let proof = [("code", code.as_str()), ("remember", "on")];
        let entered = send(&mut browser, &page, "/login/second", &proof).await;
        assert_eq!(entered.status, 303, "{entered:?}");
        let leaves = |browser: &mut Browser<'_>| {
            browser
                .jar
                .retain(|name, _| !name.starts_with("__Host-session-"));
        };
        leaves(&mut browser);
        let again = browser.sign_in(ANN, PASSWORD).await;
        assert_eq!(again.status, 303, "{again:?}");

        // Whoever is signed in that way and changes factors proves all of it.
        let page = browser.get(FACTORS).await;
        check(&page, "/t/acme");
        assert!(page.text.contains("Devices that are not asked"), "{page:?}");
        let enrol = [("act", "enrol"), ("name", "phone")];
        let late = send(&mut browser, &page, FACTORS, &enrol).await;
        let login = late.header("location");
        assert!(login.contains("/login?prompt=login"), "{late:?}");
        let fields = [("username", ANN), ("password", PASSWORD)];
        let asked = browser.submit("/login?prompt=login", &fields).await;
        assert!(asked.text.contains("Your second factor"), "{asked:?}");

        // A browser without what this one keeps is asked, and so is this one when it is forgotten.
        let other = Browser::new(&world, "acme").sign_in(ANN, PASSWORD).await;
        assert!(other.text.contains("Your second factor"), "{other:?}");
        let device = page.text.split("value=\"forget\">").nth(1).unwrap();
        let device = device.split("value=\"").nth(1).unwrap();
        let device = device.split('"').next().unwrap();
        let forget = [("act", "forget"), ("factor", device)];
        let forgotten = send(&mut browser, &page, FACTORS, &forget).await;
        assert_eq!(forgotten.status, 303, "{forgotten:?}");
        leaves(&mut browser);
        let asked = browser.sign_in(ANN, PASSWORD).await;
        assert!(asked.text.contains("Your second factor"), "{asked:?}");
    }
}

#[tokio::test]
async fn mfa_08_what_was_begun_with_an_old_password_or_long_ago_enrols_nothing() {
    let change = "UPDATE saas_accounts SET generation = generation + 1";
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        rules(&world, &world.acme, &everybody(Requirement::Required)).await;
        let list = async || {
            let all = world.identity.second_factors().list(ann).await.unwrap();
            all.into_iter()
                .filter(|one| one.confirmed_at.is_some())
                .count()
        };
        let mut browser = Browser::new(&world, "acme");
        let page = browser.sign_in(ANN, PASSWORD).await;
        assert_eq!(world.system(change, &[]).await, 1);
        let code = App::new(&key(&page)).code(world.db.now());
        let refused = send(&mut browser, &page, "/login/enrol", &[("code", &code)]).await;
        assert_eq!(refused.header("location"), "/t/acme/login", "{refused:?}");
        // Nothing that is sent makes it last longer.
        let mut page = browser.sign_in(ANN, PASSWORD).await;
        for _ in 0..3 {
            world.db.clock().advance(Duration::from_secs(190));
            page = send(&mut browser, &page, "/login/enrol", &[("code", "000000")]).await;
            assert_eq!(page.status, 200, "{page:?}");
        }
        world.db.clock().advance(Duration::from_secs(40));
        let code = App::new(&key(&page)).code(world.db.now());
        let late = send(&mut browser, &page, "/login/enrol", &[("code", &code)]).await;
        assert_eq!(late.header("location"), "/t/acme/login", "{late:?}");
        assert_eq!(list().await, 0);
    }
}

#[tokio::test]
async fn who_has_to_set_one_up_does_so_before_there_is_a_session() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let rule = MfaRule {
            role: None,
            requirement: Requirement::Required,
            grace: 0,
        };
        let factors = world.identity.second_factors();
        factors.set_rules(&mut tx, &[rule]).await.unwrap();
        tx.commit().await.unwrap();
        let mut browser = Browser::new(&world, "acme");
        let page = browser.sign_in(ANN, PASSWORD).await;
        check(&page, "/t/acme");
        assert_eq!(browser.session(), None);
        assert_eq!(browser.get("/account").await.status, 303);
        let wrong = send(&mut browser, &page, "/login/enrol", &[("code", "000000")]).await;
        check(&wrong, "/t/acme");
        assert_eq!(browser.session(), None);
        // With a new key.
        assert_ne!(key(&wrong), key(&page));
        let code = App::new(&key(&wrong)).code(world.db.now());
        let page = send(&mut browser, &wrong, "/login/enrol", &[("code", &code)]).await;
        check(&page, "/t/acme");
        assert_eq!(page.text.matches("<li><code>").count(), 10, "{page:?}");
        assert!(browser.session().is_some());
        assert_eq!(browser.get("/account").await.status, 200);
    }
}

#[tokio::test]
async fn who_has_no_factor_enters_the_code_of_a_letter() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        rules(&world, &world.acme, &everybody(Requirement::Email)).await;
        let post = Post::of(&world);
        let mut browser = Browser::new(&world, "acme");
        let page = browser.sign_in(ANN, PASSWORD).await;
        check(&page, "/t/acme");
        assert!(page.text.contains("We have sent you a code"), "{page:?}");
        let code = post.one().await.code().to_owned();
        let wrong = send(
            &mut browser,
            &page,
            "/login/second",
            &[("code", "1234 5678")],
        )
        .await;
        check(&wrong, "/t/acme");
        assert_eq!((wrong.status.as_u16(), browser.session()), (422, None));
        // Being wrong sends no other letter: the first one is still good.
        assert_eq!(post.deliver().await, []);
        let entered = send(&mut browser, &wrong, "/login/second", &[("code", &code)]).await;
        assert_eq!(entered.header("location"), "/t/acme/account", "{entered:?}");
        assert_eq!(browser.get("/account").await.status, 200);
    }
}

/// Where the address of all tenants is changed, a sign-in of before the app is not enough.
#[tokio::test]
async fn who_has_not_proven_the_app_signs_in_anew_to_change_the_address() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        let mut browser = Browser::signed_in(&world, "acme", ANN).await;
        let (app, _) = enrolled(&world, ANN).await;
        let wish = [("email", "ann@new.test"), ("password", PASSWORD)];
        let page = browser.get("/account/email").await;
        let asked = send(&mut browser, &page, "/account/email", &wish).await;
        let again = "/t/acme/login?prompt=login&continue=%2Ft%2Facme%2Faccount%2Femail";
        assert_eq!(asked.header("location"), again, "{asked:?}");
        let mut browser = Browser::new(&world, "acme");
        let page = browser.sign_in(ANN, PASSWORD).await;
        let code = app.code(world.db.now());
        send(&mut browser, &page, "/login/second", &[("code", &code)]).await;
        let page = browser.get("/account/email").await;
        let asked = send(&mut browser, &page, "/account/email", &wish).await;
        assert_eq!(asked.status, 200, "{asked:?}");
    }
}
