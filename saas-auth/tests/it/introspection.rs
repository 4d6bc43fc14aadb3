//! Ending tokens, and asking about them.

use saas_core::UserId;
use saas_tenancy::{Dialect, Tenant};

use crate::{
    desk::{Desk, post, tokens},
    flow::{Browser, OURS, partner},
    world::World,
};

async fn leave(world: &World, tenant: &Tenant, user: UserId) {
    let mut tx = world.db.database().write(&world.db.scope(tenant));
    let id = saas_auth::Membership::id_of(user);
    tx.repo::<saas_auth::Membership>()
        .delete(id, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_good_token_is_described() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let desk = Desk::open(&world, &world.acme).await;
        let given = desk
            .tokens(&browser, &[("scope", "openid projects:read")])
            .await;
        let told = desk
            .introspect(&world, &world.acme, &given.field("access_token"))
            .await;
        let now = world.db.now().as_secs();
        let issuer = format!("{}/t/acme", world.identity.config().token.issuer);
        for (name, value) in [
            ("active", serde_json::json!(true)),
            ("token_type", "Bearer".into()),
            ("iss", issuer.into()),
            ("aud", "starter".into()),
            ("sub", ann.to_string().into()),
            ("client_id", desk.id.clone().into()),
            ("scope", "openid projects:read".into()),
            ("tid", world.acme.id().to_string().into()),
            ("iat", now.into()),
            ("exp", (now + 3600).into()),
            ("auth_time", now.into()),
            ("amr", serde_json::json!(["pwd"])),
        ] {
            assert_eq!(told[name], value, "{name}");
        }
        let refresh = desk
            .introspect(&world, &world.acme, &given.field("refresh_token"))
            .await;
        assert_eq!(refresh["active"], true);
        assert_eq!(refresh["sid"], told["sid"]);
        assert_eq!(refresh.get("token_type"), None);
        // Also tokens that others hold, for whom this is the service.
        let ours = tokens(&browser, &[]).await;
        assert!(
            desk.is_active(&world, &world.acme, &ours.field("access_token"))
                .await
        );
        // But a refresh token is for its client alone.
        assert!(
            !desk
                .is_active(&world, &world.acme, &ours.field("refresh_token"))
                .await
        );
    }
}

#[tokio::test]
async fn oau_36_only_a_client_that_proves_itself_is_told_and_of_its_tenant_only() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let given = tokens(&browser, &[]).await;
        let token = given.field("access_token");
        let public = partner(&world, &world.acme).await;
        for client in [OURS, &public.id, "nobody"] {
            let form = [("client_id", client), ("token", token.as_str())];
            let answer = post(&world, &world.acme, "/oauth/introspect", None, &form).await;
            assert_eq!(
                (answer.status.as_u16(), answer.field("error")),
                (401, "invalid_client".to_owned())
            );
        }
        let none = post(
            &world,
            &world.acme,
            "/oauth/introspect",
            None,
            &[("token", &token)],
        )
        .await;
        assert_eq!(none.status, 400);
        let stranger = Desk::open(&world, &world.beta).await;
        let foreign = stranger
            .post(
                &world,
                &world.beta,
                "/oauth/introspect",
                &[("token", &token)],
            )
            .await;
        let random = stranger
            .post(&world, &world.beta, "/oauth/introspect", &[("token", "x")])
            .await;
        assert_eq!(foreign.text, r#"{"active":false}"#);
        assert_eq!(foreign.text, random.text);
        let names = |answer: &crate::world::Answer| {
            answer
                .headers
                .keys()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&foreign), names(&random));
        // A client of one tenant is nobody in another.
        let elsewhere = stranger
            .post(
                &world,
                &world.acme,
                "/oauth/introspect",
                &[("token", &token)],
            )
            .await;
        assert_eq!(elsewhere.status, 401);
    }
}

#[tokio::test]
async fn oau_39_the_end_of_a_refresh_token_is_that_of_its_access_tokens() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let desk = Desk::open(&world, &world.acme).await;
        let given = desk.tokens(&browser, &[]).await;
        let (access, refresh) = (given.field("access_token"), given.field("refresh_token"));
        let other = desk.tokens(&browser, &[]).await.field("access_token");
        desk.revoke(&world, &world.acme, &refresh).await;
        for token in [&access, &refresh] {
            assert!(!desk.is_active(&world, &world.acme, token).await);
        }
        assert!(world.identity.verifier().verify(&access).is_err());
        assert!(desk.is_active(&world, &world.acme, &other).await);
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
        ];
        let again = desk.post(&world, &world.acme, "/oauth/token", &form).await;
        assert_eq!(again.field("error"), "invalid_grant");
        // Twice is as good as once.
        desk.revoke(&world, &world.acme, &refresh).await;
    }
}

