//! Sessions of browsers, and the end of what came from them.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, Method, Request, header};
use saas_auth::{
    Authenticated, Device, Error, FormToken, Identity, SessionCookie, Started, TokenError,
};
use saas_core::{Granted, Secret, health::Health};
use saas_tenancy::Tenant;

use crate::world::{Answer, PASSWORD, World};

async fn authenticated(world: &World, tenant: &Tenant, email: &str) -> Authenticated {
    let mut headers = HeaderMap::new();
    headers.insert(header::USER_AGENT, "a browser".parse().unwrap());
    let device = Device::new(&headers, Some([192, 0, 2, 1].into()));
    let doors = world.identity.sign_ins();
    let password = Secret::from(PASSWORD);
    let who = doors.by_password(tenant, email, &password, &device);
    who.await.unwrap().authenticated().unwrap()
}

async fn started(world: &World, tenant: &Tenant, email: &str) -> Started {
    let who = authenticated(world, tenant, email).await;
    world.identity.sessions().begin(&who).await.unwrap()
}

fn cookie(tenant: &Tenant, started: &Started) -> String {
    let name = SessionCookie::of(tenant.id());
    format!("{}={}", name.name(), started.secret().expose())
}

/// Asks with a cookie and other headers.
async fn ask(
    world: &World,
    method: Method,
    tenant: &Tenant,
    cookie: &str,
    more: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri("/whoami")
        .header(header::HOST, format!("{}.localhost", tenant.slug()))
        .header(header::COOKIE, cookie);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    world.send(request.body(Body::empty()).unwrap()).await
}

async fn seen(world: &World, tenant: &Tenant, cookie: &str) -> u16 {
    let answer = ask(world, Method::GET, tenant, cookie, &[]).await;
    answer.status.as_u16()
}

#[tokio::test]
async fn a_browser_is_known_by_its_cookie_in_its_tenant_only() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        world.join(&world.beta, ann, "ann@acme.test").await;
        let acme = started(&world, &world.acme, "ann@acme.test").await;
        let beta = started(&world, &world.beta, "ann@acme.test").await;
        let (in_acme, in_beta) = (cookie(&world.acme, &acme), cookie(&world.beta, &beta));
        let answer = ask(&world, Method::GET, &world.acme, &in_acme, &[]).await;
        assert_eq!(answer.text, format!("{:?}", ann.to_string()));
        // Two tabs in two tenants on one host: both cookies arrive, each counts where it belongs.
        let both = format!("{in_acme}; {in_beta}");
        assert_eq!(seen(&world, &world.acme, &both).await, 200);
        assert_eq!(seen(&world, &world.beta, &both).await, 200);
        // pwd_20: the session of one tenant is nothing in another, under whatever name it is sent.
        assert_eq!(seen(&world, &world.beta, &in_acme).await, 401);
        let renamed = cookie(&world.beta, &acme);
        assert_eq!(seen(&world, &world.beta, &renamed).await, 401);
    }
}

