//! What tenants set for themselves, and what holds on every instance.

use std::time::{Duration, Instant};

use reqwest::Method;
use saas_tenancy::Dialect;
use saas_testkit::TestRedis;
use serde_json::{Value, json};

use crate::world::{Answer, Caller, PASSWORD, World, password_form, send, signal};

const NETWORKS: &str = "/api/v1/settings/networks";
/// Whoever asks later than this after a change is answered by it, on every instance.
const BOUND: Duration = Duration::from_secs(1);
/// For what has no bound.
const PATIENCE: Duration = Duration::from_secs(20);

async fn put(caller: &Caller<'_>, body: &Value) -> Answer {
    send(caller.request(Method::PUT, NETWORKS).json(body)).await
}

/// A service that believes the test when it says from where it asks.
const BEHIND: (&str, &str) = ("SAAS__TENANCY__RESOLVE__TRUSTED_PROXIES", "127.0.0.1/32");

async fn from(caller: &Caller<'_>, url: &str, address: &str) -> Answer {
    let request = caller.world.http.get(format!("{url}/api/v1/me"));
    let request = request.bearer_auth(&caller.token);
    send(request.header("x-forwarded-for", address)).await
}

#[tokio::test]
async fn a_tenant_lets_in_its_networks_and_nobody_shuts_himself_out() {
    let world = World::on(Dialect::Sqlite, &[BEHIND]).await;
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let settings = acme.get("/api/v1/settings").await;
    let none = json!({ "networks": { "allow": [], "deny": [] } });
    assert_eq!(settings.json(), none);
    for (body, field) in [
        (json!({ "allow": ["192.0.2.0/24"] }), "allow"),
        (json!({ "deny": ["127.0.0.0/8"] }), "allow"),
        (json!({ "allow": ["127.0.0.1", "x"] }), "allow[1]"),
        (json!({ "deny": ["192.0.2.0/33"] }), "deny[0]"),
        (json!({ "deny": vec!["192.0.2.0/24"; 201] }), "deny"),
    ] {
        let answer = put(&acme, &body).await;
        answer.is_problem(422, "validation");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{answer:?}");
    }
    put(&acme, &json!({ "other": [] }))
        .await
        .is_problem(422, "json-type");
    let body = json!({ "allow": ["127.0.0.1", "192.0.2.0/24"], "deny": ["192.0.2.7"] });
    let answer = put(&acme, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let settings = acme.get("/api/v1/settings").await.json();
    let stored = json!(["127.0.0.1/32", "192.0.2.0/24"]);
    assert_eq!(settings["networks"]["allow"], stored);
    for (address, passes) in [
        ("192.0.2.1", true),
        ("192.0.2.7", false),
        ("198.51.100.1", false),
        ("2001:db8::1", false),
    ] {
        let answer = from(&acme, &world.url, address).await;
        match passes {
            true => assert_eq!(answer.status, 200, "{address}"),
            false => answer.is_problem(403, "network-refused"),
        }
        assert_eq!(from(&beta, &world.url, address).await.status, 200);
    }
    // Nor can somebody sign in from elsewhere, and the form of an address is not a way around it.
    let sign_in = world
        .request(Method::POST, "/oauth/token")
        .header("x-tenant", "acme");
    let mut form = password_form("owner@acme.test", PASSWORD);
    form.extend([("grant_type", "password"), ("client_id", "starter-web")]);
    let sign_in = sign_in
        .form(&form)
        .header("x-forwarded-for", "198.51.100.1");
    assert_eq!(send(sign_in).await.status, 403);
    let mapped = from(&acme, &world.url, "::ffff:192.0.2.1").await;
    assert_eq!(mapped.status, 200);
    // Whoever changed it is in the audit log.
    let audit = acme
        .get("/api/v1/audit?filter[action]=setting.changed")
        .await
        .json();
    assert_eq!(audit["items"][0]["object"], "setting:networks");
    assert_eq!(audit["items"][0]["after"]["deny"], json!(["192.0.2.7/32"]));
}

#[tokio::test]
async fn addresses_of_files_are_good_from_the_networks_of_their_tenant_only() {
    let world = World::on(Dialect::Sqlite, &[BEHIND]).await;
    let acme = world.sign_up("acme").await;
    let file = acme
        .request(Method::PUT, "/api/v1/files/a.txt")
        .body("ours");
    assert!(send(file).await.status.is_success());
    let link = json!({ "path": "a.txt", "to": { "kind": "link" }, "max_uses": 1 });
    let link = acme.post("/api/v1/file-grants", &link).await.json();
    let sign = async |method: &str, path: &str| {
        let input = json!({ "path": path, "method": method, "expires_in": 60 });
        let signed = acme.post("/api/v1/files:sign", &input).await.json();
        signed["url"].as_str().unwrap().to_owned()
    };
    let asked = [
        (Method::GET, sign("GET", "a.txt").await, 200),
        (Method::PUT, sign("PUT", "b.txt").await, 204),
        // Refused before it is used up.
        (Method::GET, link["url"].as_str().unwrap().to_owned(), 200),
    ];
    let allow = json!({ "allow": ["127.0.0.1", "192.0.2.0/24"] });
    assert_eq!(put(&acme, &allow).await.status, 200);
    for (method, url, status) in asked {
        let ask = |from: &'static str| {
            let request = world.http.request(method.clone(), &url);
            send(request.header("x-forwarded-for", from).body("mine"))
        };
        ask("198.51.100.1").await.is_problem(403, "network-refused");
        assert_eq!(ask("192.0.2.1").await.status, status, "{url}");
    }
}

