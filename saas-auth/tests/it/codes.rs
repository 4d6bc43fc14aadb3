//! Codes: what they are good for, and that it is once.

use std::{sync::Arc, time::Duration};

use saas_auth::oauth::{AuthMethod, ClientPatch, NewClient};
use saas_tenancy::{Dialect, Value};

use crate::{
    flow::{
        Browser, CALLBACK, CHALLENGE, OURS, Sent, VERIFIER, partner, redeem, redeeming, register,
    },
    world::{Answer, World, at_once, token_request},
};

const ANN: &str = "ann@acme.test";

async fn worlds() -> Vec<World> {
    let worlds = World::all().await;
    for world in &worlds {
        world.person(&world.acme, ANN).await;
    }
    worlds
}

async fn is_alive(world: &World, tokens: &Answer) -> (bool, bool) {
    let bearer = format!("Bearer {}", tokens.field("access_token"));
    let access = world.who("/whoami", &[&bearer]).await.status == 200;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", OURS),
        ("refresh_token", &tokens.field("refresh_token")),
    ];
    (access, world.token(None, &form).await.status == 200)
}

#[tokio::test]
async fn oau_01_a_code_that_comes_twice_takes_back_what_it_gave() {
    for world in worlds().await {
        let browser = Browser::of(&world, &world.acme, ANN).await;
        for later in [0, 30, 300] {
            let code = browser.code(&[]).await;
            let tokens = redeem(&world, &world.acme, &code, &[]).await;
            let other = redeem(&world, &world.acme, &browser.code(&[]).await, &[]).await;
            world.db.clock().advance(Duration::from_secs(later));
            let again = redeem(&world, &world.acme, &code, &[]).await;
            assert_eq!(
                (again.status.as_u16(), again.field("error")),
                (400, "invalid_grant".to_owned())
            );
            assert_eq!(is_alive(&world, &tokens).await, (false, false), "{later}");
            assert_eq!(is_alive(&world, &other).await, (true, true), "{later}");
        }
    }
}

#[tokio::test]
async fn oau_02_of_fifty_at_once_on_two_instances_one_gets_tokens() {
    for world in worlds().await {
        let browser = Browser::of(&world, &world.acme, ANN).await;
        let code = browser.code(&[]).await;
        let instance = match world.db.dialect() {
            Dialect::Postgres => Some(world.another_instance().await),
            _ => None,
        };
        let both = Arc::new((world, instance));
        let answers = at_once(50, |number| {
            let (both, code) = (both.clone(), code.clone());
            Box::pin(async move {
                let (world, instance) = &*both;
                let request = token_request(Some(&world.acme), &redeeming(&code, &[]));
                match instance {
                    Some(instance) if number % 2 == 0 => instance.send(request).await,
                    _ => world.send(request).await,
                }
            })
        })
        .await;
        let world = &both.0;
        let good: Vec<_> = answers
            .iter()
            .filter(|answer| answer.status == 200)
            .collect();
        assert_eq!(good.len(), 1);
        // A machine that is slow today may ask some of them to come back.
        assert!(answers.iter().all(|answer| match answer.status.as_u16() {
            200 | 503 => true,
            _ => answer.field("error") == "invalid_grant",
        }));
        let late = redeem(world, &world.acme, &code, &[]).await;
        assert_eq!(late.field("error"), "invalid_grant");
        // The others show that somebody has a copy.
        assert_eq!(is_alive(world, good[0]).await, (false, false));
    }
}

#[tokio::test]
async fn oau_03_a_code_with_anything_wrong_is_used_up() {
    for world in worlds().await {
        let ann = world.person(&world.beta, "carl@beta.test").await;
        world.join(&world.acme, ann, "carl@beta.test").await;
        let browser = Browser::of(&world, &world.acme, ANN).await;
        let other = partner(&world, &world.acme).await;
        let wrong_verifier = VERIFIER.replace('d', "e");
        for change in [
            ("client_id", other.id.as_str()),
            ("client_id", "starter-web"),
            ("redirect_uri", "https://app.example/callback/"),
            ("redirect_uri", ""),
            ("code_verifier", wrong_verifier.as_str()),
            ("code_verifier", CHALLENGE),
            ("code_verifier", "short"),
            // oau_10
            ("code_verifier", ""),
        ] {
            let code = browser.code(&[]).await;
            let wrong = redeem(&world, &world.acme, &code, &[change]).await;
            assert_eq!(wrong.field("error"), "invalid_grant", "{change:?}");
            let right = redeem(&world, &world.acme, &code, &[]).await;
            assert_eq!(right.field("error"), "invalid_grant", "{change:?}");
        }
        let code = browser.code(&[]).await;
        assert_eq!(
            redeem(&world, &world.beta, &code, &[]).await.field("error"),
            "invalid_grant"
        );
        assert_eq!(
            redeem(&world, &world.acme, &code, &[]).await.field("error"),
            "invalid_grant"
        );
        // What is no code of ours uses nothing up.
        let code = browser.code(&[]).await;
        for wrong in [
            "x",
            &code[1..],
            &format!("{code}x"),
            &code.replace("sac_", "srt_"),
        ] {
            let answer = redeem(&world, &world.acme, wrong, &[]).await;
            assert_eq!(answer.field("error"), "invalid_grant");
        }
        assert_eq!(
            redeem(&world, &world.acme, "", &[]).await.field("error"),
            "invalid_request"
        );
        // Nor does somebody who is not a client.
        let answer = redeem(&world, &world.acme, &code, &[("client_id", "nobody")]).await;
        assert_eq!(answer.field("error"), "invalid_client");
        assert_eq!(redeem(&world, &world.acme, &code, &[]).await.status, 200);
    }
}

