//! Refresh tokens: used once, by whom they were given to, for as long as they may.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_auth::{AuthConfig, Membership};
use saas_core::{Id, UserId, config::Period};
use saas_tenancy::{Column as _, Dialect, SystemScope, Value, tenant_repository};
use saas_testkit::TestSetup;
use uuid::Uuid;

use crate::world::{Answer, CLIENT, PASSWORD, World, at_once};

async fn signed_in(world: &World) -> (UserId, String) {
    let user = world.person(&world.acme, "ann@acme.test").await;
    (user, first(world).await)
}

async fn first(world: &World) -> String {
    let answer = world.sign_in(&world.acme, "ann@acme.test", PASSWORD).await;
    answer.field("refresh_token")
}

#[track_caller]
fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.field("error"), "invalid_grant");
    assert_eq!(answer.field("code"), "token-invalid");
}

/// A look at the rows, which no program outside the crate has a name for.
#[tenant_repository(entity = Membership)]
trait Kept {
    #[sql("SELECT count(*) FROM saas_refresh_tokens WHERE {tenant}")]
    async fn tokens(&mut self) -> Result<(i64,)>;

    #[sql("DELETE FROM saas_refresh_tokens WHERE {tenant}")]
    async fn forget_all(&mut self) -> Result<u64>;

    #[sql("SELECT count(*) FROM saas_refresh_tokens WHERE {tenant} AND used_at IS NULL")]
    async fn unused(&mut self) -> Result<(i64,)>;

    #[sql("SELECT secret_hash FROM saas_refresh_tokens WHERE {tenant} AND id = :id")]
    async fn hash_of(&mut self, id: Id<()>) -> Result<(Vec<u8>,)>;
}

/// Counts the rows of both tenants.
async fn rows(world: &World) -> i64 {
    let mut sum = 0;
    for tenant in [&world.acme, &world.beta] {
        let mut tx = world.db.database().read(&world.db.scope(tenant));
        sum += tx.tokens().await.unwrap().0;
    }
    sum
}

#[tokio::test]
async fn a_token_is_exchanged_for_the_next_and_keeps_the_time_of_the_sign_in() {
    for world in World::all().await {
        let (user, mut token) = signed_in(&world).await;
        let signed_in = world.db.now();
        for _ in 0..3 {
            world.db.clock().advance(Duration::from_secs(3600));
            let answer = world.exchange(None, &token).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert_eq!(answer.headers["cache-control"], "no-store");
            let principal = world
                .identity
                .verifier()
                .verify(&answer.field("access_token"))
                .unwrap();
            assert_eq!(principal.subject(), user);
            assert_eq!(principal.tenant(), world.acme.id());
            assert_eq!(principal.authenticated_at().as_secs(), signed_in.as_secs());
            assert_eq!(principal.methods(), ["pwd"]);
            let next = answer.field("refresh_token");
            assert_ne!(next, token);
            token = next;
        }
    }
}

#[tokio::test]
async fn oau_05_only_hashes_are_kept() {
    for world in World::all().await {
        let (_, token) = signed_in(&world).await;
        let next = world.exchange(None, &token).await.field("refresh_token");
        for text in [token, next] {
            let bytes = URL_SAFE_NO_PAD.decode(&text[4..]).unwrap();
            let id = Id::from_uuid(Uuid::from_slice(&bytes[16..32]).unwrap());
            let mut tx = world.db.database().read(&world.db.scope(&world.acme));
            let (kept,) = tx.hash_of(id).await.unwrap();
            assert_eq!(kept.len(), 32);
            assert_ne!(kept, bytes[32..]);
        }
    }
}

#[tokio::test]
async fn oau_23_a_second_use_ends_the_family_and_no_other() {
    for world in World::all().await {
        let (_, stolen) = signed_in(&world).await;
        let elsewhere = first(&world).await;
        let second = world.exchange(None, &stolen).await.field("refresh_token");
        let third = world.exchange(None, &second).await.field("refresh_token");
        is_refused(&world.exchange(None, &stolen).await);
        for token in [&stolen, &second, &third] {
            is_refused(&world.exchange(None, token).await);
        }
        assert_eq!(world.exchange(None, &elsewhere).await.status, 200);
    }
}