/// Where the address names no tenant, what a token says of one is asked about before anything of it is used up.
#[tokio::test]
async fn refresh_tokens_and_userinfo_are_good_from_the_networks_of_their_tenant_only() {
    let world = World::on(Dialect::Sqlite, &[BEHIND]).await;
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let allow = json!({ "allow": ["127.0.0.1", "192.0.2.0/24"] });
    assert_eq!(put(&acme, &allow).await.status, 200);
    let mut form = password_form("owner@acme.test", PASSWORD);
    form.push(("scope", "openid email"));
    let sign_in = world.request(Method::POST, "/oauth/token");
    let tokens = send(sign_in.header("x-tenant", "acme").form(&form)).await;
    let access = tokens.json()["access_token"].as_str().unwrap().to_owned();

    let refresh = |token: &str, from: &str| {
        let request = world.request(Method::POST, "/oauth/token");
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "starter-web"),
            ("refresh_token", token),
        ];
        send(request.header("x-forwarded-for", from).form(&form))
    };
    let userinfo = |from: &str| {
        let request = world.request(Method::GET, "/oauth/userinfo");
        send(request.header("x-forwarded-for", from).bearer_auth(&access))
    };
    let (inside, elsewhere) = ("192.0.2.1", "198.51.100.1");
    let refused = refresh(&acme.refresh, elsewhere).await;
    refused.is_problem(403, "network-refused");
    let refused = userinfo(elsewhere).await;
    refused.is_problem(403, "network-refused");
    // Nor to go on in another tenant, wherever that is used from.
    let exchange = |from: &str| {
        let request = world.request(Method::POST, "/oauth/token");
        let form = [
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            ("client_id", "starter-web"),
            ("subject_token", &acme.refresh),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:refresh_token",
            ),
        ];
        let request = request.header("x-tenant", "beta");
        send(request.header("x-forwarded-for", from).form(&form))
    };
    let refused = exchange(elsewhere).await;
    refused.is_problem(403, "network-refused");
    // They are no member there.
    assert_eq!(exchange(inside).await.json()["error"], "invalid_grant");
    assert_eq!(refresh(&acme.refresh, inside).await.status, 200);
    let told = userinfo(inside).await.json();
    assert_eq!(told["email"], "owner@acme.test");
    // A tenant that has named none is used from everywhere.
    assert_eq!(refresh(&beta.refresh, elsewhere).await.status, 200);
}