#[tokio::test]
async fn oau_04_a_code_is_good_for_a_minute() {
    for world in worlds().await {
        let browser = Browser::of(&world, &world.acme, ANN).await;
        for (age, status) in [(59, 200), (60, 400)] {
            let code = browser.code(&[]).await;
            world.db.clock().advance(Duration::from_secs(age));
            assert_eq!(
                redeem(&world, &world.acme, &code, &[]).await.status,
                status,
                "{age}"
            );
        }
    }
}

#[tokio::test]
async fn what_changed_meanwhile_counts() {
    for world in worlds().await {
        let identity = &world.identity;
        let acme = world.db.scope(&world.acme);
        // The person has signed out.
        let browser = Browser::of(&world, &world.acme, ANN).await;
        let session = browser.session.clone().unwrap();
        let code = browser.code(&[]).await;
        let mut tx = world.db.database().write(&acme);
        identity
            .sessions()
            .end(&mut tx, session.user, session.id)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            redeem(&world, &world.acme, &code, &[]).await.field("error"),
            "invalid_grant"
        );
        // The account may not be used any more.
        let browser = Browser::of(&world, &world.acme, ANN).await;
        let code = browser.code(&[]).await;
        let status = [
            Value::Text("disabled".to_owned()),
            Value::Uuid(session.user.as_uuid()),
        ];
        let sql = "UPDATE saas_accounts SET status = $1 WHERE id = $2";
        world.system(sql, &status).await;
        assert_eq!(
            redeem(&world, &world.acme, &code, &[]).await.field("error"),
            "invalid_grant"
        );
        let status = [
            Value::Text("active".to_owned()),
            Value::Uuid(session.user.as_uuid()),
        ];
        world.system(sql, &status).await;
        // The client may have less.
        let client = partner(&world, &world.acme).await;
        let id = ("client_id", client.id.as_str());
        let asked = browser
            .authorize(&[id, ("scope", "openid projects:read")])
            .await;
        let code = browser.allow(&Sent::of(&asked)).await;
        let mut tx = world.db.database().write(&acme);
        let mut patch = ClientPatch::default();
        patch.scopes = Some(vec![]);
        let row = client.registered().unwrap();
        identity
            .clients()
            .update(&mut tx, row, None, patch)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let tokens = redeem(&world, &world.acme, &code, &[id]).await;
        assert_eq!(tokens.field("scope"), "openid");
        // The client may not come to codes any more.
        let code = browser.code(&[id]).await;
        let mut tx = world.db.database().write(&acme);
        let mut patch = ClientPatch::default();
        patch.grants = Some(vec![saas_auth::oauth::GrantType::RefreshToken]);
        identity
            .clients()
            .update(&mut tx, row, None, patch)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let answer = redeem(&world, &world.acme, &code, &[id]).await;
        assert_eq!(answer.field("error"), "unauthorized_client");
    }
}

#[tokio::test]
async fn a_client_that_may_not_go_on_alone_gets_no_refresh_token() {
    for world in worlds().await {
        let mut new = NewClient::new("A page");
        new.redirect_uris = vec![CALLBACK.to_owned()];
        new.grants = vec![saas_auth::oauth::GrantType::AuthorizationCode];
        let made = register(&world, &world.acme, new).await;
        let id = ("client_id", made.client().id.as_str());
        let browser = Browser::of(&world, &world.acme, ANN).await;
        let scope = ("scope", "openid offline_access");
        let asked = Sent::of(&browser.authorize(&[id, scope]).await);
        // What it cannot use is nothing to ask for.
        assert_eq!(browser.consent(&asked).await.scopes().len(), 1);
        let tokens = redeem(&world, &world.acme, &browser.allow(&asked).await, &[id]).await;
        assert_eq!(tokens.field("scope"), "openid");
        assert!(tokens.json().get("refresh_token").is_none());
        let lifetime = Duration::from(world.identity.config().token.access_lifetime);
        let user = browser.session.as_ref().unwrap().user;
        world.db.clock().advance(lifetime);
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let sessions = world.identity.sessions().list(&mut tx, user).await.unwrap();
        assert!(
            sessions.iter().all(|session| session.client.is_none()),
            "{sessions:?}"
        );
    }
}

