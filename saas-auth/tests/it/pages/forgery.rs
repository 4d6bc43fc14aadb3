//! Requests that another site makes a browser send.

use http::{Method, StatusCode};
use saas_tenancy::Dialect;

use super::{Browser, browser::token};
use crate::world::{Answer, PASSWORD, World, encode};

/// The forms that change something, each with the fields that it is sent with.
const FORMS: &[(&str, &[(&str, &str)])] = &[
    (
        "/login",
        &[("username", "ann@acme.test"), ("password", PASSWORD)],
    ),
    ("/logout", &[]),
    ("/account/sessions", &[("end", "others")]),
    ("/account", &[]),
    (
        "/account/email",
        &[("email", "new@acme.test"), ("password", PASSWORD)],
    ),
    (
        "/account/password",
        &[("current", PASSWORD), ("password", PASSWORD)],
    ),
    ("/account/apps", &[("client", "nobody")]),
    ("/forgot", &[("email", "ann@acme.test")]),
    ("/reset", &[("token", "x"), ("password", PASSWORD)]),
    ("/verify", &[("token", "x")]),
    ("/email", &[("token", "x")]),
    (
        "/invite",
        &[("token", "x"), ("name", "Ann"), ("password", PASSWORD)],
    ),
    ("/device", &[("user_code", "x"), ("answer", "allow")]),
    ("/consent", &[("request", "x"), ("answer", "allow")]),
];

/// Sends a form with headers and a content type of the attacker's choice.
async fn forge(
    browser: &mut Browser<'_>,
    path: &str,
    fields: &[(&str, &str)],
    headers: &[(&str, &str)],
    kind: &str,
) -> Answer {
    let mut all = vec![("content-type", kind)];
    all.extend(headers);
    browser
        .send(Method::POST, path, &all, encode(fields).into())
        .await
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn pwd_21_no_form_is_taken_from_elsewhere() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let mut other = Browser::signed_in(&world, "acme", "ann@acme.test").await;
        let foreign = token(&other.get("/logout").await);
        for signed_in in [true, false] {
            for (path, fields) in FORMS {
                let mut browser = match signed_in {
                    true => Browser::signed_in(&world, "acme", "ann@acme.test").await,
                    false => Browser::new(&world, "acme"),
                };
                let own = token(&browser.get("/login?prompt=login").await);
                let session = browser.session();
                let with = |token: &'static str| [*fields, &[("form_token", token)]].concat();
                let mut right = fields.to_vec();
                right.push(("form_token", &own));
                let mut wrong = fields.to_vec();
                wrong.push(("form_token", &foreign));
                let ours = ("origin", "http://localhost");
                let same = ("sec-fetch-site", "same-origin");
                let table: &[Forged<'_>] = &[
                    (fields, &[ours, same], FORM),
                    (&with(""), &[ours, same], FORM),
                    (&with("x"), &[ours, same], FORM),
                    (&wrong, &[ours, same], FORM),
                    (
                        &right,
                        &[
                            ("origin", "http://evil.test"),
                            ("sec-fetch-site", "cross-site"),
                        ],
                        FORM,
                    ),
                    (&right, &[("origin", "http://evil.test")], FORM),
                    (&right, &[ours, ("sec-fetch-site", "cross-site")], FORM),
                    (&right, &[ours, ("sec-fetch-site", "same-site")], FORM),
                    (&right, &[("origin", "null"), same], FORM),
                    (&right, &[], FORM),
                    (&right, &[("referer", "http://evil.test/")], FORM),
                    (&right, &[ours, same], "text/plain"),
                    (&right, &[ours, same], "application/json"),
                    (&right, &[ours, same], "multipart/form-data; boundary=x"),
                ];
                for (fields, headers, kind) in table {
                    let answer = forge(&mut browser, path, fields, headers, kind).await;
                    let refused = [StatusCode::FORBIDDEN, StatusCode::UNSUPPORTED_MEDIA_TYPE];
                    assert!(
                        refused.contains(&answer.status),
                        "{path} {fields:?} {headers:?} {kind}: {answer:?}"
                    );
                    assert_eq!(browser.session(), session, "{path}");
                }
                let left = other.get("/account").await;
                assert_eq!(left.status, 200, "{path} was done");
                // And what our own page sends is.
                let answer = forge(&mut browser, path, &right, &[ours, same], FORM).await;
                let refused = [403, 415].contains(&answer.status.as_u16());
                assert!(!refused, "{path}: {answer:?}");
                other = Browser::signed_in(&world, "acme", "ann@acme.test").await;
            }
        }
    }
}

