//! What holds for every page: headers, accessibility, and that nothing in it can run.

use std::collections::HashSet;

use saas_tenancy::Dialect;
use scraper::{ElementRef, Html, Selector};

use super::Browser;
use crate::world::{Answer, World};

/// The pages that anybody can open.
const OPEN: &[&str] = &["/login", "/login?continue=/account/sessions", "/forgot"];
/// Those for somebody who is signed in.
const OWN: &[&str] = &[
    "/login?prompt=login",
    "/logout",
    "/account",
    "/account?sent=1",
    "/account/email",
    "/account/password",
    "/account/sessions",
    "/account/apps",
    "/device",
    "/device?user_code=%22%3E%3Cscript%3Ealert(1)",
];

#[tokio::test]
async fn every_page_is_accessible_and_can_run_nothing() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    for mut browser in [
        Browser::new(&world, "acme"),
        Browser::on_host(&world, "acme"),
    ] {
        let prefix = browser.prefix.clone();
        for path in OPEN {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            check(&answer, &prefix);
        }
        check(&browser.sign_in("ann@acme.test", "wrong").await, &prefix);
        check(&browser.post("/login", &[]).await, &prefix);
        let form = [
            ("username", "ann@acme.test"),
            ("password", crate::world::PASSWORD),
        ];
        let onward = browser
            .submit("/login?continue=/oauth/authorize", &form)
            .await;
        assert_eq!(onward.status, 200);
        check(&onward, &prefix);
        for path in OWN {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            check(&answer, &prefix);
        }
    }
    let mut browser = Browser::new(&world, "acme");
    browser.prefix.clear();
    for path in [
        "/login",
        "/login?organisation=-",
        "/login?organisation=%3Cscript%3E&continue=/account",
    ] {
        check(&browser.get(path).await, "");
    }
}