#[tokio::test]
async fn what_is_set_on_one_instance_holds_on_the_other_within_the_bound() {
    let redis = TestRedis::shared();
    let extra = [
        BEHIND,
        ("REDIS_URL", redis.url()),
        ("SAAS__REDIS__PREFIX", redis.prefix()),
        ("SAAS__REDIS__TIMEOUT", "2s"),
    ];
    let world = World::on(Dialect::Postgres, &extra).await;
    let acme = world.sign_up("acme").await;
    let other = world.another();
    let elsewhere = "198.51.100.1";
    // The bound is the product's. A machine that lets the other process wait for so long is no reason to move it, but one to
    // look again.
    let mut late = Vec::new();
    for _ in 0..5 {
        for (deny, status) in [(json!([elsewhere]), 403), (json!([]), 200)] {
            let answer = put(&acme, &json!({ "deny": deny })).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let set = Instant::now();
            // At once where it was set, and soon on the other.
            assert_eq!(from(&acme, &world.url, elsewhere).await.status, status);
            loop {
                let asked = set.elapsed();
                if from(&acme, &other.url, elsewhere).await.status == status {
                    break;
                }
                if asked > BOUND {
                    late.push((status, asked));
                    assert!(late.len() < 2 && asked < BOUND * 10, "{late:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_tenant_may_send_as_much_as_an_operator_says() {
    let quota = [
        ("SAAS__LIMITS__PRINCIPAL__BURST", "5"),
        ("SAAS__LIMITS__PRINCIPAL__PERIOD", "1h"),
    ];
    let world = World::on(Dialect::Postgres, &quota).await;
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let output = world.command(&["weigh", "acme", "3"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let set = Instant::now();
    let policy = loop {
        let asked = set.elapsed();
        let answer = acme.get("/api/v1/me").await;
        let policy = answer.header("ratelimit-policy").unwrap().to_owned();
        if policy.contains("q=15") {
            break policy;
        }
        assert!(asked < BOUND, "{asked:?}: {policy}");
    };
    assert!(policy.contains("\"principal\";q=15"), "{policy}");
    let answer = beta.get("/api/v1/me").await;
    let policy = answer.headers.get_all("ratelimit-policy").iter();
    let policy: Vec<_> = policy.map(|value| value.to_str().unwrap()).collect();
    assert!(
        policy.join(" ").contains("\"principal\";q=5;"),
        "{policy:?}"
    );
    for arguments in [["weigh", "acme", "0"], ["weigh", "nobody", "2"]] {
        let output = world.command(&arguments).output().unwrap();
        assert!(!output.status.success(), "{output:?}");
    }
}

#[tokio::test]
async fn the_configuration_is_printed_without_secrets_and_the_command_line_wins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "hush hush\n").unwrap();
    let world = World::on(
        Dialect::Sqlite,
        &[
            ("SAAS__METRICS__TOKEN_FILE", file.to_str().unwrap()),
            ("SAAS__EDGE__BODY_LIMIT", "1000"),
        ],
    )
    .await;
    let set = [
        "config",
        "--set",
        "edge.body_limit=2000",
        "--set",
        "metrics.token=hush",
    ];
    let output = world.command(&set).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("body_limit = 2000"), "{text}");
    assert!(
        text.contains("token = \"***\"") && !text.contains("hush"),
        "{text}"
    );
    // It is a configuration itself, but for the secrets.
    for (set, wrong, allowed) in [
        ("log.format=xml", "log.format", "`pretty` or `json`"),
        ("edge.bodylimit=1", "edge.bodylimit", "`body_limit`"),
        ("server.notice=soon", "server.notice", "`15m`"),
    ] {
        let output = world.command(&["config", "--set", set]).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        for part in [wrong, "the command line", allowed] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    // The busiest tenants are named to who has the token, and to nobody else.
    let acme = world.sign_up("acme").await;
    let id = acme.get("/api/v1/me").await.json()["tenant"]["id"].clone();
    let metrics = async |token: Option<&str>| {
        let mut request = world.request(Method::GET, "/metrics");
        if let Some(token) = token {
            request = request.header("x-metrics-token", token);
        }
        send(request).await.text
    };
    let named = format!("saas_tenant_requests{{tenant={id}}}");
    assert!(metrics(Some("hush hush")).await.contains(&named), "{named}");
    for token in [None, Some("hush"), Some("")] {
        assert!(!metrics(token).await.contains("saas_tenant_requests"));
    }
}

/// Waits for a line of the log that was not among the first so many.
pub(crate) async fn line(world: &World, seen: usize, is: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        if let Some(line) = world.logged().into_iter().skip(seen).find(&is) {
            return line;
        }
        assert!(begun.elapsed() < PATIENCE, "{:?}", world.logged());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_filter_of_the_log_changes_without_a_restart() {
    // The environment wins over the file, so the filter is not in it.
    let world = World::on(Dialect::Sqlite, &[("RUST_LOG", "")]).await;
    let acme = world.sign_up("acme").await;
    let file = world.folder.path().join("starter.toml");
    let read_again = async |text: &str, message: &str| {
        std::fs::write(&file, text).unwrap();
        let seen = world.logged().len();
        signal(world.process_id(), "HUP");
        line(&world, seen, |line| line["message"] == message).await
    };
    let is_debug = |line: &Value| line["level"] == "DEBUG";
    // What is wrong changes nothing, and says where.
    let wrong = "[log]\nfilter = \"debug\"\n[edge]\nbody_limit = \"x\"";
    let unusable = "the configuration was read again and cannot be used";
    let told = read_again(wrong, unusable).await;
    assert_eq!(told["level"], "ERROR", "{told}");
    let error = told["error"].as_str().unwrap();
    assert!(error.contains("edge.body_limit"), "{error}");
    acme.project("before").await;

    // What needs a restart waits for one, and is named.
    let right = "[log]\nfilter = \"debug\"\n[edge]\nbody_limit = 7";
    let usable = "the configuration was read again";
    let seen = world.logged().len();
    assert!(!world.logged().iter().any(is_debug));
    let told = read_again(right, usable).await;
    assert_eq!(told["filter"], "debug", "{told}");
    assert_eq!(told["needs_restart"], r#"["edge"]"#, "{told}");
    acme.project("a body of more than seven bytes").await;
    line(&world, seen, is_debug).await;

    // And back, without a restart either.
    let told = read_again("[log]\nfilter = \"info\"", usable).await;
    assert_eq!(told["filter"], "info", "{told}");
    assert_eq!(told["needs_restart"], "[]", "{told}");
    let seen = world.logged().len();
    acme.project("after").await;
    world.terminate();
    line(&world, seen, |line| line["message"] == "stopped").await;
    let debug = world.logged().into_iter().skip(seen).find(is_debug);
    assert_eq!(debug, None);
}