#[tokio::test]
async fn a_client_with_a_secret_needs_it_and_its_verifier() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    let mut new = NewClient::new("A server");
    new.redirect_uris = vec![CALLBACK.to_owned()];
    new.auth_method = AuthMethod::SecretPost;
    let made = register(&world, &world.acme, new).await;
    let (id, secret) = (
        ("client_id", made.client().id.as_str()),
        made.secret().unwrap().expose().as_str(),
    );
    let browser = Browser::of(&world, &world.acme, ANN).await;
    // oau_09: also a client with a secret.
    let sent = Sent::of(&browser.authorize(&[id, ("code_challenge", "")]).await);
    assert_eq!(sent.get("error").unwrap(), "invalid_request");
    let asked = Sent::of(&browser.authorize(&[id]).await);
    let code = browser.allow(&asked).await;
    assert_eq!(
        redeem(&world, &world.acme, &code, &[id])
            .await
            .field("error"),
        "invalid_client"
    );
    let with_secret = [id, ("client_secret", secret)];
    assert_eq!(
        redeem(&world, &world.acme, &code, &with_secret)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn oau_25_a_refresh_gives_no_more_to_nobody_else() {
    for world in worlds().await {
        let client = partner(&world, &world.acme).await;
        let id = ("client_id", client.id.as_str());
        let browser = Browser::of(&world, &world.acme, ANN).await;
        let scope = ("scope", "openid projects:read");
        let asked = Sent::of(&browser.authorize(&[id, scope]).await);
        let tokens = redeem(&world, &world.acme, &browser.allow(&asked).await, &[id]).await;
        let mut token = tokens.field("refresh_token");
        let refresh = async |tenant, token: &str, change: &[(&str, &str)]| {
            let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
            form.extend_from_slice(change);
            world.token(tenant, &form).await
        };
        let acme = Some(&world.acme);
        for scope in [
            "projects:write",
            "openid projects:read profile",
            "nonsense",
            "openid\nprofile",
        ] {
            let answer = refresh(acme, &token, &[id, ("scope", scope)]).await;
            assert_eq!(answer.field("error"), "invalid_scope", "{scope:?}");
        }
        let answer = refresh(acme, &token, &[("client_id", OURS)]).await;
        assert_eq!(answer.field("error"), "invalid_grant");
        let answer = refresh(Some(&world.beta), &token, &[("client_id", OURS)]).await;
        assert_eq!(answer.field("error"), "invalid_grant");
        let answer = refresh(Some(&world.beta), &token, &[id]).await;
        assert_eq!(answer.field("error"), "invalid_client");
        // Less for a time, and then again what was granted.
        for (change, expected) in [
            (vec![id, ("scope", "openid")], "openid"),
            (vec![id], "openid projects:read"),
            (
                vec![id, ("scope", "projects:read openid")],
                "projects:read openid",
            ),
        ] {
            let answer = refresh(acme, &token, &change).await;
            assert_eq!(answer.field("scope"), expected);
            let verifier = world.identity.verifier();
            let principal = verifier.verify(&answer.field("access_token")).unwrap();
            assert_eq!(
                principal.granted().covers("projects:read"),
                expected.contains("projects")
            );
            token = answer.field("refresh_token");
        }
        // oau_35: what the client may have no more is gone with the next token.
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let mut patch = ClientPatch::default();
        patch.scopes = Some(vec![]);
        let row = client.registered().unwrap();
        world
            .identity
            .clients()
            .update(&mut tx, row, None, patch)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(refresh(acme, &token, &[id]).await.field("scope"), "openid");
    }
}

#[tokio::test]
async fn scopes_make_a_token_of_our_own_less() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    let browser = Browser::of(&world, &world.acme, ANN).await;
    for (scope, read, write) in [
        ("", true, true),
        ("openid profile email", true, true),
        ("projects:read", true, false),
        ("openid projects:write", false, true),
    ] {
        let code = browser.code(&[("scope", scope)]).await;
        let tokens = redeem(&world, &world.acme, &code, &[]).await;
        let verifier = world.identity.verifier();
        let principal = verifier.verify(&tokens.field("access_token")).unwrap();
        let granted = principal.granted();
        assert_eq!(
            (
                granted.covers("projects:read"),
                granted.covers("projects:write")
            ),
            (read, write),
            "{scope}"
        );
    }
}
