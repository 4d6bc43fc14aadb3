//! What counts once counts once: rounds of fifty uses at the same moment, on two instances of the service over one
//! database. A few rounds in CI, a thousand under `cargo xtask soak`; `SAAS_ROUNDS` says another number.

use std::{
    collections::HashSet,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use http::Request;
use saas_auth::{Device, Error, Identity, Joining, PasswordConfig};
use saas_core::{Secret, limit::Quota};
use saas_tenancy::Dialect;

use crate::{
    flow::{Browser, redeeming},
    post::Post,
    world::{Answer, CLIENT, Instance, PASSWORD, World, at_once, token_request},
};

const PARALLEL: usize = 50;
const ANN: &str = "ann@acme.test";

/// Two instances of the service.
struct Nodes {
    one: World,
    other: Instance,
}

impl Nodes {
    async fn on(dialect: Dialect) -> Arc<Self> {
        let one = World::with(dialect, |config| {
            let much = Quota::new(1_000_000, Duration::from_micros(1));
            let limits = &mut config.limits;
            for quota in [&mut limits.account, &mut limits.address] {
                *quota = much;
            }
            for quota in [&mut limits.tenant, &mut limits.letter] {
                *quota = much;
            }
            config.link.letters_an_hour = 1_000_000;
            config.password.memory_kib = PasswordConfig::MIN_MEMORY_KIB;
            config.password.queue = 10 * PARALLEL;
        });
        let one = one.await;
        one.person(&one.acme, ANN).await;
        let other = one.another_instance().await;
        Arc::new(Self { one, other })
    }

    /// Every other one goes to the other instance.
    async fn send(&self, number: usize, request: Request<Body>) -> Answer {
        match number % 2 {
            0 => self.one.send(request).await,
            _ => self.other.send(request).await,
        }
    }

    fn identity(&self, number: usize) -> &Identity {
        match number % 2 {
            0 => &self.one.identity,
            _ => &self.other.identity,
        }
    }
}

fn rounds() -> usize {
    let said = std::env::var_os("SAAS_ROUNDS").and_then(|text| text.into_string().ok());
    let said = said.and_then(|text| text.parse().ok());
    match std::env::var_os("SAAS_SOAK") {
        _ if said.is_some() => said.unwrap(),
        Some(_) => 1000,
        None => 3,
    }
}

type Use<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Uses what `make` makes in each round, fifty times at once, and gives the answers to `check`, which tells how
/// many were told to come back.
#[expect(clippy::print_stdout, reason = "a soak prints its figures")]
async fn soak<M, T>(
    what: &str,
    nodes: &Arc<Nodes>,
    make: impl AsyncFn(usize) -> M,
    uses: impl Fn(Arc<Nodes>, M, usize) -> Use<T>,
    check: impl AsyncFn(M, Vec<T>) -> usize,
) where
    M: Clone,
    T: Send + 'static,
{
    let (rounds, started, mut busy) = (rounds(), Instant::now(), 0);
    for round in 0..rounds {
        let made = make(round).await;
        let answers = at_once(PARALLEL, |n| uses(nodes.clone(), made.clone(), n)).await;
        assert_eq!(answers.len(), PARALLEL);
        busy += check(made, answers).await;
    }
    println!(
        "{what} on {:?}: {rounds} rounds of {PARALLEL} on 2 instances, one success in each, {busy} told to come \
         back, {} s",
        nodes.one.db.dialect(),
        started.elapsed().as_secs()
    );
}

#[tokio::test]
async fn g10_oau_02_a_code_counts_once() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let nodes = Nodes::on(dialect).await;
        let world = &nodes.one;
        let browser = Browser::of(world, &world.acme, ANN).await;
        soak(
            "authorization code",
            &nodes,
            async |_| browser.code(&[]).await,
            |nodes, code, n| {
                Box::pin(async move {
                    let request = token_request(Some(&nodes.one.acme), &redeeming(&code, &[]));
                    nodes.send(n, request).await
                })
            },
            async |_, answers| {
                let good = answers.iter().filter(|answer| answer.status == 200);
                assert_eq!(good.count(), 1, "{answers:?}");
                refused_or_busy(&answers)
            },
        )
        .await;
    }
}

