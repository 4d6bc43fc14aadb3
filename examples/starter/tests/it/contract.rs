//! What tests and operators rely on: the commands, and a service that refuses to start.

use reqwest::Method;
use saas_tenancy::Dialect;
use saas_testkit::TestRedis;
use serde_json::Value;

use crate::world::{World, send};

fn output(world: &World, arguments: &[&str]) -> (bool, String, String) {
    let output = world.command(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test]
async fn the_routes_can_be_listed() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let (ok, json, _) = output(&world, &["routes", "--json"]);
    assert!(ok);
    let routes: Vec<Value> = serde_json::from_str(&json).unwrap();
    for route in &routes {
        for member in [
            "method",
            "path",
            "auth",
            "permission",
            "tenant_scoped",
            "mutating",
        ] {
            assert!(route.get(member).is_some(), "{member}: {route}");
        }
        let public = route["auth"] == "public";
        assert_eq!(route["tenant_scoped"] == true, !public, "{route}");
    }
    let (ok, text, _) = output(&world, &["routes"]);
    assert!(ok);
    // The whole table, so that each change of it shows in review.
    let expected = include_str!("../routes.txt");
    assert_eq!(text, expected, "tests/routes.txt");
}

#[tokio::test]
async fn seeded_tenants_carry_their_canary_everywhere_and_nobody_elses() {
    for world in World::all().await {
        let (ok, first, error) = output(&world, &["seed", "--tenants", "2"]);
        assert!(ok, "{error}");
        let (_, second, _) = output(&world, &["seed", "--tenants", "2"]);
        assert_eq!(first, second, "seeding again changes something");
        let planted: Vec<Value> = serde_json::from_str(&first).unwrap();
        assert_eq!(planted.len(), 2);
        for (at, tenant) in planted.iter().enumerate() {
            let (mine, other) = (
                tenant["canary"].as_str().unwrap(),
                planted[1 - at]["canary"].as_str().unwrap(),
            );
            let user = &tenant["users"][0];
            let text = |name: &str| user[name].as_str().unwrap();
            let caller = world
                .sign_in(
                    tenant["slug"].as_str().unwrap(),
                    text("email"),
                    text("password"),
                )
                .await;
            for path in [
                "/api/v1/me",
                "/api/v1/projects",
                "/api/v1/files",
                "/api/v1/members",
                "/api/v1/roles",
            ] {
                let answer = caller.get(path).await;
                assert_eq!(answer.status, 200, "{path}");
                assert!(
                    answer.text.contains(mine) && !answer.text.contains(other),
                    "{path}: {}",
                    answer.text
                );
            }
            let file = tenant["files"][0].as_str().unwrap();
            assert!(
                caller
                    .get(&format!("/api/v1/files/{file}"))
                    .await
                    .text
                    .contains(mine)
            );
        }
    }
}

const MASTER: &str = "8f1b6f3f0a4f4c6d9c5b7e2a1d3c5e7f90a1b2c3d4e5f60718293a4b5c6d7e8f";

#[tokio::test]
async fn nothing_is_planted_in_production() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let output = world
        .command(&["seed"])
        .env("ENVIRONMENT", "production")
        .env("SAAS__KEYS__MASTER", MASTER)
        .output()
        .unwrap();
    assert!(!output.status.success());
}

