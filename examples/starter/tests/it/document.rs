//! The OpenAPI document holds: a program that others wrote (Schemathesis) asks whatever it allows, and looks at each answer.

use std::process::Command;

use saas_tenancy::Dialect;

use crate::{
    clients::{completes, given},
    measure::tier,
    world::{Caller, World, send},
};

/// What ends the session that it asks with, or the account.
const ENDS: [&str; 8] = [
    "^/api/v1/me$",
    "deactivate",
    "me/sessions",
    "me/password",
    "me/email",
    "mfa-rules",
    "/revoke",
    "/logout",
];

/// It cannot write bodies of their media type. The tests of uploads do.
const PARTS: &str = "^/api/v1/uploads/[{]id[}]$";

/// What is wrong for whoever goes by the document, and not what it could say besides.
const CHECKS: [&str; 5] = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
];

#[tokio::test]
async fn htp_23_every_answer_is_one_that_the_document_has() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let (owner, other) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let left_out = format!("{}|{PARTS}", ENDS.join("|"));
    let asked = asks(&owner, &["--exclude-path-regex", &left_out], tier(10, 1000));
    assert!(asked >= tier(1_000, 50_000), "{asked}");
    // It was somebody all along. The connection of the sign-up was closed meanwhile.
    let me = format!("{}/api/v1/me", world.url);
    let me = reqwest::Client::new().get(me).bearer_auth(&owner.token);
    assert_eq!(send(me).await.status, 200);
    // With one that may end.
    asks(
        &other,
        &["--include-path-regex", &ENDS.join("|")],
        tier(5, 800),
    );
}

/// Asks so often for each operation, and gives how many requests that were.
fn asks(caller: &Caller<'_>, paths: &[&str], often: u64) -> u64 {
    // It leaves behind what it found.
    let folder = tempfile::tempdir().unwrap();
    let mut asks = Command::new(given("TEST_PYTHON"));
    asks.current_dir(folder.path())
        .args(["-B", "-m", "schemathesis.cli", "run"])
        .arg(format!("{}/openapi.json", caller.world.url))
        .args([
            "--header",
            &format!("Authorization: Bearer {}", caller.token),
        ])
        .args([
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            &often.to_string(),
        ])
        .args(paths)
        .args(["--checks", &CHECKS.join(",")])
        // The same requests in each run: what chance finds is for people to look for.
        .arg("--generation-deterministic")
        // How fast it makes them up on a busy machine is not what this is about.
        .args(["--suppress-health-check", "all"])
        .args([
            "--request-timeout",
            "60",
            "--continue-on-failure",
            "--no-color",
        ]);
    let said = completes(&mut asks);
    let counted = said.lines().find(|line| line.contains(" generated, "));
    let counted = counted.unwrap_or_default();
    println!("{counted}");
    let number = counted.split_whitespace().next().unwrap_or_default();
    number.replace(',', "").parse().unwrap()
}
