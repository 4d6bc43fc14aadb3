//! Passkeys, on pages: what the script fills in goes the way of every other form.

use std::time::Duration;

use saas_auth::mfa::Requirement;
use scraper::{Html, Selector};

use super::{Browser, document::check};
use crate::{
    passkeys::{ANN, ORIGIN, authenticator::Authenticator, person, worlds},
    second::{everybody, rules},
    world::{Answer, PASSWORD},
};

const FACTORS: &str = "/account/factors";

/// Sends the form that the script fills in, with what the device gives.
async fn fill(
    browser: &mut Browser<'_>,
    page: &Answer,
    to: &str,
    give: impl FnOnce(&str) -> serde_json::Value,
) -> Answer {
    check(page, &browser.prefix.clone());
    let (options, mut fields) = {
        let page = Html::parse_document(&page.text);
        let form = Selector::parse("form[data-passkey]").unwrap();
        let input = Selector::parse("input").unwrap();
        let form = page.select(&form).next().expect("a form for a passkey");
        assert!(
            form.attr("hidden").is_some(),
            "without a script there is none"
        );
        assert_eq!(
            form.attr("action").unwrap(),
            format!("{}{to}", browser.prefix)
        );
        let of = |name: &str, input: scraper::ElementRef<'_>| {
            input.attr(name).unwrap_or_default().to_owned()
        };
        let fields: Vec<_> = form
            .select(&input)
            .map(|input| (of("name", input), of("value", input)))
            .collect();
        (form.attr("data-options").unwrap().to_owned(), fields)
    };
    let given = give(&options).to_string();
    for (name, value) in &mut fields {
        if name == "answer" {
            value.clone_from(&given);
        }
    }
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.post(to, &fields).await
}

/// Sends the form of a page that asks for something, by the token of the page.
async fn act(browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(FACTORS).await;
    check(&page, "/t/acme");
    let token = super::browser::token(&page);
    let fields: Vec<_> = [("form_token", token.as_str())]
        .into_iter()
        .chain(fields.iter().copied())
        .collect();
    browser.post(FACTORS, &fields).await
}

#[tokio::test]
async fn a_person_makes_a_passkey_and_signs_in_with_it_and_without_a_password() {
    for world in worlds().await {
        world.person(&world.acme, ANN).await;
        let mut browser = Browser::signed_in(&world, "acme", ANN).await;
        let mut device = Authenticator::new(ORIGIN);
        let page = act(
            &mut browser,
            &[("act", "enrol-passkey"), ("name", "<b>phone</b>")],
        )
        .await;
        let made = fill(&mut browser, &page, FACTORS, |options| {
            device.create(options)
        })
        .await;
        check(&made, "/t/acme");
        assert_eq!(made.text.matches("<li><code>").count(), 10, "{made:?}");
        let page = browser.get(FACTORS).await;
        assert!(page.text.contains("&#60;b&#62;phone"), "{page:?}");

        // After a password.
        let mut browser = Browser::new(&world, "acme");
        let page = browser.sign_in(ANN, PASSWORD).await;
        assert_eq!((page.status.as_u16(), browser.session()), (200, None));
        device.verified = false;
        let wrong = fill(&mut browser, &page, "/login/second", |options| {
            device.get(options)
        })
        .await;
        assert_eq!((wrong.status.as_u16(), browser.session()), (422, None));
        device.verified = true;
        let entered = fill(&mut browser, &wrong, "/login/second", |options| {
            device.get(options)
        })
        .await;
        assert_eq!(entered.header("location"), "/t/acme/account", "{entered:?}");
        assert_eq!(browser.get("/account").await.status, 200);

        // Instead of one.
        let mut browser = Browser::new(&world, "acme");
        let page = browser.get("/login?continue=/account/sessions").await;
        let mut other = Browser::new(&world, "acme");
        let others = other.get("/login").await;
        let mut stolen = String::new();
        let entered = fill(&mut browser, &page, "/login", |options| {
            let given = device.get(options);
            stolen = given.to_string();
            given
        });
        let entered = entered.await;
        assert_eq!(
            entered.header("location"),
            "/t/acme/account/sessions",
            "{entered:?}"
        );
        assert!(browser.session().is_some());
        // The answer is of no use in another browser.
        let wrong = fill(&mut other, &others, "/login", |_| {
            serde_json::from_str(&stolen).unwrap()
        })
        .await;
        assert_eq!(
            (wrong.status.as_u16(), other.session()),
            (401, None),
            "{wrong:?}"
        );
        check(&wrong, "/t/acme");
        assert!(
            wrong.text.contains("The passkey does not sign you in"),
            "{wrong:?}"
        );

        // Renamed and removed by who has just signed in with it.
        let factor = page_factor(&browser.get(FACTORS).await);
        let rename = [
            ("act", "rename"),
            ("factor", factor.as_str()),
            ("name", "my phone"),
        ];
        assert_eq!(act(&mut browser, &rename).await.status, 303);
        assert!(browser.get(FACTORS).await.text.contains("<li>my phone"));
        let remove = [("act", "remove"), ("factor", factor.as_str())];
        assert_eq!(act(&mut browser, &remove).await.status, 303);
        assert!(browser.get(FACTORS).await.text.contains("a password alone"));
        world.db.clock().advance(Duration::from_secs(301));
        let late = act(&mut browser, &[("act", "enrol-passkey"), ("name", "x")]).await;
        assert!(
            late.header("location").contains("/login?prompt=login"),
            "{late:?}"
        );
    }
}