#[tokio::test]
async fn oau_24_of_fifty_parallel_exchanges_one_makes_the_next_token() {
    for world in World::all().await {
        signed_in(&world).await;
        let world = Arc::new(world);
        for _ in 0..10 {
            let token = first(&world).await;
            let answers = at_once(50, |_| {
                let (world, token) = (world.clone(), token.clone());
                Box::pin(async move { world.exchange(None, &token).await })
            })
            .await;
            let won: Vec<_> = answers
                .iter()
                .filter(|answer| answer.status == 200)
                .collect();
            // The others are told the same one again, as a client that lost an answer would be.
            let next = won[0].field("refresh_token");
            assert_eq!(won.len(), 50);
            assert!(
                won.iter()
                    .all(|answer| answer.field("refresh_token") == next)
            );
            assert_eq!(world.exchange(None, &next).await.status, 200);
            // The next one was used, so the old one is a copy now.
            is_refused(&world.exchange(None, &token).await);
        }
        assert_eq!(rows(&world).await, 1, "a session left something behind");
    }
}

#[tokio::test]
async fn a_family_that_ends_while_it_is_renewed_leaves_no_token_alive() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        // Nothing is told again, so a second use always ends the session.
        let at_once_only = |config: &mut AuthConfig| {
            config.token.refresh_grace = Period::from(Duration::ZERO);
        };
        let world = World::with(dialect, at_once_only).await;
        signed_in(&world).await;
        let world = Arc::new(world);
        for _ in 0..20 {
            let old = first(&world).await;
            let current = world.exchange(None, &old).await.field("refresh_token");
            // The thief's copy is used at the same time as the good token.
            let answers = at_once(8, |n| {
                let token = if n % 2 == 0 {
                    old.clone()
                } else {
                    current.clone()
                };
                let world = world.clone();
                Box::pin(async move { world.exchange(None, &token).await })
            })
            .await;
            for answer in answers {
                if answer.status == 200 {
                    let survivor = answer.field("refresh_token");
                    is_refused(&world.exchange(None, &survivor).await);
                } else {
                    is_refused(&answer);
                }
            }
        }
    }
}

#[tokio::test]
async fn oau_25_another_client_or_tenant_or_scope_gets_nothing_and_uses_nothing_up() {
    for world in World::all().await {
        let (user, token) = signed_in(&world).await;
        world.join(&world.beta, user, "ann@acme.test").await;
        is_refused(&world.exchange(Some(&world.beta), &token).await);
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("client_id", "partner"),
            ("refresh_token", &token),
        ];
        is_refused(&world.token(None, &form).await);
        form[1].1 = CLIENT;
        form.push(("scope", "everything"));
        let wider = world.token(None, &form).await;
        assert_eq!(
            (wider.status.as_u16(), &*wider.field("error")),
            (400, "invalid_scope")
        );
        assert_eq!(world.exchange(Some(&world.acme), &token).await.status, 200);
    }
}

#[tokio::test]
async fn oau_26_who_may_not_sign_in_cannot_go_on_either() {
    for world in World::all().await {
        let (user, token) = signed_in(&world).await;
        let registry = world.db.registry();
        let scope = SystemScope::<TestSetup>::enter();
        registry.suspend(&scope, &world.acme).await.unwrap();
        is_refused(&world.exchange(None, &token).await);
        registry.resume(&scope, &world.acme).await.unwrap();

        let status = "UPDATE saas_accounts SET status = $2 WHERE id = $1";
        let values = |text: &str| [user.to_value(), Value::Text(text.to_owned())];
        assert_eq!(world.system(status, &values("disabled")).await, 1);
        is_refused(&world.exchange(None, &token).await);
        assert_eq!(world.system(status, &values("active")).await, 1);
        // None of the refusals has used the token up.
        let token = world.exchange(None, &token).await.field("refresh_token");

        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let id = Membership::id_of(user);
        tx.repo::<Membership>().delete(id, None).await.unwrap();
        tx.commit().await.unwrap();
        is_refused(&world.exchange(None, &token).await);
        assert_eq!(rows(&world).await, 0, "the tokens of a former member stay");
    }
}

