//! Letting programs in, and taking it back.

use saas_auth::Device;
use saas_core::{Granted, Secret};
use saas_tenancy::Dialect;

use super::{Browser, browser::hidden, document::check};
use crate::{
    flow::{self, CALLBACK, Sent},
    world::{Answer, PASSWORD, World, encode},
};

/// Sends somebody who is signed in to the authorization endpoint, and gives the page that asks them.
async fn asked(browser: &mut Browser<'_>, client: &str) -> String {
    let query = encode(&flow::request(&[
        ("client_id", client),
        ("scope", "projects:read"),
    ]));
    let answer = browser.get(&format!("/oauth/authorize?{query}")).await;
    let sent = Sent::of(&answer);
    assert!(sent.0.path().ends_with("/consent"), "{sent:?}");
    sent.path()
        .strip_prefix(&browser.prefix)
        .unwrap()
        .to_owned()
}

async fn answer(browser: &mut Browser<'_>, page: &str, answer: &str) -> Answer {
    browser.submit(page, &[("answer", answer)]).await
}

#[tokio::test]
async fn a_person_lets_a_program_in_sees_it_and_takes_it_back() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let partner = flow::partner(&world, &world.acme).await;
        for mut browser in [Browser::signed_in(&world, "acme", "ann@acme.test").await, {
            let mut browser = Browser::on_host(&world, "acme");
            browser
                .sign_in("ann@acme.test", crate::world::PASSWORD)
                .await;
            browser
        }] {
            let prefix = browser.prefix.clone();
            let page = asked(&mut browser, &partner.id).await;
            let shown = browser.get(&page).await;
            check(&shown, &prefix);
            assert!(shown.text.contains("A partner"), "{shown:?}");
            // Exactly the program may be what the answer leads to.
            let policy = shown.header("content-security-policy");
            assert!(
                policy.contains("form-action 'self' https://app.example;"),
                "{policy}"
            );

            let refused = Sent::of(&answer(&mut browser, &page, "deny").await);
            assert_eq!(refused.get("error").as_deref(), Some("access_denied"));
            assert!(refused.0.as_str().starts_with(CALLBACK));
            let none = browser.get("/account/apps").await;
            assert!(none.text.contains("There are none"), "{none:?}");

            let allowed = answer(&mut browser, &page, "allow").await;
            assert_eq!(allowed.header("cache-control"), "no-store");
            let code = Sent::of(&allowed).code();
            let change = [("client_id", partner.id.as_str())];
            let redeemed = flow::redeem(&world, &world.acme, &code, &change).await;
            assert_eq!(redeemed.status, 200, "{redeemed:?}");

            let apps = browser.get("/account/apps").await;
            check(&apps, &prefix);
            assert!(apps.text.contains("A partner"), "{apps:?}");
            let form = [("client", partner.id.as_str())];
            assert_eq!(browser.submit("/account/apps", &form).await.status, 303);
            let none = browser.get("/account/apps").await;
            assert!(none.text.contains("There are none"), "{none:?}");
            let refresh = redeemed.field("refresh_token");
            let form = [
                ("grant_type", "refresh_token"),
                ("client_id", partner.id.as_str()),
                ("refresh_token", &refresh),
            ];
            assert_eq!(world.token(Some(&world.acme), &form).await.status, 400);
        }
    }
}

#[tokio::test]
async fn oau_50_a_request_is_answered_by_whom_it_asked() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    world.person(&world.acme, "eve@acme.test").await;
    let partner = flow::partner(&world, &world.acme).await;
    let mut ann = Browser::signed_in(&world, "acme", "ann@acme.test").await;
    let page = asked(&mut ann, &partner.id).await;
    let shown = ann.get(&page).await;
    let sealed = hidden(&shown)
        .into_iter()
        .find(|(name, _)| name == "request")
        .unwrap()
        .1;
    let mut eve = Browser::signed_in(&world, "acme", "eve@acme.test").await;
    let token = super::browser::token(&eve.get("/logout").await);
    for sealed in [sealed.as_str(), "", "x"] {
        let form = [
            ("form_token", token.as_str()),
            ("request", sealed),
            ("answer", "allow"),
        ];
        let answer = eve.post("/consent", &form).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.text.contains("begin again"), "{answer:?}");
        check(&answer, "/t/acme");
    }
    // Whoever is not signed in is asked to, and comes back to it.
    let mut nobody = Browser::new(&world, "acme");
    let answer = nobody.get(&page).await;
    assert_eq!(answer.status, 303);
    let sent = Sent::of(&answer);
    assert_eq!(sent.get("continue").unwrap(), page);
}

#[tokio::test]
async fn a_sign_in_that_a_program_asked_for_leads_back_to_it() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    for mut browser in [
        Browser::new(&world, "acme"),
        Browser::on_host(&world, "acme"),
    ] {
        let prefix = browser.prefix.clone();
        let path = |sent: &Sent| sent.path().strip_prefix(&prefix).unwrap().to_owned();
        let authorize = format!("/oauth/authorize?{}", encode(&flow::request(&[])));
        let login = path(&Sent::of(&browser.get(&authorize).await));
        let form = [
            ("username", "ann@acme.test"),
            ("password", crate::world::PASSWORD),
        ];
        let answer = browser.submit(&login, &form).await;
        assert_eq!(answer.status, 200);
        check(&answer, &prefix);
        let onward = answer
            .text
            .split("0; url=")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let onward = onward.strip_prefix(&prefix).unwrap().replace("&#38;", "&");
        let sent = Sent::of(&browser.get(&onward).await);
        assert!(sent.0.as_str().starts_with(CALLBACK), "{sent:?}");
        assert_eq!(sent.get("state").as_deref(), Some("a state"));
        sent.code();
        world.db.clock().advance(std::time::Duration::from_secs(1));
        // And once more, when it wants the person to sign in again.
        let authorize = format!("{authorize}&prompt=login");
        let login = path(&Sent::of(&browser.get(&authorize).await));
        assert!(login.contains("prompt=login"));
        let before = browser.session();
        assert_eq!(browser.submit(&login, &form).await.status, 200);
        assert_ne!(browser.session(), before);
    }
}

#[tokio::test]
async fn a_program_has_its_name_among_the_sessions() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let partner = flow::partner(&world, &world.acme).await;
        let password = Secret::from(PASSWORD);
        let doors = world.identity.sign_ins();
        let device = Device::default();
        let who = doors.by_password(&world.acme, "ann@acme.test", &password, &device);
        let (who, tokens) = (who.await.unwrap(), world.identity.refresh_tokens());
        for client in [&*partner.id, "starter-web", "gone"] {
            tokens.begin(&who, client, &Granted::All).await.unwrap();
        }
        let mut browser = Browser::signed_in(&world, "acme", "ann@acme.test").await;
        let page = browser.get("/account/sessions").await;
        check(&page, "/t/acme");
        assert!(page.text.contains("<strong>A partner</strong>"), "{page:?}");
        assert!(!page.text.contains(&partner.id), "{page:?}");
        // One that the configuration has no more is still shown.
        assert!(page.text.contains("<strong>gone</strong>"), "{page:?}");
    }
}
