//! From one tenant to another without a password.

use saas_tenancy::{AuditRecord, PageQuery, Tenant};

use crate::{
    desk::{post, tokens},
    flow::{Browser, OURS, partner, redeem},
    world::{Answer, World},
};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";

async fn switch(world: &World, to: &Tenant, token: &str, change: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("grant_type", EXCHANGE),
        ("client_id", OURS),
        ("subject_token", token),
        ("subject_token_type", REFRESH),
    ];
    for (name, value) in change {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    post(world, to, "/oauth/token", None, &form).await
}

#[tokio::test]
async fn who_belongs_to_both_goes_on_in_the_other() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        world.join(&world.beta, ann, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let old = tokens(&browser, &[]).await;
        world.db.clock().advance(std::time::Duration::from_secs(60));
        let answer = switch(&world, &world.beta, &old.field("refresh_token"), &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.field("issued_token_type"), ACCESS);
        assert_eq!(answer.field("token_type"), "Bearer");
        let holder = world
            .identity
            .verifier()
            .verify(&answer.field("access_token"))
            .unwrap();
        assert_eq!((holder.subject(), holder.tenant()), (ann, world.beta.id()));
        assert_eq!(holder.methods(), ["pwd"]);
        // Nobody has signed in anew.
        let before = world
            .identity
            .verifier()
            .verify(&old.field("access_token"))
            .unwrap();
        assert_eq!(holder.authenticated_at(), before.authenticated_at());
        // The old session stays, and the new one goes on by itself.
        for (tenant, tokens) in [(&world.acme, &old), (&world.beta, &answer)] {
            let refresh = tokens.field("refresh_token");
            let form = [
                ("grant_type", "refresh_token"),
                ("client_id", OURS),
                ("refresh_token", &refresh),
            ];
            assert_eq!(
                post(&world, tenant, "/oauth/token", None, &form)
                    .await
                    .status,
                200
            );
        }
        let mut tx = world.db.database().read(&world.db.scope(&world.beta));
        let records = tx
            .repo::<AuditRecord>()
            .list(PageQuery::new())
            .await
            .unwrap();
        let switched = |record: &&AuditRecord| record.action == "session.switched";
        let record = records.items.iter().find(switched).unwrap();
        // It does not say from where.
        assert!(
            !record
                .after
                .as_ref()
                .unwrap()
                .contains(&world.acme.id().to_string())
        );
    }
}

#[tokio::test]
async fn who_does_not_belong_there_does_not() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let token = tokens(&browser, &[]).await.field("refresh_token");
        let error = async |to: &Tenant, change: &[(&str, &str)]| {
            switch(&world, to, &token, change).await.field("error")
        };
        assert_eq!(error(&world.beta, &[]).await, "invalid_grant");
        assert_eq!(error(&world.acme, &[]).await, "invalid_request");
        world.join(&world.beta, ann, "ann@acme.test").await;
        let disable = async |status: &str| {
            let set = "UPDATE saas_accounts SET status = $1";
            world
                .system(set, &[saas_tenancy::Value::Text(status.to_owned())])
                .await;
        };
        disable("disabled").await;
        assert_eq!(error(&world.beta, &[]).await, "invalid_grant");
        disable("active").await;
        // A password that somebody else chose opens no other tenant.
        let set = "UPDATE saas_accounts SET provisional = $1";
        world.system(set, &[saas_tenancy::Value::Bool(true)]).await;
        assert_eq!(error(&world.beta, &[]).await, "invalid_grant");
        world.system(set, &[saas_tenancy::Value::Bool(false)]).await;
        assert_eq!(switch(&world, &world.beta, &token, &[]).await.status, 200);
    }
}

#[tokio::test]
async fn nothing_else_is_exchanged() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        world.join(&world.beta, ann, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let given = tokens(&browser, &[]).await;
        let (access, refresh) = (given.field("access_token"), given.field("refresh_token"));
        let error = async |token: &str, change: &[(&str, &str)]| {
            switch(&world, &world.beta, token, change)
                .await
                .field("error")
        };
        for (token, change, expected) in [
            (access.as_str(), &[][..], "invalid_grant"),
            (
                &access,
                &[("subject_token_type", ACCESS)],
                "invalid_request",
            ),
            (&refresh, &[("subject_token_type", "")], "invalid_request"),
            (
                &refresh,
                &[("requested_token_type", REFRESH)],
                "invalid_request",
            ),
            (&refresh, &[("actor_token", "x")], "invalid_request"),
            (&refresh, &[("audience", "x")], "invalid_request"),
            (&refresh, &[("resource", "x")], "invalid_request"),
            (&refresh, &[("scope", "openid")], "invalid_request"),
            (&refresh, &[("client_id", "starter-web")], "invalid_grant"),
            (&refresh, &[("client_id", "partner")], "unauthorized_client"),
            ("x", &[], "invalid_grant"),
        ] {
            assert_eq!(error(token, change).await, expected, "{change:?}");
        }
        // A token that was used up may be a copy.
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", OURS),
            ("refresh_token", &refresh),
        ];
        assert_eq!(
            post(&world, &world.acme, "/oauth/token", None, &form)
                .await
                .status,
            200
        );
        assert_eq!(error(&refresh, &[]).await, "invalid_grant");
        // Programs of others switch nobody.
        let theirs = partner(&world, &world.acme).await;
        let asked = [("client_id", theirs.id.as_str())];
        let sent = crate::flow::Sent::of(&browser.authorize(&asked).await);
        let code = browser.allow(&sent).await;
        let given = redeem(&world, &world.acme, &code, &asked).await;
        let token = given.field("refresh_token");
        assert_eq!(error(&token, &asked).await, "invalid_client");
    }
}

#[tokio::test]
async fn going_to_and_fro_makes_nothing_last_longer() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        world.join(&world.beta, ann, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let mut last = tokens(&browser, &[]).await;
        let end = ends(&world, &world.acme, ann).await;
        for to in [&world.beta, &world.acme, &world.beta] {
            world
                .db
                .clock()
                .advance(std::time::Duration::from_secs(86_400));
            last = switch(&world, to, &last.field("refresh_token"), &[]).await;
            assert_eq!(last.status, 200, "{last:?}");
        }
        assert_eq!(ends(&world, &world.beta, ann).await, end);
    }
}

/// When the last of a person's sessions with a program ends.
async fn ends(world: &World, tenant: &Tenant, user: saas_core::UserId) -> saas_core::Timestamp {
    let mut tx = world.db.database().read(&world.db.scope(tenant));
    let sessions = world.identity.sessions().list(&mut tx, user).await.unwrap();
    let programs = sessions.iter().filter(|session| session.client.is_some());
    programs.map(|session| session.expires_at).max().unwrap()
}