#[tokio::test]
async fn a_cookie_of_others_may_have_any_bytes() {
    let world = World::on(saas_tenancy::Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let started = started(&world, &world.acme, "ann@acme.test").await;
    let text = format!("lang=\u{e9}; {}; x=\u{fc}", cookie(&world.acme, &started));
    let latin: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let request = Request::get("/whoami")
        .header(header::HOST, "acme.localhost")
        .header(
            header::COOKIE,
            http::HeaderValue::from_bytes(&latin).unwrap(),
        );
    let answer = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Browsers let a page of a neighbouring host set a cookie whose name begins with a space that is none to them, and not
/// the name without it.
#[tokio::test]
async fn pwd_19_a_cookie_with_an_odd_space_in_front_is_another() {
    let world = World::on(saas_tenancy::Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let started = started(&world, &world.acme, "ann@acme.test").await;
    let cookie = cookie(&world.acme, &started);
    for (space, status) in [
        (" ", 200),
        ("\t", 200),
        ("\u{a0}", 401),
        ("\u{2003}", 401),
        ("\u{85}", 401),
    ] {
        let value = http::HeaderValue::from_bytes(format!("a=b;{space}{cookie}").as_bytes());
        let request = Request::get("/whoami")
            .header(header::HOST, "acme.localhost")
            .header(header::COOKIE, value.unwrap());
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{space:?}");
    }
}

#[tokio::test]
async fn pwd_19_two_cookies_of_one_name_are_refused() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let cookie = cookie(
            &world.acme,
            &started(&world, &world.acme, "ann@acme.test").await,
        );
        let name = SessionCookie::of(world.acme.id());
        for two in [
            format!("{cookie}; {cookie}"),
            format!("{}=x; {cookie}", name.name()),
        ] {
            let answer = ask(&world, Method::GET, &world.acme, &two, &[]).await;
            assert_eq!(answer.outcome(), (400, "header-invalid".to_owned()));
        }
        for none in ["", "session=x", "__Host-session=x"] {
            assert_eq!(seen(&world, &world.acme, none).await, 401, "{none}");
        }
    }
}

#[tokio::test]
async fn pwd_18_the_cookie_is_for_this_host_over_tls_and_for_no_script() {
    let world = World::on(saas_tenancy::Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let started = started(&world, &world.acme, "ann@acme.test").await;
    let cookie = SessionCookie::of(world.acme.id());
    let set = cookie.set(started.secret()).unwrap();
    let text = set.to_str().unwrap();
    assert!(text.starts_with("__Host-"), "{text}");
    for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(text.contains(attribute), "{text}");
    }
    assert!(!text.contains("Domain"), "{text}");
    assert!(!format!("{set:?}").contains(started.secret().expose()));
    assert!(
        cookie
            .clear()
            .unwrap()
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
}

#[tokio::test]
async fn pwd_21_what_changes_something_has_to_come_from_a_page_of_ours() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let started = started(&world, &world.acme, "ann@acme.test").await;
        let cookie = cookie(&world.acme, &started);
        let keys = world.identity.database().keys();
        let token = FormToken::of(keys, started.session());
        let other = self::started(&world, &world.acme, "ann@acme.test").await;
        let foreign = FormToken::of(keys, other.session());
        let ours = ("origin", "http://acme.localhost");
        let json = ("content-type", "application/json");
        let proven = ("x-csrf-token", token.as_str());
        let cases: &[(&[(&str, &str)], u16)] = &[
            (&[ours, json, proven], 405),
            (&[("referer", "http://acme.localhost/x"), json, proven], 405),
            (&[ours, json], 403),
            (&[ours, json, ("x-csrf-token", "")], 403),
            (&[ours, json, ("x-csrf-token", foreign.as_str())], 403),
            (&[("origin", "http://beta.localhost"), json, proven], 403),
            (&[("origin", "null"), json, proven], 403),
            (&[json, proven], 403),
            (&[ours, ("content-type", "text/plain")], 403),
            (&[ours, ("sec-fetch-site", "same-site"), json, proven], 403),
            // A form brings its token in its body, so it is nobody's until a page has looked.
            (
                &[ours, ("content-type", "application/x-www-form-urlencoded")],
                405,
            ),
        ];
        for (headers, expected) in cases {
            for method in [Method::POST, Method::DELETE] {
                let form = headers
                    .iter()
                    .any(|(_, value)| value.starts_with("application/x-"));
                let expected = if form && method == Method::DELETE {
                    403
                } else {
                    *expected
                };
                let answer = ask(&world, method.clone(), &world.acme, &cookie, headers).await;
                assert_eq!(answer.status, expected, "{method} {headers:?} {answer:?}");
                if expected == 403 {
                    assert_eq!(answer.field("code"), "request-forged");
                }
            }
        }
    }
}

#[tokio::test]
async fn pwd_25_a_session_ends_when_it_is_idle_and_in_any_case() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let minutes = |minutes: u64| world.db.clock().advance(Duration::from_secs(minutes * 60));
        let idle = cookie(
            &world.acme,
            &started(&world, &world.acme, "ann@acme.test").await,
        );
        minutes(29);
        assert_eq!(seen(&world, &world.acme, &idle).await, 200);
        minutes(29);
        assert_eq!(seen(&world, &world.acme, &idle).await, 200);
        minutes(30);
        assert_eq!(seen(&world, &world.acme, &idle).await, 401);

        let busy = cookie(
            &world.acme,
            &started(&world, &world.acme, "ann@acme.test").await,
        );
        for _ in 0..35 {
            minutes(20);
            assert_eq!(seen(&world, &world.acme, &busy).await, 200);
        }
        minutes(20);
        assert_eq!(seen(&world, &world.acme, &busy).await, 401);
    }
}

