//! Signing in and out.

use http::{Method, StatusCode, header};
use saas_tenancy::Dialect;

use super::{
    Browser,
    browser::{hidden, token},
};
use crate::world::{PASSWORD, World};

#[tokio::test]
async fn a_person_signs_in_by_path_and_by_host_and_every_link_stays_there() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        for mut browser in [
            Browser::new(&world, "acme"),
            Browser::on_host(&world, "acme"),
        ] {
            let prefix = browser.prefix.clone();
            let answer = browser.get("/account/sessions?x=1").await;
            assert_eq!(answer.status, 303);
            let sent = answer.header("location").to_owned();
            assert_eq!(
                sent,
                format!("{prefix}/login?continue=%2Faccount%2Fsessions%3Fx%3D1")
            );
            let form = [("username", "ann@acme.test"), ("password", PASSWORD)];
            let page = sent.strip_prefix(&prefix).unwrap();
            let answer = browser.submit(page, &form).await;
            assert_eq!(answer.status, 303, "{answer:?}");
            assert_eq!(
                answer.header("location"),
                format!("{prefix}/account/sessions?x=1")
            );
            let answer = browser.get("/account").await;
            assert_eq!(answer.status, 200);
            assert!(answer.text.contains("Name of ann@acme.test"), "{answer:?}");
            // Whoever is signed in need not sign in.
            let answer = browser.get("/login").await;
            assert_eq!(answer.header("location"), format!("{prefix}/account"));
        }
    }
}

#[tokio::test]
async fn pwd_02_whatever_is_wrong_is_answered_alike() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        world.person(&world.beta, "bob@beta.test").await;
        let off = world.person(&world.acme, "off@acme.test").await;
        let sql = "UPDATE saas_accounts SET status = 'disabled' WHERE id = $1";
        world
            .system(sql, &[saas_tenancy::Column::to_value(&off)])
            .await;
        let mut browser = Browser::new(&world, "acme");
        let mut answers = Vec::new();
        for (username, password) in [
            ("ann@acme.test", "wrong password"),
            ("eve@acme.test", PASSWORD),
            ("bob@beta.test", PASSWORD),
            ("off@acme.test", PASSWORD),
            ("no address", PASSWORD),
            ("nobody", ""),
        ] {
            let answer = browser.sign_in(username, password).await;
            assert_eq!(answer.status, 401, "{username}: {answer:?}");
            assert_eq!(answer.header("www-authenticate"), "Form");
            assert!(browser.session().is_none());
            assert!(
                !answer.text.contains(PASSWORD),
                "the password is in the page"
            );
            let written = format!("value=\"{username}\"");
            assert!(answer.text.contains(&written), "{answer:?}");
            answers.push(answer.text.replace(&written, ""));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1);
        // The form that was answered can be sent again.
        assert_eq!(browser.sign_in("ann@acme.test", PASSWORD).await.status, 303);
    }
}

#[tokio::test]
async fn soc_11_htp_22_nobody_is_sent_to_another_host() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    for onward in [
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "https:evil.test",
        "https://evil.test/",
        "/\t/evil.test",
        "/\n/evil.test",
        "\t//evil.test",
        "/%2fevil.test",
        "/%5Cevil.test",
        "%2f%2fevil.test",
        "/..//evil.test",
        "javascript:alert(1)",
        "/t/acme//evil.test",
        "/account\r\nLocation: https://evil.test",
        "/oauth/../..//evil.test",
        "/\" onclick=\"x",
    ] {
        let escaped: String = onward.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let page = format!("/login?continue={escaped}");
        let mut browser = Browser::new(&world, "acme");
        let answer = browser.get(&page).await;
        assert_eq!(answer.status, 200);
        assert!(
            !answer.text.contains("evil") && !answer.text.contains("onclick"),
            "{onward:?}: {answer:?}"
        );
        // Neither by the page's address nor by its form.
        let form = [
            ("username", "ann@acme.test"),
            ("password", PASSWORD),
            ("continue", onward),
        ];
        let answer = browser.submit("/login", &form).await;
        assert_eq!(answer.status, 303, "{onward:?}");
        assert_eq!(answer.header("location"), "/t/acme/account", "{onward:?}");
        let answer = browser.get(&page).await;
        assert_eq!(answer.header("location"), "/t/acme/account", "{onward:?}");
    }
}

