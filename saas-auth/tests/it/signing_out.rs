//! Programs send people here to sign out: the modules of the OpenID Foundation's RP-Initiated Logout plan, and
//! what they do not ask.

use axum::body::Body;
use http::{Request, header};
use saas_auth::FormToken;
use saas_tenancy::Dialect;

use crate::{
    desk::Desk,
    flow::{Browser, Sent},
    world::{Answer, World, encode},
};

const BYE: &str = "https://app.example/bye";

/// A browser that is signed in, and a client that was given tokens by way of it.
struct Visit<'a> {
    browser: Browser<'a>,
    desk: Desk,
    given: Answer,
}

impl<'a> Visit<'a> {
    async fn new(world: &'a World) -> Self {
        if world
            .identity
            .accounts()
            .by_email(&"ann@acme.test".parse().unwrap())
            .await
            .unwrap()
            .is_none()
        {
            world.person(&world.acme, "ann@acme.test").await;
        }
        let browser = Browser::of(world, &world.acme, "ann@acme.test").await;
        let desk = Desk::open(world, &world.acme).await;
        let given = desk.tokens(&browser, &[("scope", "openid")]).await;
        Self {
            browser,
            desk,
            given,
        }
    }

    fn hint(&self) -> String {
        self.given.field("id_token")
    }

    async fn logout(&self, query: &[(&str, &str)]) -> Answer {
        self.browser
            .get(&format!("/t/acme/oauth/logout?{}", encode(query)))
            .await
    }

    async fn is_signed_in(&self) -> bool {
        self.browser.get("/t/acme/whoami").await.status == 200
    }

    /// Tells whether the client can go on.
    async fn goes_on(&self) -> bool {
        let world = self.browser.world;
        let token = self.given.field("refresh_token");
        self.desk.is_active(world, &world.acme, &token).await
    }

    /// Answers the page that asks.
    async fn confirm(&self, more: &[(&str, &str)]) -> Answer {
        let keys = self.browser.world.db.keys();
        let token = FormToken::of(keys, self.browser.session.as_ref().unwrap());
        let mut form = vec![(FormToken::FIELD, token.as_str())];
        form.extend_from_slice(more);
        self.submit(&form, "http://localhost").await
    }

    async fn submit(&self, form: &[(&str, &str)], origin: &str) -> Answer {
        let request = Request::post("/t/acme/oauth/logout")
            .header(header::HOST, "localhost")
            .header(header::ORIGIN, origin)
            .header(header::COOKIE, self.browser.cookie().unwrap())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(encode(form)))
            .unwrap();
        self.browser.world.send(request).await
    }
}

#[track_caller]
fn is_error(answer: &Answer) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(!answer.headers.contains_key(header::LOCATION));
}

#[track_caller]
fn asks(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(
        answer.text.contains("<form method=\"post\">"),
        "{}",
        answer.text
    );
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"));
    assert_eq!(answer.headers["referrer-policy"], "strict-origin");
}

#[tokio::test]
async fn oidc_rp_initiated_logout() {
    for world in World::all().await {
        let visit = Visit::new(&world).await;
        let hint = visit.hint();
        let other = visit
            .desk
            .tokens(&visit.browser, &[])
            .await
            .field("refresh_token");
        let mut elsewhere = Browser::new(&world, &world.acme);
        elsewhere.sign_in("ann@acme.test").await;
        let theirs = visit
            .desk
            .tokens(&elsewhere, &[])
            .await
            .field("refresh_token");
        let answer = visit
            .logout(&[
                ("id_token_hint", &hint),
                ("post_logout_redirect_uri", BYE),
                ("state", "a state & more"),
            ])
            .await;
        let sent = Sent::of(&answer);
        assert!(sent.0.as_str().starts_with(BYE), "{sent:?}");
        assert_eq!(sent.get("state").as_deref(), Some("a state & more"));
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("Max-Age=0"), "{cookie}");
        assert!(!visit.is_signed_in().await);
        // What the client was given in this browser is over, and nothing else.
        assert!(!visit.goes_on().await);
        assert!(!visit.desk.is_active(&world, &world.acme, &other).await);
        assert!(visit.desk.is_active(&world, &world.acme, &theirs).await);
        assert_eq!(elsewhere.get("/t/acme/whoami").await.status, 200);
    }
}