fn page_factor(page: &Answer) -> String {
    let after = page.text.split("name=\"factor\" value=\"").nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn who_has_to_have_a_passkey_makes_one_at_the_sign_in() {
    for world in worlds().await {
        world.person(&world.acme, ANN).await;
        rules(&world, &world.acme, &everybody(Requirement::Passkey)).await;
        let mut browser = Browser::new(&world, "acme");
        let page = browser.sign_in(ANN, PASSWORD).await;
        assert!(page.text.contains("a passkey."), "{page:?}");
        assert!(
            !page.text.contains("id=\"code\""),
            "an app is not enough: {page:?}"
        );
        let mut device = Authenticator::new(ORIGIN);
        device.origin = "https://evil.test".to_owned();
        let wrong = fill(&mut browser, &page, "/login/enrol", |options| {
            device.create(options)
        })
        .await;
        assert_eq!(browser.session(), None);
        device.origin = ORIGIN.to_owned();
        let made = fill(&mut browser, &wrong, "/login/enrol", |options| {
            device.create(options)
        })
        .await;
        check(&made, "/t/acme");
        assert_eq!(made.text.matches("<li><code>").count(), 10, "{made:?}");
        assert_eq!(browser.get("/account").await.status, 200);
        // Then it is asked for, and a code is not.
        let mut browser = Browser::new(&world, "acme");
        let page = browser.sign_in(ANN, PASSWORD).await;
        assert!(!page.text.contains("id=\"code\""), "{page:?}");
        let entered = fill(&mut browser, &page, "/login/second", |options| {
            device.get(options)
        })
        .await;
        assert_eq!(entered.header("location"), "/t/acme/account", "{entered:?}");
    }
}

#[tokio::test]
async fn who_has_to_have_any_factor_may_choose() {
    let world = crate::passkeys::world().await;
    world.person(&world.acme, ANN).await;
    rules(&world, &world.acme, &everybody(Requirement::Required)).await;
    let mut browser = Browser::new(&world, "acme");
    let page = browser.sign_in(ANN, PASSWORD).await;
    assert!(page.text.contains("id=\"code\""), "{page:?}");
    let mut device = Authenticator::new(ORIGIN);
    let made = fill(&mut browser, &page, "/login/enrol", |options| {
        device.create(options)
    })
    .await;
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(browser.get("/account").await.status, 200);
}

#[tokio::test]
async fn an_answer_too_long_for_a_passkey_is_a_wrong_one() {
    let world = crate::passkeys::world().await;
    let _ = person(&world, ANN).await;
    let mut browser = Browser::new(&world, "acme");
    let page = browser.get("/login").await;
    for (length, status) in [(13_000, 401), (1 << 20, 413)] {
        let wrong = fill(
            &mut browser,
            &page,
            "/login",
            |_| serde_json::json!({ "id": "a".repeat(length) }),
        );
        assert_eq!(wrong.await.status, status);
    }
}