#[tokio::test]
async fn oau_18_nobody_is_signed_in_as_somebody_else() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "eve@acme.test").await;
    // The attacker gets a form, and makes another browser send it.
    let mut attacker = Browser::new(&world, "acme");
    let taken = token(&attacker.get("/login").await);
    let form = [
        ("form_token", taken.as_str()),
        ("username", "eve@acme.test"),
        ("password", PASSWORD),
    ];
    for visited in [false, true] {
        let mut victim = Browser::new(&world, "acme");
        if visited {
            victim.get("/login").await;
        }
        let answer = victim.post("/login", &form).await;
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(victim.session().is_none());
    }
    assert_eq!(attacker.post("/login", &form).await.status, 303);
}

#[tokio::test]
async fn a_form_is_for_one_tenant() {
    let world = World::on(Dialect::Sqlite).await;
    let user = world.person(&world.acme, "ann@acme.test").await;
    world.join(&world.beta, user, "ann@acme.test").await;
    let mut browser = Browser::new(&world, "acme");
    let token = token(&browser.get("/login").await);
    browser.prefix = "/t/beta".to_owned();
    let form = [
        ("form_token", token.as_str()),
        ("username", "ann@acme.test"),
        ("password", PASSWORD),
    ];
    assert_eq!(browser.post("/login", &form).await.status, 403);
}

#[tokio::test]
async fn the_cookie_of_a_visit_makes_no_token_of_a_session() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let mut victim = Browser::signed_in(&world, "acme", "ann@acme.test").await;
    let real = token(&victim.get("/logout").await);
    let (_, text) = victim.session().unwrap();
    // The id of a session is no secret: it stands in access tokens.
    let id = URL_SAFE_NO_PAD.decode(text).unwrap()[..16].to_vec();
    for planted in [
        URL_SAFE_NO_PAD.encode(&id),
        URL_SAFE_NO_PAD.encode([id.clone(), id.clone()].concat()),
        String::from_utf8_lossy(&id).replace(|c: char| !c.is_ascii_graphic(), "x"),
        String::new(),
    ] {
        let mut attacker = Browser::new(&world, "acme");
        attacker.jar.insert("__Host-visit".to_owned(), planted);
        assert_ne!(token(&attacker.get("/login").await), real);
    }
}

#[tokio::test]
async fn pwd_19_a_cookie_that_appears_twice_was_planted() {
    let world = World::on(Dialect::Sqlite).await;
    let mut browser = Browser::new(&world, "acme");
    let cookie = [("cookie", "__Host-visit=a; __Host-visit=b")];
    let answer = browser
        .send(Method::GET, "/login", &cookie, axum::body::Body::empty())
        .await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("header-invalid"), "{answer:?}");
}

/// The fields of a form, the headers of a request, and the media type.
type Forged<'a> = (&'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)], &'a str);

#[tokio::test]
async fn pwd_21_a_form_is_taken_over_http2_too() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    for mut browser in [
        Browser::new(&world, "acme"),
        Browser::on_host(&world, "acme"),
    ] {
        browser.http2 = true;
        let answer = browser.sign_in("ann@acme.test", PASSWORD).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        let own = token(&browser.get("/logout").await);
        let elsewhere = [("origin", "http://evil.test")];
        let fields = [("form_token", own.as_str())];
        let forged = forge(&mut browser, "/logout", &fields, &elsewhere, FORM).await;
        assert_eq!(forged.status, 403, "{forged:?}");
    }
}
