//! What is taken away on one instance is gone on the other, of two that share a database and a Redis.

use std::time::{Duration, Instant};

use reqwest::Method;
use saas_tenancy::Dialect;
use saas_testkit::TestRedis;
use serde_json::json;

use crate::{
    measure::percentile,
    roles::member,
    world::{Another, Answer, Caller, PASSWORD, World, send},
};

/// Whoever asks later than this after something was taken away does not have it any more, on any instance.
const BOUND: Duration = Duration::from_secs(1);

const SESSIONS: &str = "/api/v1/me/sessions";

async fn shared(redis: &TestRedis) -> (World, Another) {
    let extra = [
        ("REDIS_URL", redis.url()),
        ("SAAS__REDIS__PREFIX", redis.prefix()),
        ("SAAS__REDIS__TIMEOUT", "2s"),
    ];
    let world = World::on(Dialect::Postgres, &extra).await;
    world.sign_up("acme").await;
    let other = world.another();
    (world, other)
}

/// Asks an instance as somebody, and gives the status.
async fn ask(caller: &Caller<'_>, url: &str, path: &str) -> u16 {
    let request = caller.world.http.get(format!("{url}{path}"));
    send(request.bearer_auth(&caller.token))
        .await
        .status
        .as_u16()
}

/// Waits for that answer, and gives how late the last request was that got another.
async fn late(status: u16, caller: &Caller<'_>, url: &str, path: &str) -> Duration {
    let (begun, mut late) = (Instant::now(), Duration::ZERO);
    loop {
        let asked = begun.elapsed();
        if ask(caller, url, path).await == status {
            return late;
        }
        late = asked;
        assert!(late < BOUND * 10, "{path} is still not {status}");
    }
}

/// The bound is the product's. A machine that lets the other process wait for so long is no reason to move it, but one to let
/// one of many be late.
#[track_caller]
fn holds(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let of_all = took.clone();
    took.pop();
    assert!(percentile(&mut took, 100) <= BOUND, "{what}: {of_all:?}");
    println!("{what}: gone on the other after {of_all:?}");
}

/// Where the session of a caller is.
async fn session(caller: &Caller<'_>) -> String {
    let list = caller.get(SESSIONS).await.json();
    let items = list["items"].as_array().unwrap();
    let current = items.iter().find(|item| item["current"] == true).unwrap();
    format!("{SESSIONS}/{}", current["id"].as_str().unwrap())
}

async fn revoke(caller: &Caller<'_>, token: &str) -> Answer {
    let request = caller.world.request(Method::POST, "/oauth/revoke");
    let request = request.header("x-tenant", "acme");
    send(request.form(&[("client_id", "starter-web"), ("token", token)])).await
}

#[tokio::test]
async fn g13_who_has_signed_out_on_one_instance_has_on_the_other() {
    let redis = TestRedis::shared();
    let (world, other) = shared(&redis).await;
    let me = "/api/v1/me";
    for how in ["session", "all sessions", "refresh token", "access token"] {
        let mut took = Vec::new();
        for _ in 0..3 {
            let caller = world.sign_in("acme", "owner@acme.test", PASSWORD).await;
            assert_eq!(ask(&caller, &other.url, me).await, 200);
            let ended = match how {
                "session" => caller.delete(&session(&caller).await).await,
                "all sessions" => caller.delete(SESSIONS).await,
                "refresh token" => revoke(&caller, &caller.refresh).await,
                _ => revoke(&caller, &caller.token).await,
            };
            assert!(ended.status.is_success(), "{how}: {ended:?}");
            // At once where it was done, and soon on the other.
            assert_eq!(ask(&caller, &world.url, me).await, 401, "{how}");
            took.push(late(401, &caller, &other.url, me).await);
        }
        holds(how, took);
    }
}

#[tokio::test]
async fn rba_18_g13_with_a_redis_a_role_taken_away_on_one_instance_is_gone_on_the_other() {
    let redis = TestRedis::shared();
    let (world, other) = shared(&redis).await;
    let owner = world.sign_in("acme", "owner@acme.test", PASSWORD).await;
    let (user, id) = member(&world, &owner, "user", &["user"]).await;
    let (path, projects) = (format!("/api/v1/members/{id}"), "/api/v1/projects");
    let set = async |roles: &[&str]| {
        let change = owner.patch(&path, None, &json!({ "roles": roles })).await;
        assert_eq!(change.status, 200, "{change:?}");
    };
    let (mut gone, mut given) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        assert_eq!(ask(&user, &other.url, projects).await, 200);
        set(&[]).await;
        assert_eq!(ask(&user, &world.url, projects).await, 403);
        gone.push(late(403, &user, &other.url, projects).await);
        set(&["user"]).await;
        given.push(late(200, &user, &other.url, projects).await);
    }
    holds("a role taken away", gone);
    holds("a role given", given);
}