#[tokio::test]
async fn rel_33_cry_13_a_bad_configuration_is_listed_and_shows_no_value() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let refused = |variables: &[(&str, &str)]| {
        let output = world
            .command(&["serve"])
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let error = refused(&[
        ("SAAS__SERVER__PROT", "1"),
        ("SAAS__DATABASE__MAX_CONNECTIONS", "hunter2"),
    ]);
    assert!(
        error.contains("server.prot") && error.contains("database.max_connections"),
        "{error}"
    );
    assert!(!error.contains("hunter2"), "{error}");
    // What no server could do is not taken for the nearest that it can.
    for (variable, value, key) in [
        ("MAX_CONNECTIONS", "0", "max_connections"),
        ("HEADER_LIMIT", "8191", "header_limit"),
    ] {
        let variable = format!("SAAS__SERVER__CONNECTION__{variable}");
        let error = refused(&[(&variable, value)]);
        assert!(
            error.contains(&format!("server.connection.{key}")),
            "{error}"
        );
    }
    let error = refused(&[("ENVIRONMENT", "production")]);
    assert!(error.contains("keys.master"), "{error}");
    let error = refused(&[
        ("ENVIRONMENT", "production"),
        ("SAAS__KEYS__MASTER", MASTER),
    ]);
    assert!(error.contains("auth.token.issuer"), "{error}");
    let production = [
        ("ENVIRONMENT", "production"),
        ("SAAS__KEYS__MASTER", MASTER),
        ("SAAS__AUTH__TOKEN__ISSUER", "https://app.example"),
    ];
    // Also where a server is named, and nothing says that mail goes there.
    for mail in [
        &[][..],
        &[("SAAS__MAIL__TRANSPORT", "folder")],
        &[("SAAS__MAIL__SMTP__HOST", "mail.example")],
    ] {
        let error = refused(&[&production, mail].concat());
        assert!(error.contains("mail.transport"), "{error}");
    }
    let error = refused(&[("SAAS__MAIL__TRANSPORT", "smtp")]);
    assert!(error.contains("mail.smtp.host"), "{error}");
    let error = refused(&[("SAAS__MAIL__TRANSPORT", "pigeon")]);
    assert!(error.contains("mail.transport"), "{error}");
    let error = refused(&[("SAAS__KEYS__MASTER", &"00".repeat(32))]);
    assert!(error.contains("not random"), "{error}");
    // Nothing at all would be none of rest, of room or of time.
    for (variable, key) in [
        ("SAAS__REDIS__PAUSE", "redis.pause"),
        (
            "SAAS__LIMITS__FAIR_SHARE__SLOW_AFTER",
            "limits.fair_share.slow_after",
        ),
        (
            "SAAS__LIMITS__FAIR_SHARE__STREAMING",
            "limits.fair_share.streaming",
        ),
        (
            "SAAS__DATABASE__MAX_CONNECTIONS",
            "database.max_connections",
        ),
        (
            "SAAS__DATABASE__TENANT_CONNECTIONS",
            "database.tenant_connections",
        ),
        (
            "SAAS__DATABASE__ACQUIRE_TIMEOUT",
            "database.acquire_timeout",
        ),
        ("SAAS__EDGE__BODY_LIMIT", "edge.body_limit"),
        ("SAAS__AUTH__SESSION__IDLE", "auth.session.idle"),
    ] {
        let error = refused(&[(variable, "0")]);
        assert!(error.contains(key), "{key}: {error}");
    }
    // What only the routes can tell is told before anything is written.
    let unused = world.folder.path().join("unused.db");
    let url = format!("sqlite://{}", unused.display());
    let error = refused(&[
        ("DATABASE_URL", &url),
        ("SAAS__LIMITS__CLASSES__NONE__BURST", "1"),
        ("SAAS__LIMITS__CLASSES__NONE__PERIOD", "1s"),
    ]);
    assert!(error.contains("limits.classes.none"), "{error}");
    assert!(!unused.exists());
    let error = refused(&[
        ("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/x"),
        ("SAAS__DATABASE__ACQUIRE_TIMEOUT", "1s"),
    ]);
    assert!(!error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn iso_09_10_the_service_does_not_start_as_owner_superuser_or_above_the_policies() {
    let world = World::on(Dialect::Postgres, &[]).await;
    let database = world.database.as_ref().unwrap();
    let (ok, _, error) = output(&world, &["verify"]);
    assert!(ok, "{error}");
    let refused = |url: String| {
        let output = world
            .command(&["serve"])
            .env("DATABASE_URL", url)
            .env_remove("MIGRATE_DATABASE_URL")
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let error = refused(database.owner_url());
    assert!(error.contains("role-owns-table"), "{error}");
    database.as_superuser("DO $$ BEGIN EXECUTE format('ALTER ROLE %I BYPASSRLS', current_database() || '_service'); END $$").await;
    let error = refused(database.service_url());
    assert!(error.contains("role-bypasses-rls"), "{error}");
    let (ok, findings, _) = output(&world, &["verify"]);
    assert!(!ok && findings.contains("role-bypasses-rls"), "{findings}");
    database.as_superuser("DO $$ BEGIN EXECUTE format('ALTER ROLE %I NOBYPASSRLS SUPERUSER', current_database() || '_service'); END $$").await;
    let error = refused(database.service_url());
    assert!(error.contains("role-superuser"), "{error}");
}

#[tokio::test]
async fn permissions_can_be_listed_and_those_that_are_gone_are_reported() {
    for world in World::all().await {
        let (listed, text, _) = output(&world, &["permissions"]);
        assert!(listed && text.contains("projects:delete"), "{text}");
        let owner = world.sign_up("acme").await;
        let role = serde_json::json!({ "name": "reader", "permissions": ["projects:read"] });
        assert_eq!(owner.post("/api/v1/roles", &role).await.status, 201);
        let (clean, text, errors) = output(&world, &["permissions", "--check"]);
        assert!(clean, "{text}{errors}");
        let Some(database) = &world.database else {
            continue;
        };
        // As an older version of the program wrote it.
        database
            .as_superuser("UPDATE saas_policy_rules SET v2 = 'rockets', v3 = 'launch' WHERE v0 = 'role:reader'")
            .await;
        let (clean, text, _) = output(&world, &["permissions", "--check"]);
        assert!(!clean);
        assert_eq!(text.trim(), "acme reader rockets:launch");
        let role = owner.get("/api/v1/roles/reader").await.json();
        assert_eq!(role["unknown"], serde_json::json!(["rockets:launch"]));
    }
}

#[tokio::test]
async fn whoever_opens_an_address_in_a_browser_sees_a_page_of_its_refusal() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    world.sign_up("acme").await;
    for (path, status, code) in [
        ("/t/nobody/login", 404, "tenant-unknown"),
        ("/t/ACME/login", 400, "bad-request"),
        ("/t/acme/oauth/authorize?client_id=x", 400, "bad-request"),
        ("/t/acme/api/v1/me", 401, "unauthenticated"),
    ] {
        let ask = || world.request(reqwest::Method::GET, path);
        let page = send(ask().header("sec-fetch-mode", "navigate")).await;
        assert_eq!(page.status, status, "{page:?}");
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{page:?}"
        );
        let id = page.header("x-request-id").unwrap();
        assert!(
            page.text.contains(code) && page.text.contains(id),
            "{page:?}"
        );
        for mode in ["cors", "same-origin", "no-cors"] {
            let asked = ask().header("sec-fetch-mode", mode);
            send(asked.header("accept", "text/html"))
                .await
                .is_problem(status, code);
        }
        send(ask()).await.is_problem(status, code);
    }
}

/// Reads what lies beside the starter; whoever copies it takes that along.
fn beside(file: &str) -> String {
    let path = format!("{}/../../docs/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn what_is_deployed_sets_keys_that_there_are() {
    for file in ["compose.yaml", "kubernetes.yaml"] {
        let text = beside(&format!("deploy/{file}"));
        let ours = |name: &str| name.starts_with("SAAS__") || name.ends_with("_URL");
        let lines = text.lines().filter_map(|line| line.trim().split_once(": "));
        let variables: Vec<_> = lines.filter(|(name, _)| ours(name)).collect();
        assert!(variables.len() > 9, "{file}: {variables:?}");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_starter"));
        command.arg("config").env_clear();
        for (name, value) in variables {
            command.env(name, value.trim_matches('"'));
        }
        let printed = command.output().unwrap();
        let said = String::from_utf8_lossy(&printed.stderr);
        assert!(printed.status.success(), "{file}: {said}");
    }
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_ask_for_what_is_measured() {
    let redis = TestRedis::shared();
    let redis = [
        ("REDIS_URL", redis.url()),
        ("SAAS__REDIS__PREFIX", redis.prefix()),
    ];
    let world = World::on(Dialect::Sqlite, &redis).await;
    world.sign_up("acme").await;
    let measured = send(world.request(Method::GET, "/metrics")).await.text;
    let mut asked = 0;
    for file in ["alerts.yml", "dashboard.json"] {
        let file = beside(&format!("ops/{file}"));
        let other = |letter: char| !letter.is_ascii_lowercase() && letter != '_';
        for name in file.split(other).filter(|word| word.starts_with("saas_")) {
            let name = name.strip_suffix("_bucket").unwrap_or(name);
            let known = format!("# TYPE {name} ");
            assert!(measured.contains(&known), "{name}");
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
    // However many tenants there are, each metric has few series: they are named by routes and parts, and by no tenant.
    let mut series = std::collections::BTreeMap::<_, usize>::new();
    for line in measured.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        *series.entry(name).or_default() += 1;
    }
    assert!(series.values().all(|number| *number <= 200), "{series:?}");
    // Also when all routes have been asked for, and what is none.
    let routes = include_str!("../routes.txt").lines().count();
    assert!(routes < 200, "{routes}");
}

#[tokio::test]
async fn the_document_is_made_smaller_and_may_be_kept() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    for path in ["/openapi.json", "/docs"] {
        let ask = async |name: &'static str, value: &str| {
            let request = world.request(Method::GET, path);
            send(request.header(name, value)).await
        };
        let first = ask("accept-encoding", "gzip").await;
        assert_eq!(first.status, 200);
        let is_smaller = first.header("content-encoding") == Some("gzip");
        assert_eq!(is_smaller, path == "/openapi.json", "{path}");
        assert_eq!(first.header("cache-control"), Some("public, no-cache"));
        let again = ask("if-none-match", first.header("etag").unwrap()).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    }
}
