//! The OpenAPI document holds: a program that others wrote (Schemathesis) asks whatever it allows, and looks at each answer.

use std::process::Command;

use saas_tenancy::Dialect;

use crate::{
    clients::{completes, given},
    measure::tier,
    world::{World, send},
};

/// What would end the session that it asks with, or the account.
const LEFT_OUT: [&str; 9] = [
    "^/api/v1/me$",
    "deactivate",
    "me/sessions",
    "me/password",
    "me/email",
    "mfa-rules",
    "/revoke",
    "/logout",
    "^/api/v1/uploads/[{]id[}]$",
];

/// What is wrong for whoever goes by the document, and not what it could say besides.
const CHECKS: [&str; 5] = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
];

/// Uploads that go on are left out too: it cannot write bodies of their media type. The tests of uploads do.
#[tokio::test]
async fn htp_23_every_answer_is_one_that_the_document_has() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let owner = world.sign_up("acme").await;
    // It leaves behind what it found.
    let folder = tempfile::tempdir().unwrap();
    let mut asks = Command::new(given("TEST_PYTHON"));
    asks.current_dir(folder.path())
        .args(["-B", "-m", "schemathesis.cli", "run"])
        .arg(format!("{}/openapi.json", world.url))
        .args([
            "--header",
            &format!("Authorization: Bearer {}", owner.token),
        ])
        .args([
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            &tier(10, 800).to_string(),
        ])
        .args(["--exclude-path-regex", &LEFT_OUT.join("|")])
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
    println!("{}", counted.unwrap_or_default());
    // It was somebody all along. The connection of the sign-up was closed meanwhile.
    let me = format!("{}/api/v1/me", world.url);
    let me = reqwest::Client::new().get(me).bearer_auth(&owner.token);
    assert_eq!(send(me).await.status, 200);
}