#[tokio::test]
async fn the_way_to_a_program_begins_with_a_page() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let mut browser = Browser::new(&world, "acme");
    let page = "/login?continue=%2Foauth%2Fauthorize%3Fclient_id%3Da%26state%3Dx%2527";
    let form = [("username", "ann@acme.test"), ("password", PASSWORD)];
    let answer = browser.submit(page, &form).await;
    // Browsers would hold the redirect to the program against the policy of the form's page.
    assert_eq!(answer.status, 200);
    let escaped = "/t/acme/oauth/authorize?client_id=a&#38;state=x%27";
    assert!(
        answer
            .text
            .contains(&format!("content=\"0; url={escaped}\"")),
        "{answer:?}"
    );
    assert!(browser.session().is_some());
}

#[tokio::test]
async fn pwd_18_cookies_are_for_this_host_alone() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let mut browser = Browser::new(&world, "acme");
    let visit = browser.get("/login").await;
    let entered = browser.sign_in("ann@acme.test", PASSWORD).await;
    let mut seen = Vec::new();
    for answer in [visit, entered] {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            assert!(cookie.is_sensitive());
            let cookie = cookie.to_str().unwrap();
            let mut parts = cookie.split("; ");
            let name = parts.next().unwrap().split('=').next().unwrap();
            let mut attributes: Vec<_> =
                parts.filter(|part| !part.starts_with("Max-Age=")).collect();
            attributes.sort_unstable();
            assert_eq!(
                attributes,
                ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"],
                "{cookie}"
            );
            assert!(name.starts_with("__Host-"), "{cookie}");
            seen.push(name.split('-').nth(1).unwrap().to_owned());
        }
    }
    // The cookie of the visit ends with the sign-in.
    assert_eq!(seen, ["visit", "session", "visit"]);
    assert_eq!(browser.jar.len(), 1);
}

#[tokio::test]
async fn pwd_16_a_sign_in_begins_a_session_that_nobody_knew_before() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        world.person(&world.acme, "eve@acme.test").await;
        // A session of the attacker, planted in the browser of another person.
        let attacker = Browser::signed_in(&world, "acme", "eve@acme.test").await;
        let (name, planted) = attacker.session().unwrap();
        let mut browser = Browser::new(&world, "acme");
        browser.jar.insert(name.clone(), planted.clone());
        let page = "/login?prompt=login";
        let form = [("username", "ann@acme.test"), ("password", PASSWORD)];
        assert_eq!(browser.submit(page, &form).await.status, 303);
        let (_, own) = browser.session().unwrap();
        assert_ne!(own, planted);
        assert!(browser.get("/account").await.text.contains("ann@acme.test"));
        // The planted one has ended, so the attacker sees nothing.
        let mut attacker = attacker;
        assert_eq!(attacker.get("/account").await.status, 303);
        // One that never was a session is not taken over either.
        let made_up = "A".repeat(64);
        browser.jar.insert(name.clone(), made_up.clone());
        assert_eq!(browser.sign_in("ann@acme.test", PASSWORD).await.status, 303);
        assert_ne!(browser.session().unwrap().1, made_up);
    }
}

#[tokio::test]
async fn pwd_24_a_session_that_was_ended_is_none() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let mut browser = Browser::signed_in(&world, "acme", "ann@acme.test").await;
        let (name, value) = browser.session().unwrap();
        // A link signs nobody out.
        assert_eq!(browser.get("/logout").await.status, 200);
        assert_eq!(browser.get("/account").await.status, 200);
        let answer = browser.submit("/logout", &[]).await;
        assert_eq!(answer.header("location"), "/t/acme/login?notice=signed-out");
        assert!(browser.session().is_none());
        let answer = browser.get("/login?notice=signed-out").await;
        assert!(answer.text.contains("You have signed out"), "{answer:?}");
        browser.jar.insert(name, value);
        assert_eq!(browser.get("/account").await.status, 303);
    }
}