#[tokio::test]
async fn every_answer_says_what_browsers_may_do_with_it() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let mut visitor = Browser::new(&world, "acme");
    let mut member = Browser::signed_in(&world, "acme", "ann@acme.test").await;
    let mut answers = vec![
        visitor.get("/login").await,
        visitor.get("/account").await,
        visitor.post("/login", &[]).await,
        visitor.sign_in("ann@acme.test", "wrong").await,
        visitor.get("/login?prompt=login&prompt=login").await,
        member.submit("/logout", &[("form_token", "")]).await,
    ];
    for path in OWN {
        answers.push(member.get(path).await);
    }
    answers.push(member.submit("/logout", &[]).await);
    for answer in answers {
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "strict-origin");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{policy}"
        );
        if answer.header("content-type").starts_with("text/html") {
            assert!(policy.contains("form-action 'self';"), "{policy}");
            assert!(policy.contains("base-uri 'none'"), "{policy}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_a_page_with_its_code_and_status() {
    let world = World::on(Dialect::Sqlite).await;
    let mut browser = Browser::new(&world, "acme");
    let large = "x".repeat(20_000);
    let token = super::browser::token(&browser.get("/login").await);
    for (answer, status, code) in [
        (
            browser.post("/account/theme.css", &[]).await,
            405,
            "method-not-allowed",
        ),
        (browser.post("/login", &[]).await, 403, "request-forged"),
        (
            browser.get("/login?continue=/a&continue=/b").await,
            400,
            "query-invalid",
        ),
        (
            browser.get("/account/theme.css?accent=red").await,
            404,
            "not-found",
        ),
        (
            browser.post("/login", &[("username", &large)]).await,
            413,
            "body-too-large",
        ),
        (
            browser
                .post("/login", &[("form_token", &token), ("form_token", &token)])
                .await,
            400,
            "bad-request",
        ),
        (
            browser
                .send(
                    http::Method::POST,
                    "/login",
                    &[("content-type", "application/json")],
                    "{}".into(),
                )
                .await,
            415,
            "media-type",
        ),
    ] {
        assert_eq!(answer.status, status, "{code}: {answer:?}");
        assert!(answer.text.contains(code), "{code}: {answer:?}");
        assert!(!answer.header("x-request-id").is_empty());
        assert!(answer.text.contains(answer.header("x-request-id")));
        check(&answer, "/t/acme");
    }
}

#[tokio::test]
async fn problems_of_other_routes_are_pages_for_whoever_opens_them() {
    let world = World::on(Dialect::Sqlite).await;
    let mut browser = Browser::new(&world, "nobody");
    let opened = [("sec-fetch-mode", "navigate")];
    let asked = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let fetched = [("sec-fetch-mode", "cors"), ("accept", "text/html")];
    for (path, tenant, status, code) in [
        ("/login", "nobody", 404, "tenant-unknown"),
        ("/whoami", "acme", 401, "unauthenticated"),
        ("/oauth/authorize?client_id=x", "acme", 400, "bad-request"),
    ] {
        browser.prefix = format!("/t/{tenant}");
        for headers in [&opened, &asked] {
            let answer = browser
                .send(http::Method::GET, path, headers, "".into())
                .await;
            assert_eq!(answer.status, status, "{path}: {answer:?}");
            assert!(answer.text.contains(code), "{path}: {answer:?}");
            check(&answer, "");
        }
        let answer = browser
            .send(http::Method::GET, path, &fetched, "".into())
            .await;
        assert_eq!(answer.outcome(), (status, code.to_owned()), "{path}");
    }
}

/// Checks a page as far as a program can.
pub(super) fn check(answer: &Answer, prefix: &str) {
    let text = &answer.text;
    assert_eq!(
        answer.header("content-type"),
        "text/html; charset=utf-8",
        "{text}"
    );
    let page = Html::parse_document(text);
    assert_eq!(page.errors, Vec::<&str>::new(), "{text}");
    let all = |selector: &str| -> Vec<ElementRef<'_>> {
        page.select(&Selector::parse(selector).unwrap()).collect()
    };
    assert_eq!(all("html[lang=en]").len(), 1, "{text}");
    assert_eq!(all("h1").len(), 1, "{text}");
    assert_eq!(all("main").len(), 1, "{text}");
    assert_eq!(all("title").len(), 1, "{text}");
    assert_eq!(all("meta[name=viewport]").len(), 1, "{text}");
    assert!(
        all("style, iframe, object, embed, img, base").is_empty(),
        "{text}"
    );
    // One script, of our own file, on pages with a form that needs it.
    let scripts = all("script");
    for script in &scripts {
        let file = format!("{prefix}/account/assets/passkey.js?v=");
        let from = script.attr("src").unwrap_or_default();
        assert!(
            from.starts_with(&file) && script.inner_html().is_empty(),
            "{text}"
        );
    }
    // Known by a word that is of this answer alone, so that no other file of this host is run.
    let nonce = scripts.first().map(|script| script.attr("nonce").unwrap());
    assert!(nonce.is_none_or(|nonce| nonce.len() == 22), "{text}");
    let (scripts, forms) = (scripts.len(), all("form[data-passkey]").len());
    assert!(scripts <= 1 && scripts == forms.min(1), "{text}");
    let policy = answer.header("content-security-policy");
    if let Some(nonce) = nonce {
        let only = format!("; script-src 'nonce-{nonce}'; ");
        assert!(policy.contains(&only), "{policy}");
    }
    assert_eq!(policy.contains("script"), scripts == 1, "{policy}");
    let mut ids = HashSet::new();
    for element in all("*") {
        for (name, value) in element.value().attrs() {
            assert!(!name.starts_with("on") && name != "style", "{name}: {text}");
            let local = ["href", "action", "src"].contains(&name) && !value.starts_with('#');
            if local {
                assert!(value.starts_with(&format!("{prefix}/")), "{value}: {text}");
                assert!(!value.starts_with("//"), "{value}");
            }
        }
        if let Some(id) = element.attr("id") {
            assert!(ids.insert(id.to_owned()), "two `{id}`: {text}");
        }
    }
    for element in all("[aria-describedby], label[for], a[href^='#']") {
        let named =
            ["aria-describedby", "for", "href"].map(|name| element.attr(name).unwrap_or_default());
        for id in named
            .iter()
            .flat_map(|named| named.split(' '))
            .filter(|id| !id.is_empty())
        {
            let id = id.trim_start_matches('#');
            assert!(
                id.starts_with('/') || ids.contains(id),
                "nothing is `{id}`: {text}"
            );
        }
    }
    for input in all("input:not([type=hidden]), select, textarea") {
        let id = input.attr("id").unwrap_or_default();
        assert_eq!(
            all(&format!("label[for='{id}']")).len(),
            1,
            "`{id}` has no label: {text}"
        );
        assert!(input.attr("autocomplete").is_some(), "`{id}`: {text}");
    }
    for form in all("form[method=post]") {
        let token = Selector::parse("input[type=hidden][name=form_token]").unwrap();
        let token = form
            .select(&token)
            .next()
            .unwrap_or_else(|| panic!("no token: {text}"));
        assert!(token.attr("value").unwrap().len() >= 20, "{text}");
    }
    assert_eq!(all("form:not([method])").len(), 0, "{text}");
}