#[tokio::test]
async fn pwd_16_a_renewed_session_has_another_secret_and_the_old_one_is_worth_nothing() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let who = authenticated(&world, &world.acme, "ann@acme.test").await;
        let sessions = world.identity.sessions();
        let old = sessions.begin(&who).await.unwrap();
        let new = sessions.renew(old.session(), &who).await.unwrap();
        assert_ne!(old.session().id, new.session().id);
        assert_eq!(
            seen(&world, &world.acme, &cookie(&world.acme, &old)).await,
            401
        );
        assert_eq!(
            seen(&world, &world.acme, &cookie(&world.acme, &new)).await,
            200
        );
    }
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_and_only_by_their_person() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let bob = world.person(&world.acme, "bob@acme.test").await;
        let one = started(&world, &world.acme, "ann@acme.test").await;
        let two = started(&world, &world.acme, "ann@acme.test").await;
        let sessions = world.identity.sessions();
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let list = sessions.list(&mut tx, ann).await.unwrap();
        assert_eq!(list.len(), 2);
        assert!(
            list.iter()
                .all(|one| one.device == "a browser" && one.address == "192.0.2.1")
        );
        assert!(!sessions.end(&mut tx, bob, one.session().id).await.unwrap());
        assert!(sessions.end(&mut tx, ann, one.session().id).await.unwrap());
        assert!(!sessions.end(&mut tx, ann, one.session().id).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(
            seen(&world, &world.acme, &cookie(&world.acme, &one)).await,
            401
        );
        assert_eq!(
            seen(&world, &world.acme, &cookie(&world.acme, &two)).await,
            200
        );
    }
}

#[tokio::test]
async fn jwt_27_an_access_token_ends_with_its_session_also_on_another_instance() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        world.join(&world.beta, ann, "ann@acme.test").await;
        let instance = world.db.another_instance(2).await;
        let (registry, config) = (world.db.registry(), world.identity.config());
        let other = Identity::load(&instance, &registry, config).await.unwrap();
        let watch = tokio::spawn(other.clone().watch());
        let tokens = world.identity.refresh_tokens();
        let token = async |tenant| {
            let who = authenticated(&world, tenant, "ann@acme.test").await;
            let issued = tokens.begin(&who, "web", &Granted::All).await.unwrap();
            let issuer = &config.token.issuer;
            let token = world.identity.issuer().issue(issued.session(), issuer);
            token.unwrap().expose().to_owned()
        };
        let (first, second) = (token(&world.acme).await, token(&world.acme).await);
        let elsewhere = token(&world.beta).await;
        for token in [&first, &second, &elsewhere] {
            assert!(other.verifier().verify(token).is_ok());
        }
        let session = world.identity.verifier().verify(&first).unwrap().session();
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let sessions = world.identity.sessions();
        assert!(sessions.end(&mut tx, ann, session.unwrap()).await.unwrap());
        tx.commit().await.unwrap();
        let refused = |identity: &Identity, token: &str| identity.verifier().verify(token).err();
        assert_eq!(refused(&world.identity, &first), Some(TokenError::Revoked));
        assert_eq!(refused(&world.identity, &second), None);
        // The other instance hears of it; that is a matter of milliseconds, or of a second without signals.
        let heard = async {
            while refused(&other, &first).is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), heard)
            .await
            .expect("it never heard");
        assert_eq!(refused(&other, &second), None);
        assert_eq!(refused(&other, &elsewhere), None);

        sessions.end_everywhere(ann, None).await.unwrap();
        for token in [&first, &second, &elsewhere] {
            assert_eq!(refused(&world.identity, token), Some(TokenError::Revoked));
        }
        // An instance that starts now knows it from the beginning.
        let late = Identity::load(&instance, &registry, config).await.unwrap();
        assert_eq!(refused(&late, &elsewhere), Some(TokenError::Revoked));
        watch.abort();
        instance.close().await;
    }
}