#[tokio::test]
async fn pwd_20_a_session_is_good_in_its_own_tenant_only() {
    let world = World::on(Dialect::Sqlite).await;
    let user = world.person(&world.acme, "ann@acme.test").await;
    world.join(&world.beta, user, "ann@beta.test").await;
    let mut browser = Browser::signed_in(&world, "acme", "ann@acme.test").await;
    let (acme, value) = browser.session().unwrap();
    browser.prefix = "/t/beta".to_owned();
    assert_eq!(browser.get("/account").await.status, 303);
    // Under the name of the other tenant's cookie too.
    let other = Browser::signed_in(&world, "beta", "ann@acme.test").await;
    let (beta, _) = other.session().unwrap();
    assert_ne!(acme, beta);
    browser.jar.insert(beta, value);
    assert_eq!(browser.get("/account").await.status, 303);
    browser.prefix = "/t/acme".to_owned();
    assert_eq!(browser.get("/account").await.status, 200);
}

#[tokio::test]
async fn who_names_no_tenant_is_asked_for_it() {
    let world = World::on(Dialect::Sqlite).await;
    let mut browser = Browser::new(&world, "acme");
    browser.prefix.clear();
    let answer = browser.get("/login?continue=/account/sessions").await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers.get(header::SET_COOKIE).is_none());
    assert_eq!(
        hidden(&answer),
        [("continue".to_owned(), "/account/sessions".to_owned())]
    );
    let answer = browser
        .get("/login?continue=/account/sessions&organisation=%20Acme")
        .await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.header("location"),
        "/t/acme/login?continue=%2Faccount%2Fsessions"
    );
    // Whether there is such a tenant is told later, as to everybody.
    let answer = browser.get("/login?organisation=nobody").await;
    assert_eq!(answer.header("location"), "/t/nobody/login");
    for wrong in [
        "..",
        "a%2Fb",
        "%2F%2Fevil.test",
        "evil.test",
        "-",
        "x%0d%0aSet-Cookie:a",
    ] {
        let answer = browser.get(&format!("/login?organisation={wrong}")).await;
        assert_eq!(answer.status, 422, "{wrong}: {answer:?}");
    }
    for path in ["/account", "/account/sessions", "/logout"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(answer.text.contains("tenant-required"), "{path}");
    }
}

#[tokio::test]
async fn fields_that_nobody_asked_for_are_passed_over_and_those_sent_twice_are_not() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let mut browser = Browser::new(&world, "acme");
    let form = [
        ("username", "ann@acme.test"),
        ("password", PASSWORD),
        ("admin", "1"),
    ];
    assert_eq!(browser.submit("/login", &form).await.status, 303);
    let mut browser = Browser::new(&world, "acme");
    let form = [
        ("username", "ann@acme.test"),
        ("username", "eve@acme.test"),
        ("password", PASSWORD),
    ];
    assert_eq!(browser.submit("/login", &form).await.status, 400);
}

#[tokio::test]
async fn pwd_22_looking_changes_nothing() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let mut browser = Browser::signed_in(&world, "acme", "ann@acme.test").await;
    let token = token(&browser.get("/logout").await);
    for path in ["/logout", "/account/sessions", "/login", "/account"] {
        for method in [Method::GET, Method::HEAD] {
            let path = format!("{path}?form_token={token}&end=everywhere&username=x&password=y");
            browser
                .send(method, &path, &[], axum::body::Body::empty())
                .await;
        }
    }
    assert_eq!(browser.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_program_may_suppose_who_signs_in() {
    let world = World::on(Dialect::Sqlite).await;
    let mut browser = Browser::new(&world, "acme");
    let page = browser.get("/login?login_hint=ann%40acme.test").await;
    assert!(page.text.contains("value=\"ann@acme.test\""), "{page:?}");
    let page = browser
        .get(&format!(
            "/login?login_hint=%22%3E%3Cscript%3E{}",
            "%C3%A4".repeat(500)
        ))
        .await;
    super::document::check(&page, "/t/acme");
    assert!(page.text.matches('ä').count() < 254);
}