#[tokio::test]
async fn g10_oau_24_a_refresh_token_has_one_successor() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let nodes = Nodes::on(dialect).await;
        let world = &nodes.one;
        soak(
            "refresh token",
            &nodes,
            async |_| {
                let signed_in = world.sign_in(&world.acme, ANN, PASSWORD).await;
                signed_in.field("refresh_token")
            },
            |nodes, token, n| {
                Box::pin(async move {
                    let form = [
                        ("grant_type", "refresh_token"),
                        ("client_id", CLIENT),
                        ("refresh_token", &*token),
                    ];
                    nodes.send(n, token_request(None, &form)).await
                })
            },
            async |_, answers| {
                // Whoever asks within the grace is told the same one again.
                let good = answers.iter().filter(|answer| answer.status == 200);
                let next: HashSet<_> = good.map(|answer| answer.field("refresh_token")).collect();
                assert_eq!(next.len(), 1, "{answers:?}");
                for token in next {
                    assert_eq!(world.exchange(None, &token).await.status, 200);
                }
                refused_or_busy(&answers)
            },
        )
        .await;
    }
}

/// Counts those that were told to come back; all others were refused.
fn refused_or_busy(answers: &[Answer]) -> usize {
    let bad = || answers.iter().filter(|answer| answer.status != 200);
    let refused = bad().filter(|answer| answer.status == 400);
    assert!(
        refused
            .clone()
            .all(|answer| answer.field("error") == "invalid_grant")
    );
    let busy = bad().filter(|answer| answer.status == 503).count();
    assert_eq!(refused.count() + busy, bad().count(), "{answers:?}");
    busy
}

#[tokio::test]
async fn g10_pwd_11_a_link_to_set_a_password_counts_once() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let nodes = Nodes::on(dialect).await;
        let (world, post) = (&nodes.one, Post::of(&nodes.one));
        soak(
            "link to set a password",
            &nodes,
            async |_| post.reset_token(world, &world.acme, ANN).await,
            |nodes, token, n| {
                Box::pin(async move {
                    let new = Secret::from(format!("another good password {n}"));
                    let changes = nodes.identity(n).password_changes();
                    let reset = changes.reset(&nodes.one.acme, &token, &new).await;
                    reset.map(drop)
                })
            },
            async |_, results| {
                post.deliver().await;
                one_succeeded(&results)
            },
        )
        .await;
    }
}

#[tokio::test]
async fn g10_pwd_31_an_invitation_counts_once() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let nodes = Nodes::on(dialect).await;
        let (world, post) = (&nodes.one, Post::of(&nodes.one));
        let scope = world.db.scope(&world.acme);
        soak(
            "invitation",
            &nodes,
            async |round| {
                let email = format!("guest-{round}@new.test").parse().unwrap();
                let mut tx = world.db.database().write(&scope);
                let invitations = world.identity.invitations();
                invitations.invite(&mut tx, &email, &[]).await.unwrap();
                tx.commit().await.unwrap();
                post.one().await.token()
            },
            |nodes, token, n| {
                Box::pin(async move {
                    let joining = Joining::Password {
                        name: "Bob",
                        password: &Secret::from(PASSWORD),
                    };
                    let (tenant, device) = (&nodes.one.acme, Device::default());
                    let invitations = nodes.identity(n).invitations();
                    let accepted = invitations.accept(tenant, &token, joining, &device);
                    let (tx, _) = accepted.await?;
                    Ok(tx.commit().await?)
                })
            },
            async |_, results| {
                post.deliver().await;
                one_succeeded(&results)
            },
        )
        .await;
    }
}

fn one_succeeded(results: &[Result<(), Error>]) -> usize {
    let good = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(good, 1, "{results:?}");
    let busy = results
        .iter()
        .filter(|result| matches!(result, Err(Error::Busy)))
        .count();
    let refused = results
        .iter()
        // Of two who make an account with an invitation, one finds that it is there.
        .filter(|result| matches!(result, Err(Error::Link | Error::EmailTaken)))
        .count();
    assert_eq!(good + busy + refused, PARALLEL, "{results:?}");
    busy
}