#[tokio::test]
async fn oidc_rp_initiated_logout_discovery_endpoint_verification() {
    let world = World::on(Dialect::Sqlite).await;
    let document = world
        .who("/t/acme/.well-known/openid-configuration", &[])
        .await;
    let issuer = document.field("issuer");
    assert_eq!(
        document.field("end_session_endpoint"),
        format!("{issuer}/oauth/logout")
    );
}

#[tokio::test]
async fn oidc_rp_initiated_logout_bad_id_token_hint() {
    let world = World::on(Dialect::Sqlite).await;
    let visit = Visit::new(&world).await;
    let access = visit.given.field("access_token");
    let refresh = visit.given.field("refresh_token");
    for bad in ["x", "a.b.c", &access, &refresh] {
        for back in [&[][..], &[("post_logout_redirect_uri", BYE)]] {
            let mut query = vec![("id_token_hint", bad)];
            query.extend_from_slice(back);
            is_error(&visit.logout(&query).await);
        }
    }
    assert!(visit.is_signed_in().await && visit.goes_on().await);
}

#[tokio::test]
async fn oidc_rp_initiated_logout_modified_id_token_hint() {
    let world = World::on(Dialect::Sqlite).await;
    let visit = Visit::new(&world).await;
    let hint = visit.hint();
    let (signed, signature) = hint.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    for modified in [
        format!("{header}.{}A.{signature}", &claims[..claims.len() - 1]),
        format!("{signed}.{}", "A".repeat(signature.len())),
        format!("{signed}."),
    ] {
        let query = [
            ("id_token_hint", modified.as_str()),
            ("post_logout_redirect_uri", BYE),
        ];
        is_error(&visit.logout(&query).await);
    }
    assert!(visit.is_signed_in().await);
}

#[tokio::test]
async fn oidc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let world = World::on(Dialect::Sqlite).await;
    let visit = Visit::new(&world).await;
    let hint = visit.hint();
    for bad in [
        "https://evil.test/",
        "https://app.example/callback",
        "https://app.example/bye/",
        "https://app.example/Bye",
        "https://app.example/bye#x",
        "https://app.example/bye?",
        "//app.example/bye",
        "javascript:alert(1)",
    ] {
        let query = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", bad),
        ];
        is_error(&visit.logout(&query).await);
    }
    assert!(visit.is_signed_in().await);
}

#[tokio::test]
async fn oidc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let world = World::on(Dialect::Sqlite).await;
    let visit = Visit::new(&world).await;
    let uri = format!("{BYE}?foo=bar");
    let hint = visit.hint();
    is_error(
        &visit
            .logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", &uri)])
            .await,
    );
    assert!(visit.is_signed_in().await);
}

#[tokio::test]
async fn oidc_rp_initiated_logout_no_id_token_hint() {
    for world in World::all().await {
        let visit = Visit::new(&world).await;
        // Without a client nobody can be sent back.
        is_error(&visit.logout(&[("post_logout_redirect_uri", BYE)]).await);
        let query = [
            ("client_id", visit.desk.id.as_str()),
            ("post_logout_redirect_uri", BYE),
            ("state", "\"><script>"),
        ];
        let page = visit.logout(&query).await;
        asks(&page);
        assert!(page.text.contains("A service asks to sign you out"));
        assert!(!page.text.contains("<script>"), "{}", page.text);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("form-action 'self' https://app.example"),
            "{policy}"
        );
        assert!(visit.is_signed_in().await && visit.goes_on().await);
        let sent = Sent::of(&visit.confirm(&query).await);
        assert_eq!(sent.get("state").as_deref(), Some("\"><script>"));
        assert!(!visit.is_signed_in().await && !visit.goes_on().await);
    }
}

#[tokio::test]
async fn oidc_rp_initiated_logout_no_params() {
    let world = World::on(Dialect::Sqlite).await;
    let visit = Visit::new(&world).await;
    asks(&visit.logout(&[]).await);
    assert!(visit.is_signed_in().await);
    let done = visit.confirm(&[]).await;
    assert_eq!(done.status, 200);
    assert!(done.text.contains("You are signed out"));
    assert!(!visit.is_signed_in().await);
    // Who is not signed in is told so.
    let done = visit.logout(&[]).await;
    assert!(done.text.contains("You are signed out"));
}