#[tokio::test]
async fn every_sign_in_of_a_member_can_be_ended_in_one_tenant() {
    for world in World::all().await {
        let (user, one) = signed_in(&world).await;
        world.join(&world.beta, user, "ann@acme.test").await;
        let two = first(&world).await;
        let beta = world.sign_in(&world.beta, "ann@acme.test", PASSWORD).await;
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        world
            .identity
            .sessions()
            .end_all(&mut tx, user, None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        is_refused(&world.exchange(None, &one).await);
        is_refused(&world.exchange(None, &two).await);
        let beta = world.exchange(None, &beta.field("refresh_token")).await;
        assert_eq!(beta.status, 200);
    }
}

#[tokio::test]
async fn oau_27_a_family_ends_at_its_time_however_often_it_is_renewed() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let ten_seconds = |config: &mut AuthConfig| {
            config.token.refresh_lifetime = Period::from(Duration::from_secs(10));
        };
        let world = World::with(dialect, ten_seconds).await;
        let (_, mut token) = signed_in(&world).await;
        for _ in 0..3 {
            world.db.clock().advance(Duration::from_secs(3));
            token = world.exchange(None, &token).await.field("refresh_token");
        }
        world.db.clock().advance(Duration::from_secs(1));
        is_refused(&world.exchange(None, &token).await);
        assert_eq!(rows(&world).await, 4);
        // The next sign-in clears what has run out.
        first(&world).await;
        assert_eq!(rows(&world).await, 1);
    }
}

#[tokio::test]
async fn a_changed_or_made_up_token_is_refused() {
    for world in World::all().await {
        let (_, token) = signed_in(&world).await;
        let mut tokens = vec![
            token.to_uppercase(),
            token.replacen("srt_", "", 1),
            token.replacen("srt_", "SRT_", 1),
            format!("{token}="),
            format!("{token}A"),
            token[..token.len() - 1].to_owned(),
            format!(" {token}"),
            "srt_".to_owned(),
            "srt_x".to_owned(),
            format!("srt_{}", "A".repeat(86)),
            "x".repeat(10_000),
        ];
        for at in [4, 20, 30, 44, 60, 80] {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'B' { b'C' } else { b'B' };
            tokens.push(String::from_utf8(bytes).unwrap());
        }
        for changed in tokens {
            is_refused(&world.exchange(None, &changed).await);
        }
        // None of them has touched the family.
        assert_eq!(world.exchange(None, &token).await.status, 200);
    }
}

#[tokio::test]
async fn an_exchange_that_is_cancelled_anywhere_has_happened_or_not() {
    for world in World::all().await {
        signed_in(&world).await;
        let scope = world.db.scope(&world.acme);
        let (mut before, mut after) = (0, 0);
        for polls in 0..40 {
            let mut tx = world.db.database().write(&scope);
            tx.forget_all().await.unwrap();
            tx.commit().await.unwrap();
            let token = first(&world).await;
            let mut left = polls;
            {
                let mut exchange = pin!(
                    world
                        .identity
                        .refresh_tokens()
                        .exchange(&token, CLIENT, None)
                );
                poll_fn(|context| {
                    if left == 0 {
                        return Poll::Ready(());
                    }
                    left -= 1;
                    exchange.as_mut().poll(context).map(drop)
                })
                .await;
            }
            while world.db.database().state().open_transactions > 0 {
                tokio::task::yield_now().await;
            }
            // There is always exactly one token that can be used: the old one or the new one.
            let mut tx = world.db.database().read(&scope);
            let unused = tx.unused().await.unwrap().0;
            assert_eq!(unused, 1, "cancelled after {polls} polls");
            match tx.tokens().await.unwrap().0 {
                1 => before += 1,
                2 => after += 1,
                rows => panic!("{rows} rows"),
            }
        }
        assert!(before > 0 && after > 0, "{before} before, {after} after");
    }
}
