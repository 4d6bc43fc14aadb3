//! Second factors, on pages.

use std::time::Duration;

use saas_auth::mfa::{MfaRule, Requirement};

use super::{Browser, browser::hidden, document::check};
use crate::{
    second::App,
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