#[tokio::test]
async fn oidc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let world = World::on(Dialect::Sqlite).await;
    let visit = Visit::new(&world).await;
    let hint = visit.hint();
    let done = visit
        .logout(&[("id_token_hint", &hint), ("state", "x")])
        .await;
    assert_eq!(done.status, 200);
    assert!(done.text.contains("You are signed out"));
    assert!(!visit.is_signed_in().await);
}

#[tokio::test]
async fn oidc_rp_initiated_logout_no_state() {
    let world = World::on(Dialect::Sqlite).await;
    let visit = Visit::new(&world).await;
    let hint = visit.hint();
    let answer = visit
        .logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)])
        .await;
    assert_eq!(Sent::of(&answer).0.as_str(), BYE);
}

#[tokio::test]
async fn oidc_rp_initiated_logout_only_state() {
    let world = World::on(Dialect::Sqlite).await;
    let visit = Visit::new(&world).await;
    asks(&visit.logout(&[("state", "x")]).await);
    let done = visit.confirm(&[("state", "x")]).await;
    assert!(done.text.contains("You are signed out"));
    assert!(!done.headers.contains_key(header::LOCATION));
}

#[tokio::test]
async fn oau_49_an_expired_hint_is_as_good_and_one_of_others_asks() {
    for world in World::all().await {
        let visit = Visit::new(&world).await;
        let hint = visit.hint();
        // The browser of somebody else.
        world.person(&world.acme, "bob@acme.test").await;
        let bob = Browser::of(&world, &world.acme, "bob@acme.test").await;
        let query = encode(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)]);
        asks(&bob.get(&format!("/t/acme/oauth/logout?{query}")).await);
        assert_eq!(bob.get("/t/acme/whoami").await.status, 200);
        // A hint of another tenant, and a client that it does not name.
        is_error(&bob.get(&format!("/t/beta/oauth/logout?{query}")).await);
        let other = Desk::open(&world, &world.acme).await;
        is_error(
            &visit
                .logout(&[("id_token_hint", &hint), ("client_id", &other.id)])
                .await,
        );
        is_error(&visit.logout(&[("client_id", "nobody")]).await);
        is_error(&visit.logout(&[("state", "x"), ("state", "y")]).await);
        assert!(visit.is_signed_in().await);
        world
            .db
            .clock()
            .advance(std::time::Duration::from_secs(3600 - 60));
        let mut browser = Browser::new(&world, &world.acme);
        browser.sign_in("ann@acme.test").await;
        world
            .db
            .clock()
            .advance(std::time::Duration::from_secs(120));
        let answer = browser.get(&format!("/t/acme/oauth/logout?{query}")).await;
        assert_eq!(Sent::of(&answer).0.as_str(), BYE);
        assert_eq!(browser.get("/t/acme/whoami").await.status, 401);
        assert!(!visit.goes_on().await);
    }
}

#[tokio::test]
async fn nobody_is_signed_out_by_a_page_of_somebody_else() {
    for world in World::all().await {
        let visit = Visit::new(&world).await;
        let id = visit.desk.id.clone();
        for form in [
            vec![(FormToken::FIELD, "x"), ("client_id", id.as_str())],
            vec![(FormToken::FIELD, "")],
        ] {
            let answer = visit.submit(&form, "http://localhost").await;
            // Without a token it is the request of a program, which is led on as a `GET`.
            assert!([403, 303].contains(&answer.status.as_u16()), "{answer:?}");
        }
        let forged = visit
            .submit(&[(FormToken::FIELD, "x")], "https://evil.test")
            .await;
        assert_eq!(forged.status, 403);
        assert!(visit.is_signed_in().await);
        // A program may post, too (section 2). The browser keeps the cookie back then.
        let form = [("client_id", id.as_str()), ("state", "a b"), ("more", "x")];
        let request = Request::post("/t/acme/oauth/logout")
            .header(header::HOST, "localhost")
            .header(header::ORIGIN, "https://app.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(encode(&form)))
            .unwrap();
        let sent = Sent::of(&world.send(request).await);
        assert_eq!(
            sent.path(),
            format!("/t/acme/oauth/logout?client_id={id}&state=a+b")
        );
        asks(&visit.browser.get(sent.path()).await);
    }
}