#[tokio::test]
async fn jwt_27_an_instance_that_hears_of_no_revocations_is_not_healthy() {
    for world in World::all().await {
        let revocations = world.identity.revocations().clone();
        let health = Health::default().with(revocations.clone());
        assert!(health.report().await.is_ok());
        // A look or two may fail.
        world.db.clock().advance(Duration::from_secs(10));
        assert_eq!(revocations.age(), Duration::from_secs(10));
        assert!(health.report().await.is_ok());
        world.db.clock().advance(Duration::from_secs(1));
        let report = health.report().await;
        assert!(!report.is_ok());
        assert_eq!(report.checks[0].name, "revocations");
        // What this instance itself ends is no sign that it hears of the others.
        let ann = world.person(&world.acme, "ann@acme.test").await;
        started(&world, &world.acme, "ann@acme.test").await;
        let sessions = world.identity.sessions();
        sessions.end_everywhere(ann, None).await.unwrap();
        assert!(!health.report().await.is_ok());

        let watch = tokio::spawn(world.identity.clone().watch());
        let healthy = async {
            while !health.report().await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), healthy)
            .await
            .expect("it was never read again");
        assert_eq!(revocations.age(), Duration::ZERO);
        watch.abort();
    }
}

#[tokio::test]
async fn a_sign_in_and_its_end_are_recorded_without_a_secret() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let started = started(&world, &world.acme, "ann@acme.test").await;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let sessions = world.identity.sessions();
        sessions
            .end(&mut tx, ann, started.session().id)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let query = saas_tenancy::PageQuery::<saas_tenancy::AuditRecord>::new();
        let records = tx.repo().list(query).await.unwrap().items;
        let actions: Vec<&str> = records.iter().map(|record| &*record.action).collect();
        assert_eq!(actions, ["session.begun", "session.ended"]);
        let text = format!("{records:?}");
        assert!(
            text.contains("a browser") && text.contains("192.0.2.1"),
            "{text}"
        );
        assert!(!text.contains(started.secret().expose()), "{text}");
        assert!(!text.contains("ann@acme.test"), "{text}");
    }
}

#[tokio::test]
async fn nothing_begins_for_an_account_that_has_changed_since_it_was_looked_at() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let stays = authenticated(&world, &world.acme, "ann@acme.test").await;
        let who = authenticated(&world, &world.acme, "ann@acme.test").await;
        world.identity.sessions().begin(&stays).await.unwrap();
        // As a reset does that overtakes a password which still waits to be hashed.
        world
            .system(
                "UPDATE saas_accounts SET generation = generation + 1 WHERE id = $1",
                &[saas_tenancy::Column::to_value(&ann)],
            )
            .await;
        let begun = world.identity.sessions().begin(&who).await;
        assert!(matches!(begun, Err(Error::Credentials)), "{begun:?}");
        let tokens = world.identity.refresh_tokens();
        let begun = tokens.begin(&who, "web", &Granted::All).await;
        assert!(matches!(begun, Err(Error::Credentials)), "{begun:?}");
    }
}

#[tokio::test]
async fn of_more_than_a_hundred_sessions_the_one_not_used_for_longest_ends() {
    let world = World::on(saas_tenancy::Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let who = authenticated(&world, &world.acme, "ann@acme.test").await;
    let sessions = world.identity.sessions();
    let mut begun = Vec::new();
    for _ in 0..101 {
        begun.push(sessions.begin(&who).await.unwrap());
        world.db.clock().advance(Duration::from_secs(1));
    }
    for (number, started) in begun.iter().enumerate() {
        let resumed = sessions.resume(&world.acme, started.secret()).await;
        assert_eq!(resumed.unwrap().is_some(), number > 0, "{number}");
    }
}

#[tokio::test]
async fn a_token_is_good_for_no_longer_than_tokens_are_now() {
    let world = World::on(saas_tenancy::Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let who = authenticated(&world, &world.acme, "ann@acme.test").await;
    let tokens = world.identity.refresh_tokens();
    let issued = tokens.begin(&who, "web", &Granted::All).await.unwrap();
    let mut config = world.identity.config().clone();
    let token = world.identity.issuer();
    let token = token.issue(issued.session(), &config.token.issuer).unwrap();
    config.token.access_lifetime = Duration::from_secs(300).into();
    let registry = world.db.registry();
    let identity = Identity::load(world.db.database(), &registry, &config);
    let identity = identity.await.unwrap();
    assert!(identity.verifier().verify(token.expose()).is_ok());
    world.db.clock().advance(Duration::from_secs(400));
    assert!(world.identity.verifier().verify(token.expose()).is_ok());
    assert_eq!(
        identity.verifier().verify(token.expose()).unwrap_err(),
        TokenError::Expired
    );
}