#[tokio::test]
async fn an_access_token_ends_alone() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let desk = Desk::open(&world, &world.acme).await;
        let given = desk.tokens(&browser, &[]).await;
        let (access, refresh) = (given.field("access_token"), given.field("refresh_token"));
        desk.revoke(&world, &world.acme, &access).await;
        assert!(!desk.is_active(&world, &world.acme, &access).await);
        assert!(desk.is_active(&world, &world.acme, &refresh).await);
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
        ];
        let next = desk.post(&world, &world.acme, "/oauth/token", &form).await;
        assert!(
            desk.is_active(&world, &world.acme, &next.field("access_token"))
                .await
        );
        let own = [("grant_type", "client_credentials")];
        let program = desk
            .post(&world, &world.acme, "/oauth/token", &own)
            .await
            .field("access_token");
        assert!(desk.is_active(&world, &world.acme, &program).await);
        desk.revoke(&world, &world.acme, &program).await;
        assert!(!desk.is_active(&world, &world.acme, &program).await);
        // The program goes on with another one.
        let program = desk
            .post(&world, &world.acme, "/oauth/token", &own)
            .await
            .field("access_token");
        assert!(desk.is_active(&world, &world.acme, &program).await);
    }
}

#[tokio::test]
async fn oau_38_what_is_unknown_or_of_another_client_stays_as_it_is() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let (one, other) = (
            Desk::open(&world, &world.acme).await,
            Desk::open(&world, &world.acme).await,
        );
        let in_beta = Desk::open(&world, &world.beta).await;
        let given = one.tokens(&browser, &[]).await;
        let (access, refresh) = (given.field("access_token"), given.field("refresh_token"));
        for token in ["", "x", "x.y.z", "srt_x"] {
            let answer = other
                .post(&world, &world.acme, "/oauth/revoke", &[("token", token)])
                .await;
            assert_eq!(answer.status, if token.is_empty() { 400 } else { 200 });
        }
        for token in [&access, &refresh] {
            other.revoke(&world, &world.acme, token).await;
            in_beta.revoke(&world, &world.beta, token).await;
            assert!(one.is_active(&world, &world.acme, token).await);
        }
        // A public client ends its own, and needs no secret for it.
        let given = tokens(&browser, &[]).await;
        let token = given.field("refresh_token");
        let form = [("client_id", OURS), ("token", token.as_str())];
        let answer = post(&world, &world.acme, "/oauth/revoke", None, &form).await;
        assert_eq!(answer.status, 200);
        assert!(
            !one.is_active(&world, &world.acme, &given.field("access_token"))
                .await
        );
    }
}

#[tokio::test]
async fn oau_37_a_hint_changes_nothing() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
    let desk = Desk::open(&world, &world.acme).await;
    for hint in ["access_token", "refresh_token", "magic", ""] {
        let given = desk.tokens(&browser, &[]).await;
        for kind in ["access_token", "refresh_token"] {
            let token = given.field(kind);
            let form = [("token", token.as_str()), ("token_type_hint", hint)];
            let told = desk
                .post(&world, &world.acme, "/oauth/introspect", &form)
                .await;
            assert_eq!(told.json()["active"], true, "{kind} as {hint}");
            let ended = desk.post(&world, &world.acme, "/oauth/revoke", &form).await;
            assert_eq!(ended.status, 200);
            assert!(
                !desk.is_active(&world, &world.acme, &token).await,
                "{kind} as {hint}"
            );
        }
    }
}

#[tokio::test]
async fn oau_36_what_ends_otherwise_is_known_at_once() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let desk = Desk::open(&world, &world.acme).await;
        let given = async || {
            let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
            let given = desk.tokens(&browser, &[]).await;
            [given.field("access_token"), given.field("refresh_token")]
        };
        let all = async |tokens: &[String; 2], active: bool, why: &str| {
            for token in tokens {
                assert_eq!(
                    desk.is_active(&world, &world.acme, token).await,
                    active,
                    "{why}"
                );
            }
        };
        let tokens = given().await;
        all(&tokens, true, "good").await;
        world
            .system("UPDATE saas_accounts SET status = 'disabled'", &[])
            .await;
        all(&tokens, false, "disabled").await;
        world
            .system("UPDATE saas_accounts SET status = 'active'", &[])
            .await;
        // Another instance ends the session; this one has not heard of it.
        let instance = world.db.another_instance(2).await;
        let registry = world.db.registry();
        let theirs = saas_auth::Identity::load(&instance, &registry, world.identity.config());
        let theirs = theirs.await.unwrap();
        let mut tx = instance.write(&world.db.scope(&world.acme));
        theirs.sessions().end_all(&mut tx, ann, None).await.unwrap();
        tx.commit().await.unwrap();
        all(&tokens, false, "ended elsewhere").await;
        instance.close().await;
        let tokens = given().await;
        leave(&world, &world.acme, ann).await;
        all(&tokens, false, "left").await;
    }
}

#[tokio::test]
async fn a_used_refresh_token_is_not_active() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
    let desk = Desk::open(&world, &world.acme).await;
    let old = desk.tokens(&browser, &[]).await.field("refresh_token");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", old.as_str()),
    ];
    let new = desk
        .post(&world, &world.acme, "/oauth/token", &form)
        .await
        .field("refresh_token");
    assert!(!desk.is_active(&world, &world.acme, &old).await);
    assert!(desk.is_active(&world, &world.acme, &new).await);
}
